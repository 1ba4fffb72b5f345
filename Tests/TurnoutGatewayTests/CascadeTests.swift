import Foundation
import HTTPTypes
import NIOCore
import Testing
import TurnoutCore
import TurnoutProviders
import TurnoutRouting
import TurnoutTesting

@testable import TurnoutGateway

@Suite("A route whose first answer is judged")
struct CascadeTests {
    private static let usage = #""usage":{"prompt_tokens":1000,"completion_tokens":500}"#
    private static let poor = answer("poor")
    private static let fine = answer("fine")
    private static let streamed = [
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"po\"}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"or\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: [DONE]\n\n",
    ]
    private let ask = #"{"model":"auto","messages":[{"role":"user","content":"why?"}]}"#
    private var stream: String { ask.replacing(#""model""#, with: #""stream":true,"model""#) }

    private static func answer(_ text: String) -> String {
        #"{"choices":[{"index":0,"message":{"role":"assistant","content":"\#(text)"},"finish_reason":"stop"}],\#(usage)}"#
    }

    /// A verifier's answer with a chance that the answer is good.
    private static func grade(_ good: Double) -> ScriptedTransport.Step {
        let top = [("5", log(good)), ("1", log(1 - good))]
            .map { "{\"token\":\"\($0.0)\",\"logprob\":\($0.1)}" }.joined(separator: ",")
        return .answer(
            200,
            """
            {"choices":[{"index":0,"logprobs":{"content":[{"token":"5","logprob":-0.5,"top_logprobs":[\(top)]}]}}],\
            "usage":{"prompt_tokens":100,"completion_tokens":1}}
            """)
    }

    /// A gateway with a route `auto`: `weak`, judged by `judge`, then `strong`.
    private struct Fixture {
        let (weak, strong, judge): (ScriptedTransport, ScriptedTransport, ScriptedTransport)
        let gateway: Gateway

        init(
            weak: ScriptedTransport.Step = .answer(200, CascadeTests.poor),
            strong: ScriptedTransport.Step = .answer(200, CascadeTests.fine), judge: ScriptedTransport.Step,
            clock: GatewayClock = GatewayClock(), policy: Policy = .threshold(1)
        ) throws {
            (self.weak, self.strong, self.judge) = (
                ScriptedTransport(weak), ScriptedTransport(strong), ScriptedTransport(judge)
            )
            func upstream(_ name: ModelID, dollars: Int64, _ transport: ScriptedTransport) -> Upstream {
                let price = Money(nanoDollars: dollars * 1_000_000_000)
                return Upstream(
                    model: name, provider: "one", id: "\(name)-1",
                    price: Price(inputPerMillion: price, outputPerMillion: price), transport: transport)
            }
            let models = [
                upstream("weak", dollars: 2, self.weak), upstream("strong", dollars: 10, self.strong),
                upstream("judge", dollars: 1, self.judge),
            ]
            var options = CausalLLMClassifier.Options()
            options.prompt = .ofAnswers
            options.timeout = .seconds(60)
            let cascade = Cascade(
                verifier: CausalLLMClassifier(upstream: models[2], options: options),
                rule: try EscalationRule(leastScores: [0.7]))
            let decider = try Decider(
                candidates: models.prefix(2).map { Candidate(model: $0.model, price: $0.price) },
                router: LengthRouter(), policy: policy)
            gateway = Gateway(
                directory: ModelDirectory(
                    routes: [.init(name: "auto", decider: decider, cascade: cascade)], models: models),
                clock: clock, makeID: { "dec_test" })
        }

        func chat(_ body: String) async throws -> (Reply, String) {
            let reply = try await gateway.chat(ByteBuffer(string: body), headers: [:])
            return (reply, try await GatewayFixture.text(of: reply))
        }

        /// Each attempt's model, outcome and score.
        func attempts() async throws -> [String] {
            let text = try await GatewayFixture.text(of: gateway.decision(id: "dec_test"))
            let receipt = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            return try #require(receipt["attempts"] as? [[String: Any]]).map { attempt in
                let score = (attempt["score"] as? Double).map { " \(($0 * 100).rounded() / 100)" } ?? ""
                return "\(attempt["model"] ?? "") \(attempt["outcome"] ?? "")\(score)"
            }
        }
    }

    @Test("an answer that is graded well is given, and the verifier has seen question and answer")
    func accepted() async throws {
        let fixture = try Fixture(judge: Self.grade(0.75))
        let (reply, text) = try await fixture.chat(ask)
        #expect(text == Self.poor && fixture.strong.requests.isEmpty)
        #expect(reply.headers[DecisionHeaders.model] == "weak" && reply.headers[DecisionHeaders.attempts] == "1")
        #expect(reply.headers[DecisionHeaders.reason]?.hasSuffix("; graded 0.75 >= 0.7") == true)
        #expect(reply.headers[DecisionHeaders.cost] == "0.003101000", "the verifier's tokens count")
        #expect(try await fixture.attempts() == ["weak answered", "judge graded 0.75"])
        let question = String(buffer: try #require(fixture.judge.requests.first).body)
        #expect(question.contains(#"Question:\nwhy?\n\nAnswer:\npoor\n\nGrade:"#))
    }

    @Test("an answer that is graded badly is discarded, and all three calls are paid for")
    func escalated() async throws {
        let fixture = try Fixture(judge: Self.grade(0.42))
        let (reply, text) = try await fixture.chat(ask)
        #expect(text == Self.fine && reply.headers[DecisionHeaders.model] == "strong")
        #expect(reply.headers[DecisionHeaders.attempts] == "2")
        #expect(reply.headers[DecisionHeaders.reason]?.contains("; escalated: graded 0.42 < 0.7") == true)
        #expect(reply.headers[DecisionHeaders.cost] == "0.018101000")
        #expect(try await fixture.attempts() == ["weak escalated 0.42", "judge graded 0.42", "strong answered"])
    }

    @Test(
        "a verifier that says nothing escalates",
        arguments: [
            ScriptedTransport.Step.answer(500, "{}"), .fail(.connect), .answer(200, "nonsense"),
            .answer(200, #"{"choices":[{"logprobs":null}]}"#),
        ])
    func unjudged(step: ScriptedTransport.Step) async throws {
        let fixture = try Fixture(judge: step)
        let (reply, text) = try await fixture.chat(ask)
        #expect(text == Self.fine)
        let reason = try #require(reply.headers[DecisionHeaders.reason])
        #expect(reason.contains("; escalated: the verifier judge gave no grade: "))
        #expect(try await fixture.attempts() == ["weak escalated", "judge failed", "strong answered"])
    }

    @Test("a client that wants a stream gets the first answer whole and graded, or the second one as it comes")
    func streams() async throws {
        let good = try Fixture(weak: .stream(Self.streamed, nil), judge: Self.grade(0.9))
        #expect(try await good.chat(stream).1 == Self.streamed.joined())
        #expect(good.strong.requests.isEmpty)
        #expect(String(buffer: good.judge.requests[0].body).contains(#"Answer:\npoor\n\n"#))
        let bad = try Fixture(
            weak: .stream(Self.streamed, nil), strong: .stream(Self.streamed, nil), judge: Self.grade(0.1))
        let (reply, text) = try await bad.chat(stream)
        guard case .relayed = reply.body else { return #expect(Bool(false), "it was held back") }
        #expect(text == Self.streamed.joined() && reply.headers[DecisionHeaders.model] == "strong")
    }

    @Test("a first model that fails or is late is no more than a fallback")
    func failing() async throws {
        for step in [ScriptedTransport.Step.fail(.connect), .answer(500, "{}"), .hang] {
            let clock = ManualClock()
            let fixture = try Fixture(weak: step, judge: Self.grade(0.9), clock: GatewayClock(clock))
            async let _: Void = fixture.gateway.run()
            async let _: Void = clock.runOn(by: .milliseconds(100))
            let (reply, text) = try await fixture.chat(ask)
            #expect(text == Self.fine && fixture.judge.requests.isEmpty)
            #expect(reply.headers[DecisionHeaders.reason]?.contains("fell back after weak") == true)
            #expect(try await fixture.attempts() == ["weak failed", "strong answered"])
        }
    }

    @Test("when nobody else answers, the first answer is given after all")
    func afterAll() async throws {
        for step in [ScriptedTransport.Step.answer(401, "{}"), .answer(400, "{}")] {
            let fixture = try Fixture(strong: step, judge: Self.grade(0.42))
            let (reply, text) = try await fixture.chat(ask)
            #expect(reply.status == 200 && text == Self.poor && reply.headers[DecisionHeaders.model] == "weak")
            #expect(reply.headers[DecisionHeaders.reason]?.contains("< 0.7, but nobody else answered") == true)
            #expect(try await fixture.attempts() == ["weak answered", "judge graded 0.42", "strong failed"])
        }
    }

    @Test("what text alone does not show, and what the strongest answers, is not judged")
    func passedOn() async throws {
        let image = #"[{"type":"image_url","image_url":{"url":"x"}}]"#
        for body in [
            ask.replacing(#""model""#, with: #""tools":[{"type":"function","function":{"name":"f"}}],"model""#),
            ask.replacing(#""model""#, with: #""response_format":{"type":"json_object"},"model""#),
            ask.replacing(#""why?""#, with: image),
        ] {
            let fixture = try Fixture(judge: Self.grade(0.1))
            #expect(try await fixture.chat(body).1 == Self.poor, "\(body)")
            #expect(fixture.judge.requests.isEmpty && fixture.strong.requests.isEmpty)
        }
        let hard = try Fixture(judge: Self.grade(0.1), policy: .threshold(0))
        #expect(try await hard.chat(ask).1 == Self.fine)
        #expect(hard.judge.requests.isEmpty && hard.weak.requests.isEmpty)
    }

    @Test("a client that goes takes along whatever runs, and what was spent is known")
    func gone() async throws {
        let thinking = try Fixture(weak: .hang, judge: Self.grade(0.9))
        let judging = try Fixture(judge: .hang)
        let escalating = try Fixture(strong: .hang, judge: Self.grade(0.1))
        for (fixture, running, expected) in [
            (thinking, thinking.weak, ["weak client_gone"]), (judging, judging.judge, ["weak escalated"]),
            (escalating, escalating.strong, ["weak escalated 0.1", "judge graded 0.1", "strong client_gone"]),
        ] {
            let task = Task { try await fixture.chat(ask).1 }
            await running.arrived()
            task.cancel()
            await #expect(throws: CancellationError.self) { _ = try await task.value }
            await running.left()
            #expect(try await fixture.attempts() == expected)
        }
    }
}
