/// A key or token that can be used but not shown: whatever prints it prints `[redacted]`.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    /// Wraps a key as it stands.
    package init(_ value: String) { self.value = value }

    /// Hands the key to the one place that sends it.
    package func reveal() -> String { value }

    /// Never the key.
    package var description: String { "[redacted]" }
    /// Never the key.
    package var debugDescription: String { "[redacted]" }
    /// Without children, so that `dump` shows nothing either.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
