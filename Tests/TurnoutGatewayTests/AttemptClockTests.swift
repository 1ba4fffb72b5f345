import Foundation
import HTTPTypes
import NIOCore
import Testing
import TurnoutCore
import TurnoutTesting

@testable import TurnoutGateway

/// What takes time, on a clock that goes on whenever everybody waits for it.
@Suite(.timeLimit(.minutes(2)))
struct AttemptClockTests {
    private let ask = #"{"model":"auto","messages":[{"role":"user","content":"qq"}]}"#
    private let alone = #"{"model":"weak","messages":[{"role":"user","content":"qq"}]}"#
    private let streamed = #"{"model":"auto","stream":true,"messages":[{"role":"user","content":"qq"}]}"#
    private let word = "data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n"
    private let stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    private let done = "data: [DONE]\n\n"

    private func run<Value: Sendable>(
        weak: [ScriptedTransport.Step], strong: ScriptedTransport.Step = .answer(200, #"{"from":"strong"}"#),
        rules: AttemptRules = AttemptRules(),
        _ body: @escaping @Sendable (GatewayFixture, ManualClock) async throws -> Value
    ) async throws -> Value {
        let clock = ManualClock()
        let fixture = try GatewayFixture(weak: weak, strong: strong, rules: rules, clock: GatewayClock(clock))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await fixture.gateway.run() }
            group.addTask { await clock.runOn(by: .milliseconds(50)) }
            let value = try await body(fixture, clock)
            group.cancelAll()
            return value
        }
    }

    @Test("beside a silent model the next is asked, and the silent one is left, not to be asked again")
    func hedged() async throws {
        try await run(weak: [.hang]) { fixture, _ in
            let (reply, text) = try await fixture.chat(ask)
            #expect(text == #"{"from":"strong"}"# && reply.headers[DecisionHeaders.attempts] == "2")
            await fixture.weak.left()
            #expect(fixture.weak.requests.count == 1)
            let receipt = try await GatewayFixture.text(of: fixture.gateway.decision(id: "dec_test"))
            #expect(receipt.contains(#""outcome":"outrun""#) && receipt.contains(#""outcome":"answered""#))
        }
    }

    @Test("a model that is left for the next because it is late has failed, and was not outrun")
    func failedOver() async throws {
        let rules = AttemptRules.with { $0.slow = .failOver }
        try await run(weak: [.hang], rules: rules) { fixture, _ in
            let reply = try await fixture.chat(ask).0
            #expect(
                reply.headers[DecisionHeaders.reason]?.hasSuffix("fell back after weak: the provider took too long")
                    == true)
            await fixture.weak.left()
            let receipt = try await GatewayFixture.text(of: fixture.gateway.decision(id: "dec_test"))
            #expect(receipt.contains(#""outcome":"failed","reason":"it said nothing in time, and another was asked"#))
            #expect(!receipt.contains("outrun"))
            #expect(fixture.gateway.health.entry(model: "weak").failures == 1)
        }
    }

    @Test("where the one that took its place fails too, the error tells of both")
    func failedOverInVain() async throws {
        let rules = AttemptRules.with { ($0.slow, $0.budget) = (.failOver, 2) }
        try await run(weak: [.hang], strong: .answer(401, "{}"), rules: rules) { fixture, _ in
            let (reply, text) = try await fixture.chat(ask)
            #expect(reply.status == 401 && text.contains("weak (provider one): it said nothing in time"))
            #expect(text.contains("strong (provider two): status 401"))
        }
    }

    @Test("with nobody else to ask, a silent model is an error in the end")
    func silent() async throws {
        try await run(weak: [.hang]) { fixture, clock in
            let (reply, text) = try await fixture.chat(alone)
            #expect(reply.status == 504 && text.contains("weak (provider one): it said nothing in time"))
            #expect(
                ManualClock().now.duration(to: clock.now) >= .seconds(120), "four times the limit of thirty seconds")
        }
    }

    @Test("what a provider asks for in retry-after is waited for")
    func retryAfter() async throws {
        let steps: [ScriptedTransport.Step] = [.answer(429, "{}", retryAfter: "2"), .answer(200, #"{"from":"weak"}"#)]
        try await run(weak: steps) { fixture, clock in
            let text = try await fixture.chat(alone).1
            #expect(text == #"{"from":"weak"}"#)
            #expect(ManualClock().now.duration(to: clock.now) >= .seconds(2))
            #expect(fixture.weak.requests.count == 2)
        }
    }

    @Test("a stream that falls silent is taken up by another model")
    func stalled() async throws {
        let strong = ScriptedTransport.Step.stream([word, word, stop, done], nil)
        try await run(weak: [.stall([word])], strong: strong) { fixture, _ in
            let text = try await fixture.chat(streamed).1
            #expect(text == word + word + stop + done)
            await fixture.weak.left()
            #expect(fixture.weak.requests.count == 1, "who falls silent is not asked again")
        }
    }

    @Test("a finished stream whose connection stays open is ended, with the [DONE] it lacks")
    func noDone() async throws {
        try await run(weak: [.stall([word, stop])]) { fixture, _ in
            let text = try await fixture.chat(streamed).1
            #expect(text == word + stop + done)
        }
    }

    @Test("a route that keeps streams back begins them anew")
    func buffered() async throws {
        let rules = AttemptRules.with { $0.buffersAnswer = true }
        let strong = ScriptedTransport.Step.stream([word.replacing("hello", with: "other"), stop, done], nil)
        try await run(weak: [.stall([word])], strong: strong, rules: rules) { fixture, _ in
            let (reply, text) = try await fixture.chat(streamed)
            #expect(text == word.replacing("hello", with: "other") + stop + done)
            #expect(reply.headers[DecisionHeaders.model] == "strong")
        }
    }

    @Test(
        "a client that goes takes every attempt with it: thinking, beside another, between attempts, amid a stream",
        arguments: [0, 1, 2, 3])
    func clientGone(phase: Int) async throws {
        let weak: ScriptedTransport.Step =
            switch phase {
            case 2: .answer(429, "{}", retryAfter: "9")
            case 3: .stall([word])
            default: .hang
            }
        let clock = ManualClock()
        let fixture = try GatewayFixture(weak: weak, strong: .hang, clock: GatewayClock(clock))
        let body = [ask, ask, alone, streamed][phase]
        let request = Task { try await fixture.chat(body).0.status }
        await fixture.weak.arrived()
        if phase == 1 {
            // Nobody watches the clock here but the test.
            while fixture.strong.requests.isEmpty {
                clock.advance(by: .seconds(1))
                fixture.gateway.deadlines.fire()
                await Task.yield()
            }
        }
        while phase == 2, fixture.gateway.health.entry(model: "weak").failures == 0 { await Task.yield() }
        request.cancel()
        await #expect(throws: CancellationError.self) { try await request.value }
        if phase != 2 { await fixture.weak.left() }
        if phase == 1 { await fixture.strong.left() }
        let receipt = try await GatewayFixture.text(of: fixture.gateway.decision(id: "dec_test"))
        #expect(receipt.contains(phase == 2 ? #""outcome":"failed""# : #""outcome":"client_gone""#))
    }

    @Test("the time that a reader takes is not held against the provider")
    func slowReader() async throws {
        let clock = ManualClock()
        let fixture = try GatewayFixture(
            weak: .stream([word, word, word, stop, done], nil), strong: .hang, clock: GatewayClock(clock))
        let reply = try await fixture.gateway.chat(ByteBuffer(string: streamed), headers: [:])
        guard case .relayed(let rest) = reply.body else {
            Issue.record("it is no stream")
            return
        }
        var text = ""
        while let chunk = try await rest.next() {
            text += String(buffer: chunk)
            clock.advance(by: .seconds(60))
            fixture.gateway.deadlines.fire()
        }
        #expect(text == word + word + word + stop + done)
        #expect(fixture.strong.requests.isEmpty)
    }

    @Test("status shows who is well, as JSON and as a page")
    func status() async throws {
        let fixture = try GatewayFixture(weak: .answer(503, ""))
        for _ in 0..<3 { _ = try await fixture.chat(ask) }
        let json = try await GatewayFixture.text(of: fixture.gateway.status(headers: [:]))
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let models = object?["models"] as? [[String: Any]]
        #expect(models?.map { $0["state"] as? String } == ["open", "closed"])
        #expect(models?[0]["last_failure"] as? String == "status 503, the provider is overloaded")
        let page = try await GatewayFixture.text(of: fixture.gateway.status(headers: [.accept: "text/html,*/*"]))
        #expect(page.hasPrefix("<!doctype html>") && page.contains("<td>weak</td>"))
    }
}
