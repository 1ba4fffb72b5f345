import HTTPTypes
import NIOCore
import Testing
import TurnoutCore
import TurnoutProviders
import TurnoutRouting
import TurnoutTesting

@testable import TurnoutGateway

/// How fast models are found to be, and how long they may take, with a provider that takes its time.
@Suite(.timeLimit(.minutes(2)))
struct AttemptPaceTests {
    private let streamed = #"{"model":"auto","stream":true,"messages":[{"role":"user","content":"qq"}]}"#

    /// A gateway before a simulated provider whose clock goes on by itself.
    private func run(
        _ options: SimulatedTransport.Options, _ rules: AttemptRules = AttemptRules(),
        limits: AttemptLimits = AttemptLimits(), step: Duration = .milliseconds(1),
        _ body: @escaping @Sendable (Gateway, ManualClock) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        var upstream = Upstream(
            model: "weak", provider: "one", id: "weak-1",
            transport: SimulatedTransport(options: options, clock: clock, now: { 0 }))
        upstream.limits = limits
        let decider = try Decider(
            candidates: [Candidate(model: "weak")], router: LengthRouter(), policy: .threshold(0.5))
        let gateway = Gateway(
            directory: ModelDirectory(
                routes: [.init(name: "auto", decider: decider, rules: rules)], models: [upstream]),
            clock: GatewayClock(clock))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await gateway.run() }
            group.addTask { await clock.runOn(by: step) }
            try await body(gateway, clock)
            group.cancelAll()
        }
    }

    private func paced(_ tokensPerSecond: Double) -> SimulatedTransport.Options {
        var options = SimulatedTransport.Options()
        options.tokensPerSecond = tokensPerSecond
        return options
    }

    @Test("the pace of a stream is measured, whether it is passed on or kept back", arguments: [false, true])
    func pace(isKeptBack: Bool) async throws {
        try await run(paced(2), .with { $0.buffersAnswer = isKeptBack }) { gateway, _ in
            let reply = try await gateway.chat(ByteBuffer(string: streamed), headers: [:])
            if case .relayed = reply.body { #expect(!isKeptBack) }
            let text = try await GatewayFixture.text(of: reply)
            #expect(text.hasSuffix("data: [DONE]\n\n"))
            let speed = gateway.snapshot(of: ["weak"])[0].speed
            #expect(speed.firstToken != nil)
            #expect(abs((speed.tokensPerSecond ?? 0) - 2) < 0.3)
        }
    }

    @Test("the pace of a stream is known while it is under way")
    func paceUnderWay() async throws {
        try await run(paced(2)) { gateway, clock in
            let reply = try await gateway.chat(ByteBuffer(string: streamed), headers: [:])
            guard case .relayed(let rest) = reply.body else {
                Issue.record("it is no stream")
                return
            }
            var known: [Double] = []
            while try await rest.next() != nil {
                if let speed = gateway.snapshot(of: ["weak"])[0].speed.tokensPerSecond { known.append(speed) }
            }
            #expect(known.count > 5, "long before it ends")
            #expect(known.allSatisfy { abs($0 - 2) < 0.3 }, "\(known)")
        }
    }

    @Test("a reader that stops once spoils neither the pace before it nor the one after it")
    func stoppingReader() async throws {
        try await run(paced(2)) { gateway, clock in
            let reply = try await gateway.chat(ByteBuffer(string: streamed), headers: [:])
            guard case .relayed(let rest) = reply.body else {
                Issue.record("it is no stream")
                return
            }
            var (known, chunks): ([Double], Int) = ([], 0)
            while try await rest.next() != nil {
                chunks += 1
                if chunks == 30 { try await clock.sleep(for: .seconds(5)) }
                if let speed = gateway.snapshot(of: ["weak"])[0].speed.tokensPerSecond { known.append(speed) }
            }
            #expect(!known.isEmpty && known.allSatisfy { abs($0 - 2) < 0.3 }, "\(known) of \(chunks) chunks")
        }
    }

    @Test("a stream that nobody has begun yet makes its model look slow; once it is given up, it is as slow as it was")
    func waiting() async throws {
        var options = paced(100)
        options.firstToken = .seconds(30)
        var patient = AttemptLimits()
        patient.firstToken = .seconds(60)
        try await run(options, limits: patient) { gateway, clock in
            gateway.health.answered(gateway.directory.models[0], firstToken: .seconds(1), now: .zero)
            gateway.health.heard(gateway.directory.models[0], tokens: 50, in: .seconds(1), now: .zero)
            func expected() -> Double? {
                gateway.snapshot(of: ["weak"])[0].speed.condition(isAvailable: true, at: gateway.clock.now).speed?
                    .firstToken
            }
            let request = Task { _ = try await gateway.chat(ByteBuffer(string: streamed), headers: [:]) }
            while (expected() ?? 0) < 2 { await Task.yield() }
            #expect(gateway.snapshot(of: ["weak"])[0].speed.firstToken == 1, "its first token has not come")
            request.cancel()
            _ = await request.result
            let (now, later) = (expected(), gateway.snapshot(of: ["weak"])[0].speed.firstToken)
            #expect(now == later && (later ?? 0) > 1)
        }
    }

    @Test("a slow reader says nothing about the pace of its model")
    func slowReader() async throws {
        try await run(paced(20)) { gateway, clock in
            let reply = try await gateway.chat(ByteBuffer(string: streamed), headers: [:])
            guard case .relayed(let rest) = reply.body else {
                Issue.record("it is no stream")
                return
            }
            while try await rest.next() != nil { try await clock.sleep(for: .seconds(2)) }
            let speed = gateway.snapshot(of: ["weak"])[0].speed
            #expect(speed.firstToken != nil && speed.tokensPerSecond == nil)
        }
    }

    @Test("a model that may take half an hour is given it")
    func patient() async throws {
        var options = SimulatedTransport.Options()
        options.firstToken = .seconds(1500)
        var limits = AttemptLimits()
        (limits.wholeAnswer, limits.total) = (.seconds(3400), .seconds(3500))
        let body = #"{"model":"auto","messages":[{"role":"user","content":"qq"}]}"#
        try await run(options, limits: limits, step: .milliseconds(100)) { gateway, _ in
            let reply = try await gateway.chat(ByteBuffer(string: body), headers: [:])
            #expect(reply.status == 200)
        }
    }
}
