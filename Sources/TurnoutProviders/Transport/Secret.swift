/// A key that can be used but not shown: whatever prints it prints `[redacted]`.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// Wraps a key.
    package init(_ value: String) { self.value = value }

    /// Why a text cannot be a key, as the end of a sentence without any part of it; `nil` when it can.
    package static func problem(with text: String) -> String? {
        if text.isEmpty { return "is empty; give the key, or leave it out where the provider wants none" }
        if text.contains("${") { return "holds a '${…}' that is not the name of a variable; write ${NAME}" }
        guard text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            return "holds a line break or another character that is not printable ASCII; remove it"
        }
        return nil
    }

    /// Hands the key to the one place that sends it.
    package func reveal() -> String { value }

    /// Never the key.
    package var description: String { "[redacted]" }
    /// Never the key.
    package var debugDescription: String { "[redacted]" }
    /// Without children, so that `dump` shows nothing either.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
