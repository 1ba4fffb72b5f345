import Foundation
import HTTPTypes
import NIOCore
import Testing
import TurnoutCore
import TurnoutProviders
import TurnoutRouting
import TurnoutTesting

@testable import TurnoutGateway

/// Conversations as clients see them, on a route whose policy sends long questions to `strong`.
struct ConversationTests {
    /// Of enough words to be no follow-up, which would be judged with the question before it.
    private let short = #"{"role":"user","content":"what do bees eat in winter"}"#
    private let long = #"{"role":"user","content":"\#(String(repeating: "x", count: 90))"}"#
    private let said = #"{"role":"assistant","content":"ok"}"#

    private func body(_ messages: String..., user: String? = nil) -> String {
        let user = user.map { "\"user\":\"\($0)\"," } ?? ""
        return "{\(user)\"model\":\"auto\",\"messages\":[\(messages.joined(separator: ","))]}"
    }

    private static func answer(prompt: Int, cached: Int = 0) -> ScriptedTransport.Step {
        .answer(
            200,
            #"{"usage":{"prompt_tokens":\#(prompt),"completion_tokens":100,"prompt_tokens_details":{"cached_tokens":\#(cached)}}}"#
        )
    }

    /// A fixture in which leaving `strong` costs its cache.
    private func fixture(
        weak: ScriptedTransport.Step = answer(prompt: 19_900), strong: ScriptedTransport.Step = answer(prompt: 20_000)
    ) throws -> ConversationFixture {
        try ConversationFixture(weak: weak, strong: strong)
    }

