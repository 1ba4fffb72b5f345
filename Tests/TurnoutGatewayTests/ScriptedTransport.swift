import HTTPTypes
import NIOCore
import Synchronization
import TurnoutCore
import TurnoutProviders
import TurnoutRouting
import TurnoutTesting

@testable import TurnoutGateway

/// A provider that does what a script says, one step a request, and remembers what it was asked.
final class ScriptedTransport: UpstreamTransport {
    enum Step: Sendable {
        case fail(UpstreamFailure.Kind)
        case answer(Int, String, retryAfter: String? = nil)
        /// Chunks of an event stream, then its end or a failure.
        case stream([String], UpstreamFailure.Kind?)
        case wholeThenFail(String)
        /// Nothing, until the request is cancelled.
        case hang
        /// Chunks of an event stream, then nothing until the request is cancelled.
        case stall([String])
    }

    fileprivate let steps: Mutex<[Step]>
    private let seen = Mutex<[UpstreamRequest]>([])
    var requests: [UpstreamRequest] { seen.withLock { $0 } }

    private let (arrivals, arrival) = AsyncStream<Void>.makeStream()
    private let (departures, departure) = AsyncStream<Void>.makeStream()

    init(_ steps: Step...) { self.steps = Mutex(steps) }

    /// Waits until a request is there.
    func arrived() async { for await _ in arrivals { return } }

    /// Waits until a request that was kept waiting is cancelled.
    func left() async { for await _ in departures { return } }

    func send(_ request: UpstreamRequest) async throws -> UpstreamResponse {
        seen.withLock { $0.append(request) }
        arrival.yield()
        switch steps.withLock({ $0.count > 1 ? $0.removeFirst() : $0[0] }) {
        case .fail(let kind): throw UpstreamFailure(kind, "scripted")
        case .answer(let status, let text, let retryAfter):
            var headers: HTTPFields = [.contentType: "application/json"]
            headers[.retryAfter] = retryAfter
            return UpstreamResponse(status: status, headers: headers, body: UpstreamBody([ByteBuffer(string: text)]))
        case .stream(let chunks, let failure):
            return UpstreamResponse(
                status: 200, headers: [.contentType: "text/event-stream; charset=utf-8"],
                body: Self.body(chunks, failure))
        case .wholeThenFail(let text):
            return UpstreamResponse(
                status: 200, headers: [.contentType: "application/json"], body: Self.body([text], .connectionLost))
        case .hang:
            throw await untilCancelled()
        case .stall(let chunks):
            var rest = chunks[...]
            return UpstreamResponse(
                status: 200, headers: [.contentType: "text/event-stream"],
                body: UpstreamBody { [self] in
                    if let chunk = rest.popFirst() { return ByteBuffer(string: chunk) }
                    throw await untilCancelled()
                })
        }
    }

    private func untilCancelled() async -> CancellationError {
        for await _ in AsyncStream<Void>.makeStream().stream {}
        departure.yield()
        return CancellationError()
    }

    private static func body(_ chunks: [String], _ failure: UpstreamFailure.Kind?) -> UpstreamBody {
        var rest = chunks[...]
        return UpstreamBody {
            if let chunk = rest.popFirst() { return ByteBuffer(string: chunk) }
            if let failure { throw UpstreamFailure(failure, "scripted") }
            return nil
        }
    }
}

/// A router whose score is the length of the text in hundreds.
struct LengthRouter: Router {
    let card = ArtifactCard(
        kind: "length", encoder: .init(name: "none", sha256: ""), models: [], sources: [],
        createdAt: "2026-01-01T00:00:00Z")

    func assess(_ text: String, candidates: [ModelID]) -> Assessment {
        let score = min(1, Double(text.utf8.count) / 100)
        return Assessment(score: score, estimates: candidates.map { _ in Estimate(value: 0.5, low: 0.4, high: 0.6) })
    }

    func referenceScores(candidates: [ModelID]) -> [Double] { (0...100).map { Double($0) / 100 } }

    func validate(candidates: [ModelID]) throws {}
}

/// A gateway with a route `auto` over `weak` and `strong`.
struct GatewayFixture {
    let weak: ScriptedTransport
    let strong: ScriptedTransport
    let gateway: Gateway
    /// A clock that goes on by itself, unless the test has its own.
    private let clock: ManualClock?

    init(
        weak: ScriptedTransport.Step..., strong: ScriptedTransport.Step = .answer(200, #"{"from":"strong"}"#),
        rules: AttemptRules = AttemptRules(), clock: GatewayClock? = nil
    ) throws {
        try self.init(weak: weak, strong: strong, rules: rules, clock: clock)
    }

    init(
        weak: [ScriptedTransport.Step], strong: ScriptedTransport.Step = .answer(200, #"{"from":"strong"}"#),
        rules: AttemptRules = AttemptRules(), clock: GatewayClock? = nil
    ) throws {
        let weakTransport = ScriptedTransport.scripted(weak)
        let strongTransport = ScriptedTransport(strong)
        (self.weak, self.strong) = (weakTransport, strongTransport)
        let own = clock == nil ? ManualClock() : nil
        self.clock = own
        let price = Price(
            inputPerMillion: Money(nanoDollars: 2_000_000_000), outputPerMillion: Money(nanoDollars: 4_000_000_000))
        let decider = try Decider(
            candidates: [Candidate(model: "weak", price: price), Candidate(model: "strong")], router: LengthRouter(),
            policy: .threshold(0.5))
        self.gateway = Gateway(
            directory: ModelDirectory(
                routes: [.init(name: "auto", decider: decider, rules: rules)],
                models: [
                    Upstream(model: "weak", provider: "one", id: "weak-1", price: price, transport: weakTransport),
                    Upstream(model: "strong", provider: "two", id: "strong-2", transport: strongTransport),
                ]),
            clock: clock ?? own.map { GatewayClock($0) } ?? GatewayClock(), makeID: { "dec_test" })
    }

    func chat(_ body: String, _ headers: HTTPFields = [:]) async throws -> (Reply, String) {
        guard let clock else { return try await answer(body, headers) }
        async let _: Void = gateway.run()
        // So slowly that no limit passes while anybody has something to do.
        async let _: Void = clock.runOn(by: .milliseconds(1))
        return try await answer(body, headers)
    }

    private func answer(_ body: String, _ headers: HTTPFields) async throws -> (Reply, String) {
        let reply = try await gateway.chat(ByteBuffer(string: body), headers: headers)
        return (reply, try await Self.text(of: reply))
    }

    static func text(of reply: Reply) async throws -> String {
        switch reply.body {
        case .whole(let bytes): return String(buffer: bytes)
        case .relayed(let rest):
            var text = ""
            while let chunk = try await rest.next() { text += String(buffer: chunk) }
            return text
        }
    }
}

extension ManualClock {
    /// Goes on step by step, giving way to everybody else between two steps, until the task is cancelled.
    func runOn(by step: Swift.Duration) async {
        while !Task.isCancelled {
            advance(by: step)
            await Task.yield()
        }
    }
}

extension ScriptedTransport {
    static func scripted(_ steps: [Step]) -> ScriptedTransport {
        let transport = ScriptedTransport(.fail(.connect))
        transport.replace(steps.isEmpty ? [.answer(200, #"{"from":"weak"}"#)] : steps)
        return transport
    }

    func replace(_ new: [Step]) { steps.withLock { $0 = new } }
}
