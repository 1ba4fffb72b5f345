import NIOCore
import TurnoutCore
import TurnoutGateway
import TurnoutProviders
import TurnoutRouting

/// One line of standard input: a bare prompt, or a JSON object with `prompt` or `messages`.
enum PromptLine {
    /// The text to be routed: the same that the gateway would take from such a body.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData` for a line that opens like JSON and is no request.
    static func text(of line: String, number: Int) throws -> String {
        try request(of: line, number: number)?.ask() ?? line
    }

    /// The request to be decided, with all that it needs: the same that the gateway would decide on.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData` for a line that opens like JSON and is no request.
    static func query(of line: String, number: Int) throws -> Query {
        try request(of: line, number: number)?.query() ?? Query(line)
    }

    private static func request(of line: String, number: Int) throws -> ChatRequest? {
        guard line.first(where: { !$0.isWhitespace }) == "{" else { return nil }
        do {
            return try ChatRequest(scanning: ByteBuffer(string: line))
        } catch {
            throw TurnoutError(.invalidData, "standard input, line \(number): \(error.message)", cause: error)
        }
    }
}
