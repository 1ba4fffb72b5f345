import Foundation
import TurnoutHub
import TurnoutTraining

/// Shows how far tuning has come: one line that is redrawn on a terminal, a line a minute elsewhere.
///
/// It writes to standard error, so that results can be piped.
final class TuningLine {
    private let terminal = isatty(STDERR_FILENO) == 1
    private let clock = ContinuousClock()
    private var measure = ""
    private var started: (at: ContinuousClock.Instant, step: Int)?
    private var drawn: ContinuousClock.Instant?

    /// Shows an event.
    ///
    /// - Parameters:
    ///   - event: What happened.
    ///   - part: Which of several trainings it belongs to; `nil` where there is one.
    func report(_ event: TuningEvent, of part: String? = nil) {
        switch event {
        case .planned(let plan):
            (measure, started, drawn) = (plan.measure ?? "", nil, nil)
            announce(plan, of: part)
        case .step(let progress): report(progress)
        }
    }

    private func announce(_ plan: TuningPlan, of part: String?) {
        let held = plan.validation + plan.test
        let parts = [
            "\(plan.training) texts" + (held > 0 ? " (and \(held) held out)" : ""),
            plan.pairs > 0 ? "\(plan.pairs) pairs" : nil, "\(plan.steps) steps",
        ]
        let work = parts.compactMap { $0 }.joined(separator: ", ")
        write("\(part.map { "\($0): " } ?? "")\(work); up to \(ByteCount.text(Int64(plan.bytes))) of memory\n")
    }

    private func report(_ progress: FineTuningProgress) {
        let now = clock.now
        let begin = started ?? (now, progress.step)
        started = begin
        let wait: Duration = terminal ? .milliseconds(100) : .seconds(60)
        if let drawn, now - drawn < wait, progress.step < progress.steps { return }
        drawn = now
        let text = text(progress, begin: begin.step, elapsed: now - begin.at)
        write(terminal ? "\r\u{1B}[K\(text)" : "\(text)\n")
    }

    /// Clears the line.
    func finish() {
        if terminal { write("\r\u{1B}[K") }
    }

    private func text(_ progress: FineTuningProgress, begin: Int, elapsed: Duration) -> String {
        var parts = [
            "step \(progress.step) of \(progress.steps)", String(format: "loss %.4f", progress.loss),
            "epoch \(progress.epoch)",
        ]
        if let score = progress.score { parts.append(measure + String(format: " %.3f", score)) }
        let done = progress.step - begin
        if done > 0, progress.step < progress.steps {
            let left = elapsed / .seconds(1) * Double(progress.steps - progress.step) / Double(done)
            parts.append(String(format: "%.0f s left", left))
        }
        return parts.joined(separator: ", ")
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
