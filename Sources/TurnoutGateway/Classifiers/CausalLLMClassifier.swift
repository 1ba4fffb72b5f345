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
        let grade = try await grade(options.prompt.userMessage(for: text))
        switch grade.score {
        case .success(let chance): return Reading(answer: .weakSuffices(chance), problem: nil)
        case .failure(let failure):
            return Reading(
                answer: .nothing, problem: "the classifier \(upstream.model) decided nothing: \(failure.message)")
        }
    }

    /// What the model says to one message.
    struct Grade: Sendable {
        /// The share of good grades, 0 to 1, or why there is none.
        var score: Result<Double, UpstreamFailure>
        /// Tokens spent, where the answer says so.
        var usage: TokenUsage?
    }

    /// Asks for the grade of whatever a message shows.
    ///
    /// - Throws: `CancellationError` when the task was cancelled.
    func grade(_ message: String) async throws -> Grade {
        let request = UpstreamRequest(endpoint: "chat/completions", body: body(for: message), streams: false)
        let (limit, clock, transport) = (options.timeout, clock, upstream.transport)
        do {
            let reply = try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
                group.addTask { try await Self.ask(transport, request) }
                group.addTask {
                    try await clock.sleep(for: limit)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
            guard let reply else {
                return Grade(score: .failure(UpstreamFailure(.timeout, "it took longer than \(limit)")))
            }
            let usage = reply.withUnsafeReadableBytes { try? ChatChunk($0) }?.usage
            return Grade(score: score(in: reply), usage: usage)
        } catch {
            try Task.checkCancellation()
            return Grade(
                score: .failure(error as? UpstreamFailure ?? UpstreamFailure(.connectionLost, "it failed")))
        }
    }

    private func score(in reply: ByteBuffer) -> Result<Double, UpstreamFailure> {
        let problem = UpstreamFailure(.connectionLost, "it gave no score")
        do {
            let positions = try TokenLogProbabilities(answer: reply).positions
                .map { $0.map { ScoreLabels.Token($0.token, $0.logprob) } }
            return options.labels.weakSuffices(positions).map { .success($0) } ?? .failure(problem)
        } catch {
            return .failure(error as? UpstreamFailure ?? problem)
        }
    }

    private static func ask(
        _ transport: any UpstreamTransport, _ request: UpstreamRequest
    ) async throws -> ByteBuffer {
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
        return answer
    }

    /// Bytes of an answer of a few tokens, twenty alternatives each, with room to spare.
    private static let longestAnswer = 1 << 20

    private func body(for message: String) -> ByteBuffer {
        ByteBuffer(
            string: """
                {"model":\(JSONText.quoted(upstream.id)),"messages":[{"role":"system","content":\
                \(JSONText.quoted(options.prompt.instruction))},{"role":"user","content":\
                \(JSONText.quoted(message))}],"max_tokens":\(options.tokens),\
                "temperature":0,"logprobs":true,"top_logprobs":\(options.topTokens)}
                """)
    }
}

extension ModelDirectory.Route {
    /// Decides on a query, with what the classifier says of it where the route has one.
    ///
    /// - Throws: `CancellationError` when the task was cancelled, and ``Refusal`` when no candidate may answer.
    package func decide(_ query: Query, under conditions: Conditions = Conditions()) async throws -> Decision {
        try decide(query, told: await classifier?.read(query.text), under: conditions)
    }

    private func decide(
        _ query: Query, told reading: CausalLLMClassifier.Reading?, under conditions: Conditions
    ) throws -> Decision {
        guard let classifier, let reading else { return try decider.decide(query, under: conditions) }
        let router = CausalLLMRouter(classifier: classifier.upstream.model.name)
        let assessment = router.assessment(of: reading.answer, candidates: decider.candidates.map(\.model))
        return try decider.decide(query, assessed: assessment, under: conditions, remark: reading.problem)
    }
}
