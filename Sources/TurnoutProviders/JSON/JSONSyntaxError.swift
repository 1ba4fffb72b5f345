/// Where a text stops being JSON, and what was expected there.
package struct JSONSyntaxError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Bytes before the offending one.
    package let offset: Int
    /// What could have stood there.
    package let expected: String

    /// One sentence without any part of the text.
    package var description: String { "malformed JSON at byte \(offset): expected \(expected)" }
}
