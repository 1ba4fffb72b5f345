package import HTTPTypes
package import NIOCore
import TurnoutCore
import TurnoutProviders
import TurnoutRouting

/// Takes requests, decides, asks models and replies.
///
/// It knows nothing of sockets: a server feeds it.
package struct Gateway: Sendable {
    private let directory: ModelDirectory
    private let log: DecisionLog
    private let clock: any Clock<Duration>
    private let makeID: @Sendable () -> String

    /// - Parameters:
    ///   - directory: What can be asked for.
    ///   - log: Where decisions are kept.
    ///   - clock: Times decisions.
    ///   - makeID: Makes a fresh decision id.
    package init(
        directory: ModelDirectory, log: DecisionLog = DecisionLog(), clock: any Clock<Duration> = ContinuousClock(),
        makeID: @escaping @Sendable () -> String = {
            var generator = SystemRandomNumberGenerator()
            return DecisionReceipt.newID(using: &generator)
        }
    ) {
        self.directory = directory
        self.log = log
        self.clock = clock
        self.makeID = makeID
    }

    /// Answers a chat completion request.
    ///
    /// - Throws: `CancellationError` when the task was cancelled because the client has gone.
    package func chat(_ body: ByteBuffer, headers: HTTPFields) async throws -> Reply {
        let request: ChatRequest
        let ruling: Ruling
        do throws(GatewayError) {
            request = try scan(body)
            guard request.hasMessages else {
                throw .client(
                    status: 400, "'messages' is missing or empty; give at least one message", field: "messages")
            }
            ruling = try decide(request, headers: headers)
        } catch {
            return .error(error)
        }
        if isDryRun(headers) { return receipt(ruling) }
        return try await run(request, ruling, headers: headers)
    }

    /// Decides without asking any model.
    ///
    /// Takes a chat request, or `{"prompt": …}`.
    package func route(_ body: ByteBuffer, headers: HTTPFields) -> Reply {
        do throws(GatewayError) {
            return receipt(try decide(try scan(body), headers: headers))
        } catch {
            return .error(error)
        }
    }

    /// Shows an earlier decision, as it was made: what came of it, only the answer's own headers say.
    package func decision(id: String) -> Reply {
        guard let entry = log.entry(id: id) else {
            return .error(
                .client(
                    status: 404, "there is no decision with this id; only the latest ones are kept",
                    code: "decision_not_found"))
        }
        return .json(entry.receipt(id: id).json, headers: [DecisionHeaders.decision: id])
    }

    /// Lists what can be asked for: routes first, then models.
    package func models() -> Reply {
        let routes = directory.routes.map { ($0.name, "turnout") }
        let models = directory.models.map { ($0.model.name, $0.provider) }
        let list = (routes + models).map { name, owner in
            "{\"id\":\(JSONText.quoted(name)),\"object\":\"model\",\"created\":0,\"owned_by\":\(JSONText.quoted(owner))}"
        }
        return .json("{\"object\":\"list\",\"data\":[\(list.joined(separator: ","))]}")
    }

    private func scan(_ body: ByteBuffer) throws(GatewayError) -> ChatRequest {
        do throws(ChatRequestError) {
            return try ChatRequest(scanning: body)
        } catch {
            throw .client(status: 400, error.message, code: "invalid_body", field: error.field)
        }
    }

    private func decide(_ request: ChatRequest, headers: HTTPFields) throws(GatewayError) -> Ruling {
        let policy = try headers[DecisionHeaders.policy].map { (text) throws(GatewayError) in
            try PolicyHeader.policy(from: text)
        }
        let name = request.model ?? (request.hasMessages ? nil : directory.routes.first?.name)
        guard let name else {
            throw .client(status: 400, "'model' is missing; name a route or a model", field: "model")
        }
        let ruling: Ruling
        switch try directory.resolve(name, policy: policy) {
        case .ask(let upstream):
            ruling = Ruling(id: makeID(), entry: .named(upstream.model))
        case .decide(let decider):
            var decision: Decision?
            let elapsed = clock.measure { decision = decider.decide(request.promptText()) }
            guard let decision else { throw .client(status: 400, "nothing was decided") }
            ruling = Ruling(
                id: makeID(), entry: .decided(decision, decider, micros: elapsed / .microseconds(1)))
        }
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

    private func run(_ request: ChatRequest, _ ruling: Ruling, headers: HTTPFields) async throws -> Reply {
        let candidates = ([ruling.model] + ruling.fallbacks).compactMap { directory.upstream($0) }
        var runner = AttemptRunner(
            candidates: candidates, request: request, headers: ForwardedHeaders.forwarded(from: headers))
        let outcome = try await runner.run()
        func own(_ model: ModelID) -> HTTPFields {
            var fields = HTTPFields()
            fields[DecisionHeaders.decision] = ruling.id
            fields[DecisionHeaders.model] = DecisionHeaders.clean(model.name)
            let failed = runner.failures.map { "\($0.model): \($0.failure.sentence)" }.joined(separator: ", ")
            let suffix = failed.isEmpty ? "" : "; fell back after \(failed)"
            fields[DecisionHeaders.reason] = DecisionHeaders.clean(ruling.reason + suffix)
            fields[DecisionHeaders.attempts] = String(runner.attemptCount)
            return fields
        }
        switch outcome {
        case .whole(let answer, let body, let usage):
            var fields = own(answer.upstream.model)
            fields[DecisionHeaders.cost] = cost(of: usage, answer)
            fields.append(contentsOf: answer.headers)
            return Reply(status: answer.status, headers: fields, body: .whole(body))
        case .partial(let answer, let rest):
            var fields = own(answer.upstream.model)
            fields.append(contentsOf: answer.headers)
            return Reply(status: answer.status, headers: fields, body: .relayed(rest))
        case .exhausted:
            return .error(.exhausted(runner.failures), headers: own(runner.failures.last?.model ?? ruling.model))
        }
    }

    /// Dollars, exact to the nano-dollar; `nil` unless price and tokens are both known.
    private func cost(of usage: TokenUsage?, _ answer: AttemptRunner.Answer) -> String? {
        guard let usage, let cost = answer.upstream.price?.cost(of: usage) else { return nil }
        let (dollars, nano) = cost.nanoDollars.quotientAndRemainder(dividingBy: 1_000_000_000)
        let digits = String(nano)
        return "\(dollars).\(String(repeating: "0", count: 9 - digits.count))\(digits)"
    }
}

/// A decision with its id, ready to be carried out.
private struct Ruling {
    let id: String
    let entry: DecisionLog.Entry

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
