import Foundation
import HTTPTypes
import NIOCore
import Testing
import TurnoutCore
import TurnoutProviders
import TurnoutRouting

@testable import TurnoutGateway

struct GatewayTests {
    private let ask = #"{"model":"auto","messages":[{"role":"user","content":"qq"}],"x":1}"#
    private let hard =
        #"{"model":"auto","messages":[{"role":"user","content":"\#(String(repeating: "x", count: 90))"}]}"#
    private let streamed = #"{"model":"auto","stream":true,"messages":[{"role":"user","content":"qq"}]}"#
    private let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
    private let word = "data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n"
    private let stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"

    @Test("the route decides, the body travels with the provider's name of the model, the headers say what happened")
    func routed() async throws {
        let fixture = try GatewayFixture()
        let (reply, text) = try await fixture.chat(ask)
        #expect(reply.status == 200)
        #expect(text == #"{"from":"weak"}"#)
        #expect(String(buffer: fixture.weak.requests[0].body) == ask.replacing("auto", with: "weak-1"))
        #expect(reply.headers[DecisionHeaders.decision] == "dec_test")
        #expect(reply.headers[DecisionHeaders.model] == "weak")
        #expect(reply.headers[DecisionHeaders.reason] == "score 0.020 < 0.500 (threshold: 0.5)")
        #expect(reply.headers[DecisionHeaders.attempts] == "1")
        #expect(reply.headers[DecisionHeaders.cost] == nil)
        #expect(try await fixture.chat(hard).1 == #"{"from":"strong"}"#)
    }

    @Test("the cost is told when price and tokens are known")
    func cost() async throws {
        let answer = #"{"usage":{"prompt_tokens":1000,"completion_tokens":500,"total_tokens":1500}}"#
        let fixture = try GatewayFixture(weak: .answer(200, answer), strong: .answer(200, answer))
        #expect(try await fixture.chat(ask).0.headers[DecisionHeaders.cost] == "0.004000000")
        #expect(try await fixture.chat(hard).0.headers[DecisionHeaders.cost] == nil, "its price is unknown")
    }

