package import NIOCore
import TurnoutProviders

/// The rest of an answer whose beginning is there: pulled by whoever writes to the client, chunk by chunk.
///
/// Nothing is read from the provider before the client has taken what came before, so a slow reader slows the
/// provider down and no memory fills up.
package struct RelayBody {
    private var held: ArraySlice<ByteBuffer>
    private let body: UpstreamBody
    private var observer: ChatStreamObserver?
    private var plan: AttemptPlan
    private let source: String

    init(held: [ByteBuffer], body: UpstreamBody, observer: ChatStreamObserver?, plan: AttemptPlan, source: String) {
        self.held = held[...]
        self.body = body
        self.observer = observer
        self.plan = plan
        self.source = source
    }

    /// The next bytes for the client; `nil` when the answer is complete.
    ///
    /// A stream that dies ends with an error event. A whole answer that dies cannot say so in its body.
    ///
    /// - Throws: `CancellationError` when the client has gone, ``GatewayError`` when an answer that is no stream
    ///   breaks off: the connection must then be closed without ending the response.
    package mutating func next() async throws -> ByteBuffer? {
        while true {
            if let chunk = held.popFirst() { return chunk }
            guard plan.phase != .done else { return nil }
            let action: AttemptPlan.Action
            do {
                if let chunk = try await body.next() {
                    guard let ready = relayable(chunk) else { continue }
                    return ready
                }
                action = Task.isCancelled ? plan.handle(.clientGone) : ended()
            } catch {
                let failure = (error as? UpstreamFailure).map { AttemptPlan.Failure($0.kind) } ?? .connectionLost
                let isGone = error is CancellationError || Task.isCancelled
                // A finished answer is whole, however its connection ends.
                let event: AttemptPlan.Event = observer?.isComplete == true ? .end(complete: true) : .failed(failure)
                action = plan.handle(isGone ? .clientGone : event)
            }
            switch action {
            case .finish, .relay, .hold, .commit, .ignore, .giveUp, .start: continue
            case .abandon: throw CancellationError()
            case .breakOff(let failure): try breakOff(failure)
            }
        }
    }

    private mutating func relayable(_ chunk: ByteBuffer) -> ByteBuffer? {
        observer == nil ? chunk : observer?.push(chunk)
    }

    private mutating func ended() -> AttemptPlan.Action {
        if let rest = observer?.end() { held.append(rest) }
        return plan.handle(.end(complete: observer?.isComplete ?? true))
    }

    private mutating func breakOff(_ failure: AttemptPlan.Failure) throws {
        let message = "the answer of \(source) broke off: \(failure.sentence); what was sent so far is not all of it"
        let error = GatewayError.upstream(status: 502, message, code: "stream_interrupted")
        guard let observer else { throw error }
        let separator = observer.isMidEvent ? "\n\n" : ""
        held.append(ByteBuffer(string: "\(separator)data: \(ErrorEnvelope.json(error))\n\n"))
    }
}

extension AttemptPlan.Failure {
    /// What happened, in words.
    var sentence: String {
        switch self {
        case .unreachable: "the provider cannot be reached"
        case .timedOut: "the provider took too long"
        case .connectionLost: "the connection was lost"
        case .status(let status): "status \(status)"
        case .errorEvent: "the provider reported an error"
        case .endedEarly: "the answer ended unfinished"
        }
    }
}
