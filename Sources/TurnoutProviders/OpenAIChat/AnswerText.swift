import Foundation
package import NIOCore

/// The text of a whole answer, for whoever judges it.
package enum AnswerText {
    /// The text of the only choice; `nil` where there are several, or it has none.
    package static func read(_ answer: ByteBuffer) -> String? {
        guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(answer.readableBytesView)),
            reply.choices.count == 1
        else { return nil }
        return reply.choices[0].message.content
    }

    private struct Reply: Decodable {
        struct Choice: Decodable {
            let message: Message
        }
        struct Message: Decodable {
            let content: String?
        }
        let choices: [Choice]
    }
}
