import Foundation
import Synchronization
import TurnoutTraining

/// Shows how far long work has come: one line that is redrawn on a terminal, a line for each stage elsewhere.
///
/// It writes to standard error, so that results can be piped.
final class ProgressLine: Sendable {
    private struct State {
        var stage: TrainingProgress.Stage?
        var drawn: ContinuousClock.Instant?
        var started: ContinuousClock.Instant
    }

    private let state: Mutex<State>
    private let terminal = isatty(STDERR_FILENO) == 1
    private let clock = ContinuousClock()

    init() { state = Mutex(State(started: ContinuousClock.now)) }

    /// Takes a report from any thread.
    func report(_ progress: TrainingProgress) {
        let line: String? = state.withLock { state in
            let now = clock.now
            if state.stage != progress.stage {
                state.stage = progress.stage
                state.started = now
                state.drawn = nil
            }
            guard terminal else {
                defer { state.drawn = now }
                return state.drawn == nil ? "\(progress.stage.rawValue) …\n" : nil
            }
            let isLast = progress.total > 0 && progress.completed >= progress.total
            if !isLast, let drawn = state.drawn, now - drawn < .milliseconds(100) { return nil }
            state.drawn = now
            return "\r\u{1B}[K" + Self.bar(progress, elapsed: now - state.started)
        }
        if let line { FileHandle.standardError.write(Data(line.utf8)) }
    }

    /// Clears the line.
    func finish() {
        if terminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }

    private static func bar(_ progress: TrainingProgress, elapsed: Duration) -> String {
        guard progress.total > 0 else { return "\(progress.stage.rawValue) …" }
        let share = min(1, Double(progress.completed) / Double(progress.total))
        let filled = Int(share * 24)
        let drawn = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        let left = share > 0.05 ? elapsed * ((1 - share) / share) : nil
        let rest = left.map { String(format: ", %.0f s left", $0 / .seconds(1)) } ?? ""
        return "\(progress.stage.rawValue) \(drawn) \(progress.completed) of \(progress.total)\(rest)"
    }
}
