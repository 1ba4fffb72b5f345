package import Foundation
package import HTTPTypes
package import NIOCore
import TurnoutCore
import TurnoutProviders
import TurnoutRouting

/// Takes requests, decides, asks models and replies.
///
/// It knows nothing of sockets: a server feeds it.
package struct Gateway: Sendable {
    let directory: ModelDirectory
    let health = HealthRegistry()
    let clock: GatewayClock
    /// Wakes requests when a limit of theirs may have passed.
    package let deadlines: Deadlines
    let memory = RouteMemory()
    private let log: DecisionLog
    private let date: @Sendable () -> Date
    private let makeID: @Sendable () -> String

    /// - Parameters:
    ///   - directory: What can be asked for.
    ///   - log: Where decisions are kept.
    ///   - clock: Times decisions, and all limits on providers.
    ///   - date: The time of day, for dates in providers' headers.
    ///   - makeID: Makes a fresh decision id.
    package init(
        directory: ModelDirectory, log: DecisionLog = DecisionLog(), clock: GatewayClock = GatewayClock(),
        date: @escaping @Sendable () -> Date = { Date() },
        makeID: @escaping @Sendable () -> String = {
            var generator = SystemRandomNumberGenerator()
            return DecisionReceipt.newID(using: &generator)
        }
    ) {
        self.directory = directory
        self.log = log
        self.clock = clock
        self.deadlines = Deadlines(clock: clock)
        self.date = date
        self.makeID = makeID
    }

    /// Watches the clocks of all requests until the task is cancelled; without it no limit ever passes.
    package func run() async { await deadlines.run() }

    /// Answers a chat completion request.
    ///
    /// - Throws: `CancellationError` when the task was cancelled because the client has gone.
    package func chat(_ body: ByteBuffer, headers: HTTPFields) async throws -> Reply {
        var request: ChatRequest
        let ruling: Ruling
        do {
            request = try scan(body)
            guard request.hasMessages else {
                throw GatewayError.client(
                    status: 400, "'messages' is missing or empty; give at least one message", field: "messages")
            }
            ruling = try await decide(request, headers: headers)
            request.thoughtOrigin = thoughtOrigin(of: request, ruling)
        } catch let error as GatewayError {
            return .error(error)
        }
        return try await reply(to: request, ruling, headers: headers)
    }

    /// Asks the models of a ruling, or shows its receipt where that is all that is wanted.
    func reply(to request: some ModelRequest, _ ruling: Ruling, headers: HTTPFields) async throws -> Reply {
        if isDryRun(headers) { return receipt(ruling) }
        return try await run(request, ruling, headers: headers)
    }

    /// Decides without asking any candidate.
    ///
    /// Takes a chat request, or `{"prompt": …}`.
    ///
    /// - Throws: `CancellationError` when the task was cancelled because the client has gone.
    package func route(_ body: ByteBuffer, headers: HTTPFields) async throws -> Reply {
        do {
            return receipt(try await decide(try scan(body), headers: headers))
        } catch let error as GatewayError {
            return .error(error)
        }
    }

    /// Shows an earlier decision as it was made, and, once the request is over, every attempt at it.
    package func decision(id: String) -> Reply {
        guard let entry = log.entry(id: id) else {
            return .error(
                .client(
                    status: 404, "there is no decision with this id; only the latest ones are kept",
                    code: "decision_not_found"))
        }
        var receipt = entry.receipt(id: id).json
        if let attempts = log.attempts(id: id), receipt.last == "}" {
            receipt = receipt.dropLast() + ",\"attempts\":[\(attempts.map(\.json).joined(separator: ","))]}"
        }
        return .json(receipt, headers: [DecisionHeaders.decision: id])
    }

    /// Lists what can be asked for: routes first, then models of providers, then encoders.
    package func models() -> Reply {
        let routes = directory.routes.map { ($0.name, "turnout") }
        let models = directory.models.map { ($0.model.name, $0.provider) }
        let encoders = directory.encoders.map { ($0.model.name, "turnout") }
        let list = (routes + models + encoders).map { name, owner in
            "{\"id\":\(JSONText.quoted(name)),\"object\":\"model\",\"created\":0,\"owned_by\":\(JSONText.quoted(owner))}"
        }
        return .json("{\"object\":\"list\",\"data\":[\(list.joined(separator: ","))]}")
    }

    private func scan(_ body: ByteBuffer) throws(GatewayError) -> ChatRequest {
        do throws(RequestError) {
            return try ChatRequest(scanning: body)
        } catch {
            throw .client(status: 400, error.message, code: "invalid_body", field: error.field)
        }
    }

    private func decide(_ request: ChatRequest, headers: HTTPFields) async throws -> Ruling {
        let policy = try headers[DecisionHeaders.policy].map { (text) throws(GatewayError) in
            try PolicyHeader.policy(from: text)
        }
        let name = request.model ?? (request.hasMessages ? nil : directory.routes.first?.name)
        guard let name else {
            throw GatewayError.client(
                status: 400, "'model' is missing; name a route or a model", field: "model")
        }
        switch try directory.resolve(name, policy: policy) {
        case .ask(let upstream):
            return ruling(.named(upstream.model))
        case .decide(let route):
            let start = clock.now
            let turn = turn(request, of: route, headers)
            let decision = try await decide(request.query(), by: route, goingOnWith: turn)
            let micros = (clock.now - start) / .microseconds(1)
            return ruling(.decided(decision, route.decider, micros: micros), route: route, turn: turn)
        }
    }

    private func decide(
        _ query: Query, by route: ModelDirectory.Route, goingOnWith turn: ConversationTurn?
    ) async throws -> Decision {
        do {
            return try await route.decide(query, under: conditions(of: route, turn))
        } catch let refusal as Refusal {
            throw GatewayError.refused(refusal)
        }
    }

    /// What holds for a route at this moment.
    private func conditions(of route: ModelDirectory.Route, _ turn: ConversationTurn?) -> Conditions {
        let (now, known) = (clock.now, snapshot(of: route.decider.candidates.map(\.model)))
        return Conditions(
            live: known.map { $0.speed.condition(isAvailable: $0.isAvailable, at: now) },
            budget: memory.budget(of: route, at: now), shareCorrection: memory.shareCorrection(of: route),
            conversation: turn.flatMap(conversation),
            time: route.decider.policy.rule == .certified ? date().formatted(.iso8601) : nil)
    }

    /// Gives a decision an id and keeps it.
    func ruling(
        _ entry: DecisionLog.Entry, route: ModelDirectory.Route? = nil, turn: ConversationTurn? = nil
    ) -> Ruling {
        let ruling = Ruling(id: makeID(), entry: entry, route: route, turn: turn)
        log.record(ruling.entry, id: ruling.id)
        return ruling
    }

    private func isDryRun(_ headers: HTTPFields) -> Bool {
        headers[DecisionHeaders.dryRun].map { !["", "0", "false", "no"].contains($0.lowercased()) } ?? false
    }

    private func receipt(_ ruling: Ruling) -> Reply {
        var headers = HTTPFields()
        headers[DecisionHeaders.decision] = ruling.id
        headers[DecisionHeaders.model] = DecisionHeaders.clean(ruling.model.name)
        headers[DecisionHeaders.reason] = DecisionHeaders.clean(ruling.reason)
        headers[DecisionHeaders.attempts] = "0"
        return .json(ruling.entry.receipt(id: ruling.id).json, headers: headers)
    }

    private func run(_ request: some ModelRequest, _ ruling: Ruling, headers: HTTPFields) async throws -> Reply {
        let reservation: RouteMemory.Reservation?
        do {
            reservation = try ruling.carriedOut(memory)
        } catch {
            return .error(error)
        }
        let close = { @Sendable (attempts: [AttemptRecord]) in
            log.record(attempts, id: ruling.id)
            remember(attempts, ruling)
            if let reservation { memory.settle(reservation, cost: cost(of: attempts), at: clock.now) }
        }
        let (arrival, forwarded) = (clock.now, ForwardedHeaders.forwarded(from: headers))
        var candidates = ([ruling.model] + ruling.fallbacks).compactMap { directory.upstream($0) }
        var draft: Draft?
        if let (cascade, request, later) = cascade(for: request, ruling) {
            let first = try await self.draft(
                request, cascade, of: ruling, headers: forwarded, arrival: arrival, close: close)
            if first.isGiven, let reply = reply(of: first, ruling) {
                close(first.records)
                return reply
            }
            draft = first
            // Without an answer it was an attempt that failed, like any other; what was discarded must not come back.
            candidates = first.answer == nil ? Array(candidates.dropFirst() + candidates.prefix(1)) : later
        }
        let runner = AttemptRunner(
            candidates: candidates, request: request, headers: forwarded, rules: ruling.route?.rules ?? AttemptRules(),
            arrival: arrival,
            surroundings: surroundings { [draft] attempts, isUnanswered in
                close(draft?.records(before: attempts, isUnanswered: isUnanswered) ?? attempts)
            })
        let outcome = try await runner.start()
        func own(_ model: ModelID) -> HTTPFields {
            let failed = runner.failures.map { "\($0.model): \($0.failure)" }.joined(separator: ", ")
            let suffix = failed.isEmpty ? "" : "; fell back after \(failed)"
            return fields(
                ruling, model, remark: (draft?.remark ?? "") + suffix,
                attempts: (draft?.attempts ?? 0) + runner.attemptCount)
        }
        switch outcome {
        case .whole(let answer, let body, let usage):
            if !(200..<300 ~= answer.status), let reply = draft.flatMap({ reply(of: $0, ruling) }) { return reply }
            var fields = own(answer.upstream.model)
            fields[DecisionHeaders.cost] = cost(of: usage, answer, after: draft?.records ?? [])
            fields.append(contentsOf: answer.headers)
            return Reply(status: answer.status, headers: fields, body: .whole(body))
        case .partial(let answer):
            var fields = own(answer.upstream.model)
            fields.append(contentsOf: answer.headers)
            return Reply(status: answer.status, headers: fields, body: .relayed(RelayBody(runner)))
        case .exhausted:
            if let reply = draft.flatMap({ reply(of: $0, ruling) }) { return reply }
            let pauses = candidates.compactMap { health.pause(of: $0, now: clock.now) }
            return .error(
                .exhausted(runner.failures, pauses: pauses), headers: own(runner.failures.last?.model ?? ruling.model))
        }
    }

    /// The first answer of a cascade, given to the client; `nil` when there is none.
    private func reply(of draft: Draft, _ ruling: Ruling) -> Reply? {
        guard let (head, body) = draft.answer else { return nil }
        let remark = draft.isGiven ? draft.remark : "\(draft.remark), but nobody else answered"
        var fields = fields(ruling, ruling.model, remark: remark, attempts: draft.attempts)
        if 200..<300 ~= head.status { fields[DecisionHeaders.cost] = cost(of: draft.records).map(Self.dollars) }
        fields.append(contentsOf: head.headers)
        return Reply(status: head.status, headers: fields, body: .whole(body))
    }

    private func fields(_ ruling: Ruling, _ model: ModelID, remark: String, attempts: Int) -> HTTPFields {
        var fields = HTTPFields()
        fields[DecisionHeaders.decision] = ruling.id
        fields[DecisionHeaders.model] = DecisionHeaders.clean(model.name)
        fields[DecisionHeaders.reason] = DecisionHeaders.clean(ruling.reason + remark)
        fields[DecisionHeaders.attempts] = String(attempts)
        return fields
    }

    /// What attempts need of the gateway.
    func surroundings(
        record: @escaping @Sendable ([AttemptRecord], Bool) -> Void
    ) -> AttemptRunner.Surroundings {
        AttemptRunner.Surroundings(
            clock: clock, deadlines: deadlines, health: health, date: date, jitter: { Double.random(in: 0...1) },
            record: record)
    }

    /// What attempts have cost together; `nil` when one that may be billed does not say.
    private func cost(of attempts: [AttemptRecord]) -> Money? {
        var sum = Money.zero
        // Whoever has written something is paid for it, even if nobody waited to be told how much.
        func isBilled(_ attempt: AttemptRecord) -> Bool {
            attempt.usage != nil || attempt.events > 0 || attempt.hasAnswered || attempt.outcome == .clientGone
        }
        for attempt in attempts where isBilled(attempt) {
            guard let usage = attempt.usage, let cost = directory.upstream(attempt.model)?.price?.cost(of: usage) else {
                return nil
            }
            sum = sum + cost
        }
        return sum
    }

    /// What an answer has cost, and what was asked before it; `nil` unless price and tokens are known of all.
    private func cost(
        of usage: TokenUsage?, _ answer: AttemptRunner.Answer, after earlier: [AttemptRecord]
    ) -> String? {
        guard let usage, let cost = answer.upstream.price?.cost(of: usage), let spent = self.cost(of: earlier) else {
            return nil
        }
        return Self.dollars(spent + cost)
    }

    /// Exact to the nano-dollar.
    private static func dollars(_ cost: Money) -> String {
        let (dollars, nano) = cost.nanoDollars.quotientAndRemainder(dividingBy: 1_000_000_000)
        let digits = String(nano)
        return "\(dollars).\(String(repeating: "0", count: 9 - digits.count))\(digits)"
    }
}

/// A decision with its id, ready to be carried out.
struct Ruling {
    let id: String
    let entry: DecisionLog.Entry
    /// Who decided; `nil` when the model was asked for by name.
    let route: ModelDirectory.Route?
    /// By what the conversation is known; `nil` when it is not to be remembered.
    let turn: ConversationTurn?

    /// Notes that the decision is about to be carried out.
    ///
    /// - Throws: ``GatewayError`` with status 429 when other requests have taken what was left of the budget.
    func carriedOut(_ memory: RouteMemory) throws(GatewayError) -> RouteMemory.Reservation? {
        guard let route, case .decided(let decision, _, _) = entry else { return nil }
        return try memory.carriedOut(decision, of: route)
    }

    var model: ModelID {
        switch entry {
        case .decided(let decision, _, _): decision.model
        case .named(let model): model
        }
    }

    var fallbacks: [ModelID] {
        if case .decided(let decision, _, _) = entry { decision.fallbacks } else { [] }
    }

    var reason: String {
        if case .decided(let decision, _, _) = entry { decision.reason } else { "asked for by name" }
    }
}
