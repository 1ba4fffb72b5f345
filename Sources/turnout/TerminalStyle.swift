import Foundation

/// Whether colours are wanted: only on a terminal, and never with `NO_COLOR`.
struct TerminalStyle {
    let enabled: Bool

    static var standardOutput: TerminalStyle {
        let refused = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return TerminalStyle(enabled: isatty(STDOUT_FILENO) == 1 && !refused)
    }

    func bold(_ text: String) -> String { enabled ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    func dim(_ text: String) -> String { enabled ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
}