    @Test(
        "what another provider may do better is tried there, whole",
        arguments: [
            ScriptedTransport.Step.fail(.connect), .fail(.timeout), .answer(429, "{}"), .answer(503, ""),
            .answer(302, ""), .answer(401, "{}"), .answer(404, "{}"),
            .answer(400, #"{"error":{"code":"context_length_exceeded","message":"too long"}}"#),
            .answer(200, #"{"error":{"code":"rate_limit_exceeded","message":"overloaded"}}"#),
        ])
    func fallback(step: ScriptedTransport.Step) async throws {
        let fixture = try GatewayFixture(weak: step)
        let (reply, text) = try await fixture.chat(ask)
        #expect(reply.status == 200)
        #expect(text == #"{"from":"strong"}"#)
        #expect(reply.headers[DecisionHeaders.model] == "strong")
        #expect(reply.headers[DecisionHeaders.attempts] == "2")
        #expect(reply.headers[DecisionHeaders.reason]?.contains("fell back after weak") == true)
    }

    @Test("what another provider may do better is tried there, streamed, as long as nothing was said")
    func streamedFallback() async throws {
        let early: [ScriptedTransport.Step] = [
            .fail(.connect), .answer(429, "{}"), .fail(.timeout),
            .stream([role, "data: {\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"busy\"}}\n\n"], nil),
        ]
        for step in early {
            let fixture = try GatewayFixture(weak: step, strong: .stream([role, word, stop, "data: [DONE]\n\n"], nil))
            let (reply, text) = try await fixture.chat(streamed)
            #expect(text == role + word + stop + "data: [DONE]\n\n", "\(step)")
            #expect(reply.headers[DecisionHeaders.attempts] == "2")
        }
    }

    @Test("a stream that dies after its first word goes on where another one repeats it")
    func spliced() async throws {
        let half = #"data: {"choices":[{"delta":{"con"#
        for step in [
            ScriptedTransport.Step.stream([role, word + half], nil), .stream([role, word + half], .connectionLost),
        ] {
            let fixture = try GatewayFixture(weak: step, strong: .stream([role, word, word, stop], nil))
            let (reply, text) = try await fixture.chat(streamed)
            #expect(reply.headers[DecisionHeaders.attempts] == "1", "the head was sent before")
            #expect(text == role + word + word + stop + "data: [DONE]\n\n")
            #expect(fixture.weak.requests.count == 2, "the model that broke off is asked first")
            #expect(fixture.strong.requests.count == 1)
        }
    }

    @Test("a stream that dies and cannot be completed says so and is not passed off as whole")
    func brokenOff() async throws {
        let other = word.replacing("hello", with: "other")
        for step in [
            ScriptedTransport.Step.stream([role, word], nil), .stream([role, word, "data: [DONE]\n\n"], nil),
        ] {
            let fixture = try GatewayFixture(weak: step, strong: .stream([role, other, stop], nil))
            let text = try await fixture.chat(streamed).1
            #expect(!text.contains("[DONE]"))
            #expect(
                text.hasPrefix(
                    role + word + "data: {\"error\":{\"message\":\"the answer of weak (provider one) broke off"))
            #expect(text.contains(#""code":"stream_interrupted""#) && text.contains("not the one that was begun"))
            #expect(!text.contains("other\"}"), "nothing of another answer is shown")
        }
    }

    @Test("tool calls are not taken up by another stream")
    func toolCalls() async throws {
        let call =
            "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\"}}]}}]}\n\n"
        let fixture = try GatewayFixture(weak: .stream([role, call], nil))
        #expect(try await fixture.chat(streamed).1.contains("stream_interrupted"))
        #expect(fixture.weak.requests.count == 1 && fixture.strong.requests.isEmpty)
    }

    @Test("a stream that lacks [DONE], or dies after its finish reason, is complete")
    func complete() async throws {
        for failure in [nil, UpstreamFailure.Kind.connectionLost] {
            let fixture = try GatewayFixture(weak: .stream([role, word, stop], failure))
            #expect(try await fixture.chat(streamed).1 == role + word + stop + "data: [DONE]\n\n")
        }
    }

    @Test("usage is always asked for, and passed on only to whoever wants it")
    func usage() async throws {
        let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n"
        for (options, isWanted) in [
            ("", false), (#""stream_options":{},"#, false), (#""stream_options":{"x":1},"#, false),
            (#""stream_options":{"include_usage":false},"#, false), (#""stream_options":null,"#, false),
            (#""stream_options":{"include_usage":true},"#, true),
        ] {
            let fixture = try GatewayFixture(weak: .stream([word, stop, usage, "data: [DONE]\n\n"], nil))
            let text = try await fixture.chat(
                streamed.replacing(#""stream":true,"#, with: #""stream":true,\#(options)"#)
            ).1
            #expect(text.contains("usage") == isWanted, "\(options)")
            let sent = Data(String(buffer: fixture.weak.requests[0].body).utf8)
            let body = try JSONSerialization.jsonObject(with: sent) as? [String: Any]
            #expect((body?["stream_options"] as? [String: Any])?["include_usage"] as? Bool == true, "\(options)")
            let receipt = try await GatewayFixture.text(of: fixture.gateway.decision(id: "dec_test"))
            #expect(
                receipt.contains(#""outcome":"answered","events":1,"usage":{"prompt_tokens":1,"completion_tokens":2}"#))
        }
    }

    @Test("an answer to the request itself is passed on as it is", arguments: [400, 413, 422])
    func passedOn(status: Int) async throws {
        let fixture = try GatewayFixture(weak: .answer(status, #"{"error":{"message":"theirs"}}"#))
        let (reply, text) = try await fixture.chat(ask)
        #expect(reply.status == status)
        #expect(text == #"{"error":{"message":"theirs"}}"#)
        #expect(fixture.strong.requests.isEmpty)
    }

    @Test("a refusal of the content is passed on in the provider's words, and nobody else is asked")
    func contentPolicy() async throws {
        let body = #"{"error":{"code":"content_policy_violation","message":"no"}}"#
        let fixture = try GatewayFixture(weak: .answer(403, body))
        let (reply, text) = try await fixture.chat(ask)
        #expect(reply.status == 403 && text == body)
        #expect(fixture.strong.requests.isEmpty)
    }

    @Test("when all fail the last status stands, with everybody's name and words and the least wait")
    func exhausted() async throws {
        let fixture = try GatewayFixture(
            weak: .answer(401, "{}"), strong: .answer(429, #"{"error":{"message":"slow down"}}"#, retryAfter: "60"))
        let (reply, text) = try await fixture.chat(ask)
        #expect(reply.status == 429)
        #expect(reply.headers[.retryAfter] == "60")
        #expect(text.contains("weak (provider one): status 401; strong (provider two): status 429: slow down"))
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [String: Any]]
        #expect((object?["error"]?["attempts"] as? [Any])?.count == 2)
        #expect(reply.headers[DecisionHeaders.attempts] == "2")
        let again = try await fixture.chat(ask)
        #expect(again.0.status == 401, "who wants to be left alone for a minute is left alone")
        #expect(fixture.strong.requests.count == 1)
    }

    @Test("an error or a redirect in place of an answer is a failure of the provider, in its words")
    func inPlaceOfAnAnswer() async throws {
        let fixture = try GatewayFixture(
            weak: .answer(200, #"{"error":{"code":"model_not_found","message":"gone"}}"#), strong: .answer(308, ""))
        let (reply, text) = try await fixture.chat(ask)
        #expect(reply.status == 502)
        #expect(text.contains("it reported an error in place of an answer: gone; strong (provider two): status 308"))
    }

    @Test("a model asked for by name is asked, and nothing else")
    func named() async throws {
        let fixture = try GatewayFixture(weak: .fail(.timeout))
        let (reply, text) = try await fixture.chat(ask.replacing("auto", with: "weak"))
        #expect(reply.status == 504)
        #expect(text.contains("the model failed: weak (provider one)"))
        #expect(reply.headers[DecisionHeaders.reason]?.hasPrefix("asked for by name") == true)
        #expect(fixture.strong.requests.isEmpty)
    }

    @Test(
        "RouteLLM's names carry a threshold",
        arguments: [("router-auto-0.01", "strong"), ("router-auto-0.9", "weak"), ("router-default-0.02", "strong")])
    func routeLLM(name: String, expected: String) async throws {
        let (reply, _) = try await GatewayFixture().chat(ask.replacing("auto", with: name))
        #expect(reply.headers[DecisionHeaders.model] == expected)
    }

    @Test(
        "a header replaces the policy",
        arguments: [("threshold=0.01", "strong"), ("strong_share=1", "strong"), ("strong_share = 0", "weak")])
    func policyHeader(value: String, expected: String) async throws {
        let (reply, _) = try await GatewayFixture().chat(ask, [DecisionHeaders.policy: value])
        #expect(reply.headers[DecisionHeaders.model] == expected)
    }

    @Test(
        "what cannot be taken is refused with a status, a code and a sentence",
        arguments: [
            (#"{"model":"nope","messages":[{}]}"#, 404, "model_not_found", "auto, weak, strong"),
            (#"{"model":"router-auto-1.5","messages":[{}]}"#, 400, "invalid_threshold", "between 0 and 1"),
            (#"{"model":"router-auto-x","messages":[{}]}"#, 400, "invalid_threshold", "between 0 and 1"),
            (#"{"model":"router-auto-nan","messages":[{}]}"#, 400, "invalid_threshold", "between 0 and 1"),
            (#"{"model":"router-nope-0.5","messages":[{}]}"#, 404, "model_not_found", "auto"),
            (#"{"messages":[{}]}"#, 400, nil, "'model' is missing"),
            (#"{"model":"auto"}"#, 400, nil, "'messages' is missing"),
            (#"{"model":"auto","messages":[]}"#, 400, nil, "'messages' is missing or empty"),
            (#"{"model":"#, 400, "invalid_body", "at byte 9"),
            ("", 400, "invalid_body", "at byte 0"),
        ] as [(String, Int, String?, String)])
    func refused(body: String, status: Int, code: String?, words: String) async throws {
        let (reply, text) = try await GatewayFixture().chat(body)
        #expect(reply.status == status)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [String: Any]]
        #expect(object?["error"]?["code"] as? String == code)
        #expect((object?["error"]?["message"] as? String)?.contains(words) == true, "\(text)")
    }

    @Test(
        "a policy header that says nothing known is refused",
        arguments: ["share=1", "threshold=2", "threshold", "strong_share=nan"])
    func badPolicy(value: String) async throws {
        #expect(try await GatewayFixture().chat(ask, [DecisionHeaders.policy: value]).0.status == 400)
    }

    @Test("a dry run and /v1/route decide, ask nobody, and can be looked up")
    func receipts() async throws {
        let fixture = try GatewayFixture()
        let dry = try await fixture.chat(ask, [DecisionHeaders.dryRun: "1"])
        let routed = try await fixture.gateway.route(ByteBuffer(string: #"{"prompt":"qq"}"#), headers: [:])
        let found = fixture.gateway.decision(id: "dec_test")
        #expect(fixture.weak.requests.isEmpty && fixture.strong.requests.isEmpty)
        for text in [dry.1, try await GatewayFixture.text(of: routed), try await GatewayFixture.text(of: found)] {
            let receipt = try JSONDecoder().decode(DecisionReceipt.self, from: Data(text.utf8))
            #expect(receipt.decision == "dec_test" && receipt.model == "weak" && receipt.score == 0.02)
            #expect(receipt.candidates.map(\.rank) == [1, 2])
            #expect(!text.contains("qq"), "no part of the prompt")
        }
        #expect(found.headers[DecisionHeaders.decision] == "dec_test")
        #expect(found.headers[DecisionHeaders.attempts] == nil && found.headers[DecisionHeaders.model] == nil)
        #expect(fixture.gateway.decision(id: "dec_other").status == 404)
    }

    @Test("a client that goes while a provider is thinking is no failure of the provider")
    func cancelled() async throws {
        let fixture = try GatewayFixture(weak: .hang)
        let task = Task { try await fixture.chat(ask).0.status }
        await fixture.weak.arrived()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(fixture.weak.requests.count == 1 && fixture.strong.requests.isEmpty)
    }

    @Test("routes come first in the list of models")
    func models() async throws {
        let text = try await GatewayFixture.text(of: try GatewayFixture().gateway.models())
        let ids = text.matches(of: /"id":"([^"]+)"/).map { String($0.1) }
        #expect(ids == ["auto", "weak", "strong"])
    }

    @Test("the log keeps the latest decisions and no more")
    func bounded() {
        let log = DecisionLog(capacity: 3)
        for number in 0..<10 { log.record(.named("m"), id: "\(number)") }
        #expect((0..<10).filter { log.entry(id: "\($0)") != nil } == [7, 8, 9])
    }
}
