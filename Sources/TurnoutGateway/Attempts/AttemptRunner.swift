import HTTPTypes
import NIOCore
package import TurnoutCore
import TurnoutProviders

/// Performs what an ``AttemptPlan`` says: asks candidates in turn until an answer can be sent.
///
/// It runs in the request's own task; when that is cancelled, because the client has gone, so is the request that
/// is under way at a provider.
struct AttemptRunner {
    /// What came of it.
    enum Outcome {
        /// A complete answer, or a refusal that is the answer, and the tokens spent where it says so.
        case whole(Answer, ByteBuffer, TokenUsage?)
        /// An answer of which the first part is there.
        case partial(Answer, RelayBody)
        /// Every candidate has failed.
        case exhausted
    }

    /// The head of an answer and who gave it.
    struct Answer {
        let upstream: Upstream
        let status: Int
        let headers: HTTPFields
    }

    /// Bytes of an answer that are held back at most.
    static let holdLimit = 8 << 20
    /// Bytes of an error's body that are read at most.
    static let errorExcerptLimit = 16 << 10

    /// How each failed attempt ended, in order.
    private(set) var failures: [FailedAttempt] = []
    private let candidates: [Upstream]
    private let request: ChatRequest
    private let headers: HTTPFields
    private var plan: AttemptPlan
    private var response: UpstreamResponse?
    private var observer = ChatStreamObserver()
    private var held: [ByteBuffer] = []
    private var heldBytes = 0
    private var usage: TokenUsage?

    init(candidates: [Upstream], request: ChatRequest, headers: HTTPFields) {
        self.candidates = candidates
        self.request = request
        self.headers = headers
        self.plan = AttemptPlan(candidateCount: candidates.count)
    }

    /// Attempts made so far.
    var attemptCount: Int { plan.attemptCount }

    /// Runs until there is something to reply.
    ///
    /// - Throws: `CancellationError` when the client has gone.
    mutating func run() async throws -> Outcome {
        var action = plan.handle(.begin)
        while true {
            switch action {
            case .start(let index): action = await start(candidates[index])
            case .hold: action = await readOn()
            case .commit, .relay: return try partial()
            case .finish: return try whole()
            case .giveUp: return .exhausted
            case .abandon, .breakOff, .ignore: throw CancellationError()
            }
        }
    }

    private mutating func start(_ upstream: Upstream) async -> AttemptPlan.Action {
        (response, held, heldBytes, observer, usage) = (nil, [], 0, ChatStreamObserver(), nil)
        let outgoing = UpstreamRequest(
            endpoint: "chat/completions", headers: headers, body: request.body(naming: upstream.id),
            streams: request.streams)
        do {
            let response = try await upstream.transport.send(outgoing)
            self.response = response
            let action = plan.handle(.head(status: response.status, isEventStream: response.isEventStream))
            if UpstreamResponse.isRefusal(status: response.status) { await noteRefusal(response, by: upstream) }
            return action
        } catch {
            return fail(error, of: upstream)
        }
    }

    /// Reads one chunk of an answer of which nothing was sent yet.
    private mutating func readOn() async -> AttemptPlan.Action {
        guard let response else { return plan.handle(.clientGone) }
        let upstream = candidates[plan.candidate]
        do {
            guard let chunk = try await response.body.next() else {
                if Task.isCancelled { return plan.handle(.clientGone) }
                return ended(upstream)
            }
            return took(chunk, from: upstream)
        } catch {
            return fail(error, of: upstream)
        }
    }

    private mutating func took(_ chunk: ByteBuffer, from upstream: Upstream) -> AttemptPlan.Action {
        guard plan.phase == .awaitingContent else {
            hold(chunk)
            return heldBytes > Self.holdLimit ? plan.handle(.holdLimit) : .hold
        }
        if let whole = observer.push(chunk) { hold(whole) }
        if observer.hasAnswer { return plan.handle(.content) }
        if observer.hasFailed { return note("it reported an error in its stream", upstream, .errorEvent) }
        return heldBytes > Self.holdLimit ? plan.handle(.holdLimit) : .hold
    }

    private mutating func ended(_ upstream: Upstream) -> AttemptPlan.Action {
        guard plan.phase == .awaitingContent else { return collected(upstream) }
        if let rest = observer.end() { hold(rest) }
        if observer.hasAnswer { return plan.handle(.content) }
        return note("its stream ended before any content", upstream, .end(complete: false))
    }