    @Test("it stays with the model whose cache it fills, moves up at any turn, and says so")
    func stays() async throws {
        let fixture = try fixture()
        #expect(try await fixture.model(body(short)) == "weak")
        #expect(try await fixture.model(body(short, said, long)) == "strong", "upwards at once")
        let again = body(short, said, long, said, short)
        let reply = try await fixture.chat(again)
        #expect(reply.headers[DecisionHeaders.model] == "strong")
        #expect(
            reply.headers[DecisionHeaders.reason]
                == "stays with strong: its prompt cache is worth more than the saving")
        let receipt = try await fixture.receipt()
        let known = try #require(receipt.conversation)
        #expect(known.turns == 2 && known.cachedTokens == 20_100 && known.model == "strong")
        #expect(try await fixture.model(body(short)) == "weak", "another conversation begins")
    }

    @Test("a name or a user tells apart what begins alike, and a name holds whatever else changes")
    func names() async throws {
        let fixture = try fixture()
        let next = body(long, said, short), other = body(#"{"role":"user","content":"?"}"#, said, short)
        let (a, b): (HTTPFields, HTTPFields) = ([DecisionHeaders.session: "a"], [DecisionHeaders.session: "b"])
        _ = try await fixture.chat(body(long), a)
        #expect(try await fixture.model(other, a) == "strong")
        #expect(try await fixture.model(next, b) == "weak")
        #expect(try await fixture.model(next) == "weak", "known by its name only")
        _ = try await fixture.chat(body(long, user: "u"))
        #expect(try await fixture.model(body(long, said, short, user: "v")) == "weak")
        #expect(try await fixture.model(body(long, said, short, user: "u")) == "strong")
        #expect(try await fixture.model(body(#"{"role":"user","content":"?"}"#, said, short, user: "u")) == "weak")
    }

    @Test("/v1/route and dry runs read a conversation and do not write it")
    func dryRuns() async throws {
        let fixture = try fixture()
        let next = body(long, said, short)
        _ = try await fixture.chat(body(long), [DecisionHeaders.dryRun: "1"])
        _ = try await fixture.gateway.route(ByteBuffer(string: body(long)), headers: [:])
        #expect(try await fixture.receipt(of: next).conversation == nil)
        _ = try await fixture.chat(body(long))
        for _ in 0..<3 {
            #expect(try await fixture.receipt(of: next).conversation?.turns == 1)
            #expect(
                try await fixture.chat(next, [DecisionHeaders.dryRun: "1"]).headers[DecisionHeaders.model] == "strong")
        }
    }

    @Test("a fallback that answered is the conversation's model; what overflowed is not asked again")
    func fallback() async throws {
        let overflow = ScriptedTransport.Step.answer(
            400, #"{"error":{"code":"context_length_exceeded","message":"too long"}}"#)
        let fixture = try fixture(weak: overflow)
        #expect(try await fixture.model(body(short)) == "strong")
        let reply = try await fixture.chat(body(short, said, short))
        #expect(reply.headers[DecisionHeaders.model] == "strong" && reply.headers[DecisionHeaders.attempts] == "1")
        #expect(try await fixture.receipt().candidates[0].filtered == ["context_window"])
        #expect(fixture.weak.requests.count == 1)
    }

    @Test("it is forgotten when nobody goes on with it, or where the route remembers none")
    func forgotten() async throws {
        let fixture = try fixture()
        _ = try await fixture.chat(body(long))
        fixture.clock.advance(by: .seconds(3_601))
        #expect(try await fixture.receipt(of: body(long, said, short)).conversation == nil)
        let off = try ConversationFixture(
            weak: Self.answer(prompt: 20), strong: Self.answer(prompt: 20_000), idle: nil)
        _ = try await off.chat(body(long))
        #expect(try await off.model(body(long, said, short)) == "weak")
    }

    // MARK: Thoughts

    private let thinking = #"{"role":"assistant","content":"ok","reasoning_content":"hm"}"#
    private let calling =
        #"{"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[{"id":"1"}]}"#
    private let result = #"{"role":"tool","tool_call_id":"1","content":"42"}"#

    private func thoughts(_ transport: ScriptedTransport) -> Int {
        let sent = transport.requests.last.map { String(buffer: $0.body) } ?? ""
        return sent.components(separatedBy: "hm").count - 1
    }

    @Test("thoughts go back to their issuer, and to nobody else")
    func thoughts() async throws {
        let fixture = try fixture(strong: Self.answer(prompt: 20))
        #expect(try await fixture.model(body(short)) == "weak")
        #expect(try await fixture.model(body(short, thinking, short)) == "weak")
        #expect(thoughts(fixture.weak) == 1)
        #expect(try await fixture.model(body(short, thinking, short, thinking, long)) == "strong")
        #expect(thoughts(fixture.strong) == 0)
        #expect(
            String(buffer: try #require(fixture.strong.requests.last).body)
                == body(short, said, short, said, long).replacing("auto", with: "strong-2"))
        #expect(try await fixture.model(body(short, thinking, short, thinking, long, thinking, long)) == "strong")
        #expect(thoughts(fixture.strong) == 1, "its own, of the three")
    }

    @Test("a fallback does not get the thoughts of the model that failed")
    func fallbackThoughts() async throws {
        let fixture = try fixture()
        _ = try await fixture.chat(body(short))
        fixture.weak.replace([.fail(.connect)])
        #expect(try await fixture.model(body(short, thinking, short)) == "strong")
        #expect(thoughts(fixture.weak) == 1 && thoughts(fixture.strong) == 0)
    }

    @Test(
        "nobody knows whose the thoughts of an unknown conversation are, but those of a tool loop are the chosen model's"
    )
    func unknownThoughts() async throws {
        let fixture = try fixture()
        #expect(try await fixture.model(body(short, thinking, short)) == "weak")
        #expect(thoughts(fixture.weak) == 0)
        let loop = body(#"{"role":"user","content":"?"}"#, thinking, short, calling, result)
        #expect(try await fixture.model(loop) == "weak")
        #expect(thoughts(fixture.weak) == 1, "the loop's, of the two")
        #expect(try await fixture.model(loop.replacing("auto", with: "weak")) == "weak")
        #expect(thoughts(fixture.weak) == 2, "asked for by name: as it came")
    }
}

/// A gateway on a clock of its own, with prices at which caches matter.
struct ConversationFixture {
    let weak: ScriptedTransport
    let strong: ScriptedTransport
    let gateway: Gateway
    let clock = ManualClock()

    init(weak: ScriptedTransport.Step, strong: ScriptedTransport.Step, idle: Duration? = .seconds(3_600)) throws {
        (self.weak, self.strong) = (ScriptedTransport(weak), ScriptedTransport(strong))
        func price(_ input: Int64, read: Int64, write: Int64) -> Price {
            func cents(_ value: Int64) -> Money { Money(nanoDollars: value * 10_000_000) }
            return Price(
                inputPerMillion: cents(input), outputPerMillion: cents(5 * input), cacheReadPerMillion: cents(read),
                cacheWritePerMillion: cents(write))
        }
        let models = [
            Upstream(
                model: "weak", provider: "one", id: "weak-1", price: price(100, read: 10, write: 125),
                transport: self.weak),
            Upstream(
                model: "strong", provider: "two", id: "strong-2", price: price(300, read: 30, write: 375),
                transport: self.strong),
        ]
        let decider = try Decider(
            candidates: models.map { Candidate(model: $0.model, price: $0.price) }, router: RisingRouter(),
            policy: .threshold(0.5))
        gateway = Gateway(
            directory: ModelDirectory(
                routes: [.init(name: "auto", decider: decider, conversationIdle: idle)], models: models),
            clock: GatewayClock(clock), makeID: { "dec_test" })
    }

    func chat(_ body: String, _ headers: HTTPFields = [:]) async throws -> Reply {
        try await gateway.chat(ByteBuffer(string: body), headers: headers)
    }

    func model(_ body: String, _ headers: HTTPFields = [:]) async throws -> String? {
        try await chat(body, headers).headers[DecisionHeaders.model]
    }

    /// The receipt of the latest decision.
    func receipt() async throws -> DecisionReceipt {
        let text = try await GatewayFixture.text(of: gateway.decision(id: "dec_test"))
        return try JSONDecoder().decode(DecisionReceipt.self, from: Data(text.utf8))
    }

    /// The receipt of a request that is not carried out.
    func receipt(of body: String) async throws -> DecisionReceipt {
        let reply = try await gateway.route(ByteBuffer(string: body), headers: [:])
        return try JSONDecoder().decode(DecisionReceipt.self, from: Data(try await GatewayFixture.text(of: reply).utf8))
    }
}

/// Scores by length like ``LengthRouter``, and expects more of each candidate than of the one before.
private struct RisingRouter: Router {
    private let base = LengthRouter()
    var card: ArtifactCard { base.card }

    func assess(_ text: String, candidates: [ModelID]) -> Assessment {
        Assessment(
            score: base.assess(text, candidates: candidates).score,
            estimates: candidates.indices.map { Estimate(value: 0.5 + 0.1 * Double($0), low: 0, high: 1) })
    }

    func referenceScores(candidates: [ModelID]) -> [Double] { base.referenceScores(candidates: candidates) }

    func validate(candidates: [ModelID]) throws {}
}
