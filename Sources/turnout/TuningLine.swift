import Foundation
import TurnoutHub
import TurnoutTraining

/// Shows how far tuning has come: one line that is redrawn on a terminal, a line a minute elsewhere.
///
/// It writes to standard error, so that results can be piped.
final class TuningLine {
    private let terminal = isatty(STDERR_FILENO) == 1
    private let clock = ContinuousClock()
    private var started: (at: ContinuousClock.Instant, step: Int)?
    private var drawn: ContinuousClock.Instant?

    func report(_ event: SetFitTraining.Event) {
        switch event {
        case .planned(let plan):
            announce(
                texts: plan.training, heldOut: plan.validation + plan.test, "\(plan.pairs) pairs, \(plan.steps) steps",
                bytes: plan.bytes)
        case .step(let progress): report(progress)
        }
    }

    func report(_ event: ClassifierTraining.Event) {
        switch event {
        case .planned(let plan):
            announce(texts: plan.training, heldOut: plan.heldOut, "\(plan.steps) steps", bytes: plan.bytes)
        case .step(let progress): report(progress)
        }
    }

    private func announce(texts: Int, heldOut: Int, _ work: String, bytes: Int) {
        let held = heldOut > 0 ? " (and \(heldOut) held out)" : ""
        write("\(texts) texts\(held), \(work); up to \(ByteCount.text(Int64(bytes))) of memory\n")
    }

    private func report(_ progress: FineTuningProgress) {
        let now = clock.now
        let begin = started ?? (now, progress.step)
        started = begin
        let wait: Duration = terminal ? .milliseconds(100) : .seconds(60)
        if let drawn, now - drawn < wait, progress.step < progress.steps { return }
        drawn = now
        let text = Self.text(progress, begin: begin.step, elapsed: now - begin.at)
        write(terminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
    }

    /// Clears the line.
    func finish() {
        if terminal { write("\r\u{1B}[K") }
    }

    private static func text(_ progress: FineTuningProgress, begin: Int, elapsed: Duration) -> String {
        var parts = [
            "step \(progress.step) of \(progress.steps)", String(format: "loss %.4f", progress.loss),
            "epoch \(progress.epoch)",
        ]
        if let score = progress.score { parts.append(String(format: "accuracy %.3f", score)) }
        let done = progress.step - begin
        if done > 0, progress.step < progress.steps {
            let left = elapsed / .seconds(1) * Double(progress.steps - progress.step) / Double(done)
            parts.append(String(format: "%.0f s left", left))
        }
        return parts.joined(separator: ", ")
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