    /// Looks once at a whole answer; a refusal that gets here is the answer, whatever it says.
    private mutating func collected(_ upstream: Upstream) -> AttemptPlan.Action {
        let body = joined()
        held = [body]
        guard response?.status ?? 0 < 300 else { return plan.handle(.end(complete: true)) }
        guard let answer = try? body.withUnsafeReadableBytes({ try ChatChunk($0) }) else {
            let what = body.readableBytes == 0 ? "its answer is empty" : "its answer is not whole JSON"
            return note(what, upstream, .end(complete: false))
        }
        guard !answer.isError else {
            let words = ErrorEnvelope.message(in: body).map { ": \($0)" } ?? ""
            return note("it reported an error in place of an answer\(words)", upstream, .errorEvent)
        }
        usage = answer.usage
        return plan.handle(.end(complete: true))
    }

    private func joined() -> ByteBuffer {
        guard held.count > 1 else { return held.first ?? ByteBuffer() }
        var body = ByteBufferAllocator().buffer(capacity: heldBytes)
        for chunk in held { body.writeImmutableBuffer(chunk) }
        return body
    }

    private mutating func hold(_ chunk: ByteBuffer) {
        held.append(chunk)
        heldBytes += chunk.readableBytes
    }

    private mutating func fail(_ error: any Error, of upstream: Upstream) -> AttemptPlan.Action {
        guard !(error is CancellationError), !Task.isCancelled else { return plan.handle(.clientGone) }
        let failure = error as? UpstreamFailure ?? UpstreamFailure(.connectionLost, "the request failed")
        return note(failure.message, upstream, .failed(AttemptPlan.Failure(failure.kind)))
    }

    private mutating func note(_ what: String, _ upstream: Upstream, _ event: AttemptPlan.Event) -> AttemptPlan.Action {
        let action = plan.handle(event)
        let failure = plan.failures.last ?? .connectionLost
        failures.append(
            FailedAttempt(model: upstream.model, provider: upstream.provider, failure: failure, reason: what))
        return action
    }

    /// Keeps the identity and the words of a provider that refused, for the case that nobody else answers.
    private mutating func noteRefusal(_ response: UpstreamResponse, by upstream: Upstream) async {
        var excerpt = ByteBuffer()
        while excerpt.readableBytes < Self.errorExcerptLimit, let chunk = try? await response.body.next() {
            excerpt.writeImmutableBuffer(chunk)
        }
        let words = ErrorEnvelope.message(in: excerpt).map { ": \($0)" } ?? ""
        failures.append(
            FailedAttempt(
                model: upstream.model, provider: upstream.provider, failure: .status(response.status),
                reason: "status \(response.status)\(words)", retryAfter: response.headers[.retryAfter]))
    }

    private func answer() throws -> (Answer, UpstreamResponse) {
        guard let response else { throw CancellationError() }
        let upstream = candidates[plan.candidate]
        return (Answer(upstream: upstream, status: response.status, headers: response.headers), response)
    }

    private func whole() throws -> Outcome {
        .whole(try answer().0, held.first ?? ByteBuffer(), usage)
    }

    private func partial() throws -> Outcome {
        let (answer, response) = try answer()
        let isEventStream = plan.phase == .relaying(isEventStream: true)
        return .partial(
            answer,
            RelayBody(
                held: held, body: response.body, observer: isEventStream ? observer : nil, plan: plan,
                source: "\(answer.upstream.model) (provider \(answer.upstream.provider))"))
    }
}

/// An attempt that did not lead to an answer.
package struct FailedAttempt: Sendable, Equatable {
    /// The model that was asked.
    package let model: ModelID
    /// Where it was asked.
    package let provider: String
    /// The kind of failure.
    package let failure: AttemptPlan.Failure
    /// What happened, in words: the provider's own where it gave some.
    package let reason: String
    /// The provider's Retry-After, where it gave one.
    package var retryAfter: String?
}

extension AttemptPlan.Failure {
    init(_ kind: UpstreamFailure.Kind) {
        self =
            switch kind {
            case .connect: .unreachable
            case .timeout: .timedOut
            case .connectionLost: .connectionLost
            }
    }
}
