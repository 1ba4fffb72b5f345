import NIOCore
import TurnoutCore
import TurnoutProviders
package import TurnoutRouting

/// Asks a language model behind an endpoint whether the weak model will do.
///
/// One request a text, for a few tokens with their log-probabilities. It never throws but for a client that has gone:
/// a classifier that fails or is late costs quality and money, not the answer.
package struct CausalLLMClassifier: Sendable {
    /// What it says of a text, and why where it says nothing.
    package struct Reading: Sendable, Equatable {
        /// What it says.
        package let answer: CausalLLMRouter.Answer
        /// Why it says nothing, without any part of the text; `nil` when it says something.
        package let problem: String?
    }

    /// How it is asked.
    package struct Options: Sendable, Equatable {
        /// What it is told.
        package var prompt = ScorePrompt()
        /// How its log-probabilities are read.
        package var labels = ScoreLabels()
        /// Tokens that it may write; the label must be among them.
        package var tokens = 4
        /// How many of the likeliest tokens are asked for; OpenAI's limit is 20.
        package var topTokens = 20
        /// How long a decision waits for it.
        package var timeout: Duration = .seconds(2)

        /// The defaults.
        package init() {}
    }

    /// The model that is asked.
    package let upstream: Upstream
    /// How it is asked.
    package let options: Options
    private let clock: any Clock<Duration>

    /// Describes a classifier.
    package init(upstream: Upstream, options: Options = Options(), clock: any Clock<Duration> = ContinuousClock()) {
        self.upstream = upstream
        self.options = options
        self.clock = clock
    }

    /// Asks about one text.
    ///
    /// - Throws: `CancellationError` when the task was cancelled.
    package func read(_ text: String) async throws -> Reading {
        let request = UpstreamRequest(endpoint: "chat/completions", body: body(for: text), streams: false)
        let (limit, clock, transport) = (options.timeout, clock, upstream.transport)
        do {
            let reply = try await withThrowingTaskGroup(of: TokenLogProbabilities?.self) { group in
                group.addTask { try await Self.ask(transport, request) }
                group.addTask {
                    try await clock.sleep(for: limit)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
            guard let reply else { return nothing("it took longer than \(limit)") }
            let positions = reply.positions.map { $0.map { ScoreLabels.Token($0.token, $0.logprob) } }
            guard let chance = options.labels.weakSuffices(positions) else { return nothing("it gave no score") }
            return Reading(answer: .weakSuffices(chance), problem: nil)
        } catch {
            try Task.checkCancellation()
            return nothing((error as? UpstreamFailure)?.message ?? "it failed")
        }
    }

    private func nothing(_ problem: String) -> Reading {
        Reading(answer: .nothing, problem: "the classifier \(upstream.model) decided nothing: \(problem)")
    }

    private static func ask(
        _ transport: any UpstreamTransport, _ request: UpstreamRequest
    ) async throws -> TokenLogProbabilities {
        let response = try await transport.send(request)
        guard 200..<300 ~= response.status else {
            throw UpstreamFailure(.connectionLost, "status \(response.status)")
        }
        var answer = ByteBuffer()
        while let chunk = try await response.body.next() {
            answer.writeImmutableBuffer(chunk)
            guard answer.readableBytes <= longestAnswer else {
                throw UpstreamFailure(.connectionLost, "its answer is too long for a few tokens")
            }
        }
        return try TokenLogProbabilities(answer: answer)
    }

    /// Bytes of an answer of a few tokens, twenty alternatives each, with room to spare.
    private static let longestAnswer = 1 << 20

    private func body(for text: String) -> ByteBuffer {
        ByteBuffer(
            string: """
                {"model":\(JSONText.quoted(upstream.id)),"messages":[{"role":"system","content":\
                \(JSONText.quoted(options.prompt.instruction))},{"role":"user","content":\
                \(JSONText.quoted(options.prompt.userMessage(for: text)))}],"max_tokens":\(options.tokens),\
                "temperature":0,"logprobs":true,"top_logprobs":\(options.topTokens)}
                """)
    }
}

extension ModelDirectory.Route {
    /// Decides on a text, with what the classifier says of it where the route has one.
    ///
    /// - Throws: `CancellationError` when the task was cancelled.
    package func decide(_ text: String) async throws -> Decision {
        guard let classifier else { return decider.decide(text) }
        return try await classifier.decide(text, by: decider)
    }
}

extension CausalLLMClassifier {
    /// Asks about a text and decides on it.
    ///
    /// - Throws: `CancellationError` when the task was cancelled.
    package func decide(_ text: String, by decider: Decider) async throws -> Decision {
        let reading = try await read(text)
        let router = CausalLLMRouter(classifier: upstream.model.name)
        let assessment = router.assessment(of: reading.answer, candidates: decider.candidates.map(\.model))
        return decider.decide(assessment, remark: reading.problem)
    }
}
