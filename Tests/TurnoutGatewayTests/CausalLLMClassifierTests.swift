import Foundation
import HTTPTypes
import NIOCore
import Testing
import TurnoutCore
import TurnoutProviders
import TurnoutRouting

@testable import TurnoutGateway

@Suite("Asking a language model for the score")
struct CausalLLMClassifierTests {
    private static func answer(_ positions: [(String, [(String, Double)])]) -> String {
        let content = positions.map { token, top in
            let list = top.map { "{\"token\":\(JSONText.quoted($0.0)),\"logprob\":\($0.1),\"bytes\":[52]}" }
            let own = top.first { $0.0 == token }?.1 ?? -1
            return
                "{\"token\":\(JSONText.quoted(token)),\"logprob\":\(own),\"top_logprobs\":[\(list.joined(separator: ","))]}"
        }
        return """
            {"choices":[{"index":0,"message":{"role":"assistant","content":"4"},"logprobs":{"content":\
            [\(content.joined(separator: ","))]},"finish_reason":"stop"}]}
            """
    }

    private func classifier(
        _ transport: ScriptedTransport, timeout: Duration = .seconds(60)
    ) -> CausalLLMClassifier {
        var options = CausalLLMClassifier.Options()
        options.timeout = timeout
        return CausalLLMClassifier(
            upstream: Upstream(model: "judge", provider: "one", id: "judge-1", transport: transport), options: options)
    }

    @Test("one request asks for a few tokens with their log-probabilities, and the answer becomes a chance")
    func asks() async throws {
        let transport = ScriptedTransport(.answer(200, Self.answer([("4", [("4", log(0.6)), ("2", log(0.2))])])))
        let reading = try await classifier(transport).read("Is \"this\" hard?")
        guard case .weakSuffices(let chance) = reading.answer else { return #expect(Bool(false), "\(reading)") }
        #expect(abs(chance - 0.75) < 1e-9 && reading.problem == nil)
        let request = try #require(transport.requests.first)
        #expect(request.endpoint == "chat/completions" && !request.streams)
        let body = try #require(
            try JSONSerialization.jsonObject(with: Data(request.body.readableBytesView)) as? [String: Any])
        #expect(body["model"] as? String == "judge-1" && body["logprobs"] as? Bool == true)
        #expect(body["top_logprobs"] as? Int == 20 && body["max_tokens"] as? Int == 4)
        #expect(body["temperature"] as? Double == 0)
        let messages = try #require(body["messages"] as? [[String: String]])
        #expect(messages.map { $0["role"] } == ["system", "user"])
        #expect(messages[1]["content"] == "Question:\nIs \"this\" hard?\n\nGrade:")
    }

    @Test(
        "whatever goes wrong, it decides nothing and says why",
        arguments: [
            (ScriptedTransport.Step.answer(500, "{}"), "status 500"),
            (.answer(404, "{}"), "status 404"),
            (.answer(200, "nonsense"), "no chat completion"),
            (.answer(200, #"{"choices":[]}"#), "no log-probabilities"),
            (.answer(200, #"{"choices":[{"index":0,"logprobs":null}]}"#), "no log-probabilities"),
            (.fail(.connect), "scripted"),
            (.answer(200, answer([("The", [("The", -0.1), ("4", -3)])])), "gave no score"),
        ])
    func fails(step: ScriptedTransport.Step, words: String) async throws {
        let reading = try await classifier(ScriptedTransport(step)).read("text")
        #expect(reading.answer == .nothing)
        #expect(reading.problem?.contains(words) == true, "\(reading.problem ?? "")")
        #expect(reading.problem?.hasPrefix("the classifier judge decided nothing: ") == true)
    }

    @Test("a classifier that is late is not waited for, and the strong model answers")
    func late() async throws {
        let reading = try await classifier(ScriptedTransport(.hang), timeout: .milliseconds(1)).read("text")
        #expect(reading.answer == .nothing && reading.problem?.contains("longer than") == true)
    }

    @Test("a client that has gone takes the question with it")
    func cancelled() async throws {
        let transport = ScriptedTransport(.hang)
        let asking = classifier(transport)
        let task = Task { try await asking.read("text") }
        await transport.arrived()
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    @Test("a route with a classifier asks it, then the model that its score means")
    func route() async throws {
        for (token, expected) in [("5", "weak"), ("1", "strong")] {
            let judge = ScriptedTransport(.answer(200, Self.answer([(token, [(token, -0.01)])])))
            let (weak, strong) = (
                ScriptedTransport(.answer(200, #"{"from":"weak"}"#)),
                ScriptedTransport(.answer(200, #"{"from":"strong"}"#))
            )
            let decider = try Decider(
                candidates: [Candidate(model: "weak"), Candidate(model: "strong")],
                router: CausalLLMRouter(classifier: "judge"), policy: .threshold(0.5))
            let gateway = Gateway(
                directory: ModelDirectory(
                    routes: [.init(name: "auto", decider: decider, classifier: classifier(judge))],
                    models: [
                        Upstream(model: "weak", provider: "one", id: "w", transport: weak),
                        Upstream(model: "strong", provider: "one", id: "s", transport: strong),
                    ]))
            let body = #"{"model":"auto","messages":[{"role":"user","content":"hello"}]}"#
            let reply = try await gateway.chat(ByteBuffer(string: body), headers: [:])
            #expect(reply.headers[DecisionHeaders.model] == expected && judge.requests.count == 1)
            let dry = try await gateway.route(ByteBuffer(string: body), headers: [:])
            #expect(dry.headers[DecisionHeaders.model] == expected && judge.requests.count == 2)
        }
    }
}
