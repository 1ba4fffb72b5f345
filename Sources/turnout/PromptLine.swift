import NIOCore
import TurnoutCore
import TurnoutProviders

/// One line of standard input: a bare prompt, or a JSON object with `prompt` or `messages`.
enum PromptLine {
    /// The text to be routed: the same that the gateway would take from such a body.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData` for a line that opens like JSON and is no request.
    static func text(of line: String, number: Int) throws -> String {
        guard line.first(where: { !$0.isWhitespace }) == "{" else { return line }
        do {
            return try ChatRequest(scanning: ByteBuffer(string: line)).promptText()
        } catch {
            throw TurnoutError(.invalidData, "standard input, line \(number): \(error.message)", cause: error)
        }
    }
}
