import Foundation
package import NIOCore

/// The likeliest tokens at each position of an answer, as OpenAI's chat protocol reports them under `logprobs`.
package struct TokenLogProbabilities: Sendable, Equatable {
    /// A token that could have stood at a position.
    package struct Token: Sendable, Equatable, Decodable {
        /// The token as text.
        package let token: String
        /// Natural logarithm of its probability.
        package let logprob: Double
    }

    /// The first choice's positions in order, the likeliest tokens of each.
    package let positions: [[Token]]

    /// Reads a whole answer.
    ///
    /// - Throws: ``UpstreamFailure`` when it is not JSON or has no log-probabilities; the message says what is missing.
    package init(answer: ByteBuffer) throws {
        guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(answer.readableBytesView)) else {
            throw UpstreamFailure(.connectionLost, "its answer is no chat completion")
        }
        guard let content = reply.choices.first?.logprobs?.content, !content.isEmpty else {
            throw UpstreamFailure(
                .connectionLost, "its answer has no log-probabilities; use a model and a server that give 'logprobs'")
        }
        positions = content.map { position in
            position.top_logprobs.contains { $0.token == position.token }
                ? position.top_logprobs
                : position.top_logprobs + [Token(token: position.token, logprob: position.logprob)]
        }
    }

    private struct Reply: Decodable {
        struct Choice: Decodable {
            let logprobs: LogProbs?
        }
        struct LogProbs: Decodable {
            let content: [Position]?
        }
        struct Position: Decodable {
            let token: String
            let logprob: Double
            let top_logprobs: [Token]
        }
        let choices: [Choice]
    }
}
