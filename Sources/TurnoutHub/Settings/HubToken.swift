/// An access token that can be sent but not shown: whatever prints it prints `[redacted]`.
package struct HubToken: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// Wraps a token as it stands in the environment or in a file.
    ///
    /// Line breaks and surrounding blanks go, as in Python; what is left must be printable ASCII, since it becomes a
    /// header. Otherwise, and when nothing is left, there is no token.
    package init?(_ text: String) {
        var value = text
        value.removeAll { $0.isNewline }
        while value.first?.isWhitespace == true { value.removeFirst() }
        while value.last?.isWhitespace == true { value.removeLast() }
        guard !value.isEmpty, value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        self.value = value
    }

    /// Hands the token to the one place that sends it.
    func reveal() -> String { value }

    /// Never the token.
    package var description: String { "[redacted]" }
    /// Never the token.
    package var debugDescription: String { "[redacted]" }
    /// Without children, so that `dump` shows nothing either.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
