import Foundation
import HTTPTypes
import NIOCore
import TurnoutCore
import TurnoutProviders

/// Performs what an ``AttemptPlan`` says, for one request.
///
/// All decisions are the plan's. The runner starts and cancels attempts, turns what they report into events, keeps
/// the bytes, and watches the clocks. It belongs to the task of its request; when that is cancelled, because the
/// client has gone, every attempt is.
package final class AttemptRunner {
    /// What the runner needs of the gateway.
    struct Surroundings: Sendable {
        let clock: GatewayClock
        let deadlines: Deadlines
        let health: HealthRegistry
        /// The time of day, for dates in headers.
        let date: @Sendable () -> Date
        /// A number from 0 to 1 by which pauses are stretched, so that not everybody comes back at once.
        let jitter: @Sendable () -> Double
        /// Takes what became of every attempt, once, when the request is over, and whether nobody has answered.
        let record: @Sendable ([AttemptRecord], _ isUnanswered: Bool) -> Void
    }

    /// What came of it.
    enum Outcome {
        /// A complete answer, or a refusal that is the answer, and the tokens spent where it says so.
        case whole(Answer, ByteBuffer, TokenUsage?)
        /// An answer of which the first part is there.
        case partial(Answer)
        /// Every candidate has failed.
        case exhausted
    }

    /// The head of an answer and who gave it.
    struct Answer {
        let upstream: Upstream
        let status: Int
        let headers: HTTPFields
    }

    /// How each failed attempt ended, in order.
    var failures: [FailedAttempt] = []
    var plan: AttemptPlan
    var live: [LiveAttempt] = []
    /// What is ready for the client.
    var outbox: [ByteBuffer] = []
    var pauseEnd: Duration?
    var armed: (id: Int, due: Duration)?
    let arrival: Duration
    /// Until its answer must have begun.
    let chain: Duration
    let surroundings: Surroundings
    private let candidates: [Upstream]
    private let request: any ModelRequest
    private let headers: HTTPFields
    private let mailbox = AttemptMailbox()
    private var outcome: Outcome?
    private var ending: AttemptPlan.Action?
    private var committed: Int?
    /// When the client began to take what was ready.
    private var leftAt: Duration?

    init(
        candidates: [Upstream], request: any ModelRequest, headers: HTTPFields, rules: AttemptRules,
        arrival: Duration, surroundings: Surroundings
    ) {
        self.arrival = arrival
        let order = surroundings.health.order(candidates, now: surroundings.clock.now)
        self.candidates = order.map { candidates[$0.index] }
        self.plan = AttemptPlan(
            candidates: order.map { standing in
                let upstream = candidates[standing.index]
                return AttemptPlan.Candidate(
                    takesPrefill: upstream.prefill != nil, contextWindow: upstream.contextWindow,
                    pause: standing.pause, isLastResort: standing.isLastResort)
            }, rules: rules)
        self.request = request
        self.headers = headers
        self.chain = rules.chain ?? candidates.map(\.limits.total).reduce(.seconds(600), max)
        self.surroundings = surroundings
    }

    deinit { close() }

    /// Attempts made so far.
    var attemptCount: Int { live.count }
    /// What has become of every attempt so far.
    var records: [AttemptRecord] { live.map(\.record) }
    /// Whether the client wants a stream.
    var wantsStream: Bool { request.streams }
    /// Whether the client has asked for usage in the stream.
    var wantsUsage: Bool { request.includesUsage }
    /// Whether the committed answer comes as a stream.
    var isStreaming: Bool { committed.map { live[$0].isStream } ?? false }

    /// Runs until there is something to reply.
    ///
    /// - Throws: `CancellationError` when the client has gone.
    func start() async throws -> Outcome {
        apply(.begin)
        while outcome == nil {
            guard ending == nil else { throw CancellationError() }
            await step()
        }
        guard let outcome, ending != .abandon else { throw CancellationError() }
        return outcome
    }

    /// The next bytes of an answer of which the first part was there; `nil` when it is complete.
    ///
    /// - Throws: `CancellationError` when the client has gone, ``GatewayError`` when an answer that is no stream
    ///   breaks off.
    func next() async throws -> ByteBuffer? {
        forgiveDelay()
        while outbox.isEmpty {
            switch ending {
            case nil: await step()
            case .finish: return nil
            case .breakOff where isStreaming: return nil
            case .breakOff: throw interruption
            default: throw CancellationError()
            }
        }
        defer { leftAt = surroundings.clock.now }
        return outbox.removeFirst()
    }

    /// Cancels whatever is under way; nobody will ask for more.
    func cancel() {
        isAbandoned = true
        apply(.clientGone)
        close()
    }

    private func step() async {
        arm()
        switch await mailbox.next() {
        case .report(let number, let report):
            // What a cancelled attempt still had to say is of no interest.
            if plan.attempts[number].isRunning { take(report, from: number) }
        case .wake:
            armed?.due = .seconds(Int64.max)
            expire()
        case .gone:
            isAbandoned = true
            apply(.clientGone)
        }
    }

    /// Tells the plan what happened and performs what it answers.
    func apply(_ event: AttemptPlan.Event) {
        for action in plan.handle(event) { perform(action) }
    }

    private func perform(_ action: AttemptPlan.Action) {
        switch action {
        case .start(let number, let candidate, let mode): start(number, candidates[candidate], mode)
        case .cancel(let number): cancelAttempt(number)
        case .wait(let pause):
            pauseEnd = surroundings.clock.now + pause * (1 + 0.2 * surroundings.jitter())
        case .commit(let number):
            committed = number
            outbox = live[number].held
            live[number].held = []
            outcome = .partial(answer(of: number))
        case .relay(let number):
            outbox += live[number].held
            live[number].held = []
            committed = number
        case .reply(let number):
            live[number].record.outcome = .answered
            notePace(of: number, isLast: true)
            live[number].record.usage = live[number].record.usage ?? live[number].reader.usage
            outcome = .whole(answer(of: number), live[number].takeHeld(), live[number].record.usage)
        case .passOn(let number):
            outcome = .whole(answer(of: number), live[number].takeHeld(), nil)
        case .finish:
            finish()
        case .breakOff:
            if isStreaming { outbox.append(ByteBuffer(string: "data: \(ErrorEnvelope.json(interruption))\n\n")) }
        case .giveUp:
            outcome = .exhausted
        case .abandon:
            break
        }
        if action.isTerminal {
            ending = action
            close()
        }
    }

    private func start(_ number: Int, _ upstream: Upstream, _ mode: AttemptPlan.Mode) {
        pauseEnd = nil
        let now = surroundings.clock.now
        let begun = mode == .fresh ? nil : committed.map { live[$0].reader.transcript }
        let splice = begun.map { Splice($0, mode == .prefill ? .continues : .repeats) }
        let beginning: ChatRequest.Beginning? =
            if mode == .prefill, let style = upstream.prefill, let begun {
                .init(String(decoding: begun.content, as: UTF8.self), style: style)
            } else {
                nil
            }
        let outgoing = UpstreamRequest(
            endpoint: type(of: request).endpoint, headers: headers,
            body: request.outgoing(to: upstream.model, naming: upstream.id, after: beginning), streams: request.streams)
        let task = AttemptPump.start(outgoing, number: number, over: upstream.transport, into: mailbox)
        live.append(
            LiveAttempt(
                upstream: upstream, task: task, started: now,
                record: AttemptRecord(
                    model: upstream.model, provider: upstream.provider, mode: mode, started: now - arrival),
                reader: ChatStreamReader(passesUsage: request.includesUsage, splice: splice), lastHeard: now))
        live[number].isAwaited = request.streams
        if request.streams { surroundings.health.asked(upstream, now: now) }
    }

    private func cancelAttempt(_ number: Int) {
        live[number].task.cancel()
        stopAwaiting(number)
        guard live[number].record.outcome == nil else { return }
        let now = surroundings.clock.now
        live[number].record.duration = now - live[number].started
        // A client's impatience is no fault of the provider.
        guard !isAbandoned, plan.attempts[number].isSlow, !live[number].hasSpoken else { return }
        if case .open = plan.phase, !plan.running.contains(where: { plan.attempts[$0].progress == .speaking }) {
            note(number, AttemptFailure(.silent), "it said nothing in time, and another was asked in its place")
        } else {
            // Whoever was so late that others were asked has not done well, even if it would have come.
            surroundings.health.failed(live[number].upstream, AttemptFailure(.silent), now: now)
        }
    }

    private func finish() {
        guard let committed else { return }
        live[committed].record.outcome = .answered
        let attempt = live[committed]
        guard attempt.isStream else { return }
        if !attempt.reader.isDone { outbox.append(ByteBuffer(string: "data: [DONE]\n\n")) }
        notePace(of: committed, isLast: true)
    }

    private func answer(of number: Int) -> Answer {
        Answer(upstream: live[number].upstream, status: live[number].status, headers: live[number].headers)
    }

    /// What a client is told whose answer was begun and cannot be completed.
    private var interruption: GatewayError {
        let source = committed.map { "\(live[$0].upstream.model) (provider \(live[$0].upstream.provider))" } ?? ""
        let list = failures.map { "\($0.model) (provider \($0.provider)): \($0.reason)" }.joined(separator: "; ")
        var error = GatewayError.upstream(
            status: 502,
            "the answer of \(source) broke off and could not be completed; what was sent so far is not all of it. \(list)",
            code: "stream_interrupted")
        error.attempts = failures
        return error
    }

    /// The time that a client takes to read is not the provider's.
    private func forgiveDelay() {
        guard let leftAt else { return }
        let delay = surroundings.clock.now - leftAt
        for number in live.indices where plan.attempts[number].isRunning {
            live[number].lastHeard += delay
            live[number].piece?.delay += delay
            live[number].window?.start += delay
            live[number].finished = live[number].finished.map { $0 + delay }
        }
        self.leftAt = nil
    }

    private func arm() {
        guard let due = nextDue(), armed.map({ due < $0.due }) ?? true else { return }
        armed = (surroundings.deadlines.wake(mailbox, at: due, replacing: armed?.id), due)
    }

    /// Ends every attempt and says what became of it.
    private func close() {
        guard !isClosed else { return }
        isClosed = true
        mailbox.close()
        if let armed { surroundings.deadlines.forget(armed.id) }
        let now = surroundings.clock.now
        for number in live.indices {
            live[number].task.cancel()
            stopAwaiting(number)
            if live[number].reader.malformedEvents > 0 {
                surroundings.health.malformed(live[number].upstream, events: live[number].reader.malformedEvents)
            }
            live[number].record.events = live[number].reader.contentEvents
            live[number].record.usage = live[number].record.usage ?? live[number].reader.usage
            live[number].record.duration = live[number].record.duration ?? now - live[number].started
            guard live[number].record.outcome == nil else { continue }
            live[number].record.outcome = ending == nil || ending == .abandon ? .clientGone : .outrun
            if !live[number].hasSpoken { surroundings.health.released(live[number].upstream, now: now) }
        }
        let isUnanswered =
            switch ending {
            case .giveUp, .passOn: true
            default: false
            }
        surroundings.record(records, isUnanswered)
    }
    private var isClosed = false
    /// Whether the client has gone.
    private var isAbandoned = false
}
