import Foundation
import HTTPTypes
import NIOCore
import Synchronization
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics
import TurnoutProviders
import TurnoutRouting

@testable import TurnoutGateway

/// Reads up to four letters of a text; its vector is their number and a third of it.
private struct LetterEncoder: TextEncoder {
    let name = "letters"
    let fingerprint = "00"
    let dimension = 2
    var onEncode: @Sendable () -> Void = {}

    func tokenCount(of text: String) -> TokenCount {
        TokenCount(min(text.count, 4), isTruncated: text.count > 4)
    }

    func encode(_ text: String) -> [Float] {
        onEncode()
        let count = Float(min(text.count, 4))
        return [count, text == "broken" ? .nan : count / 3]
    }
}

struct EmbeddingsTests {
    private struct Answer: Decodable {
        struct Element: Decodable { let object: String, index: Int, embedding: [Float] }
        struct Usage: Decodable { let prompt_tokens: Int, total_tokens: Int }
        let object: String, data: [Element], model: String, usage: Usage
    }

    private static let price = Price(
        inputPerMillion: Money(nanoDollars: 2_000_000_000), outputPerMillion: Money(nanoDollars: 4_000_000_000))

    private func gateway(
        _ upstream: ScriptedTransport = ScriptedTransport(.answer(200, "{}")), encoder: LetterEncoder = LetterEncoder()
    ) throws -> Gateway {
        let weak = Upstream(model: "weak", provider: "one", id: "weak-1", price: Self.price, transport: upstream)
        let decider = try Decider(
            candidates: [Candidate(model: "weak")], router: LengthRouter(), policy: .threshold(0.5))
        return Gateway(
            directory: ModelDirectory(
                routes: [.init(name: "auto", decider: decider)], models: [weak],
                encoders: [LocalEncoder(model: "letters", encoder: encoder)]))
    }

    private func ask(
        _ gateway: Gateway, _ body: String, _ headers: HTTPFields = [:]
    ) async throws -> (reply: Reply, text: String) {
        let reply = try await gateway.embeddings(ByteBuffer(string: body), headers: headers)
        return (reply, try await GatewayFixture.text(of: reply))
    }

    @Test("an encoder's vectors come in OpenAI's form, in the order asked for, with the tokens that were read")
    func floats() async throws {
        let (reply, text) = try await ask(gateway(), #"{"model":"letters","input":["abc","abcdefg","é"]}"#)
        #expect(reply.status == 200 && reply.headers[.contentType] == "application/json")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
        #expect(answer.object == "list" && answer.model == "letters")
        #expect(answer.data.map(\.object) == ["embedding", "embedding", "embedding"])
        #expect(answer.data.map(\.index) == [0, 1, 2])
        #expect(answer.data.map(\.embedding) == [[3, 1], [4, 4 / 3], [1, 1 / 3]])
        #expect(answer.usage.prompt_tokens == 8 && answer.usage.total_tokens == 8)
        #expect(reply.headers[DecisionHeaders.truncated] == "1", "one text is longer than four letters")
        #expect(reply.headers[DecisionHeaders.model] == "letters")
    }

    @Test("base64 is that of 32-bit floats, least significant byte first")
    func base64() async throws {
        let body = #"{"model":"letters","input":"abc","encoding_format":"base64","dimensions":2}"#
        let (reply, text) = try await ask(gateway(), body)
        #expect(
            text
                == #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AABAQAAAgD8="}],"model":"letters","usage":{"prompt_tokens":3,"total_tokens":3}}"#
        )
        #expect(reply.headers[DecisionHeaders.truncated] == nil)
    }

    @Test("many texts are encoded in parts, and each vector is where it belongs")
    func parts() async throws {
        let texts = (0..<500).map { String(repeating: "a", count: 1 + $0 % 3) + String(repeating: " ", count: $0) }
        #expect(LocalEncoder.parts(of: texts).count > 20)
        #expect(LocalEncoder.parts(of: texts).flatMap(\.self) == Array(0..<500))
        #expect(LocalEncoder.parts(of: [String(repeating: "a", count: 9999), "b"]) == [0..<1, 1..<2])
        let body = try JSONSerialization.data(withJSONObject: ["model": "letters", "input": texts])
        let (_, text) = try await ask(gateway(), String(decoding: body, as: UTF8.self))
        let answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
        #expect(answer.data.map(\.index) == Array(0..<500))
        #expect(answer.data.map { $0.embedding[0] } == texts.map { Float(min($0.count, 4)) })
        #expect(answer.usage.total_tokens == texts.map { min($0.count, 4) }.reduce(0, +))
    }

    @Test("a client that goes takes what was not encoded with it")
    func gone() async throws {
        let calls = Mutex(0)
        let task = Mutex<Task<Int, any Error>?>(nil)
        let encoder = LetterEncoder {
            calls.withLock { $0 += 1 }
            task.withLock { $0?.cancel() }
        }
        let gateway = try gateway(encoder: encoder)
        let texts = Array(repeating: "\"\(String(repeating: "x", count: 5000))\"", count: 200).joined(separator: ",")
        let body = ByteBuffer(string: "{\"model\":\"letters\",\"input\":[\(texts)]}")
        let asked = task.withLock { task in
            let asked = Task { try await gateway.embeddings(body, headers: [:]).status }
            task = asked
            return asked
        }
        await #expect(throws: CancellationError.self) { try await asked.value }
        #expect(calls.withLock { $0 } < 100)
    }

    @Test(
        "what cannot be done is told in OpenAI's envelope",
        arguments: [
            (#"{"input":"x"}"#, 400, "'model' is missing", "model"),
            (#"{"model":"letters","input":""}"#, 400, "empty text", "input"),
            (
                #"{"model":"letters","input":"x","dimensions":1}"#, 400, "vectors of 'letters' have 2 numbers",
                "dimensions"
            ),
            (#"{"model":"no","input":"x"}"#, 404, "does not exist here; there are: letters, weak", "model"),
            (#"{"model":"auto","input":"x"}"#, 400, "'auto' is a route", "model"),
            (#"{"model":"letters","input":"broken"}"#, 500, "not finite", nil),
            (#"{"model":"letters","#, 400, "malformed JSON", nil),
        ])
    func refusals(body: String, status: Int, words: String, field: String?) async throws {
        let (reply, text) = try await ask(gateway(), body)
        #expect(reply.status == status)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [String: Any]]
        #expect((object?["error"]?["message"] as? String)?.contains(words) == true, "\(text)")
        #expect(object?["error"]?["param"] as? String == field)
    }

    @Test("an encoder that is asked to chat, or to be routed to, says what it is for")
    func chat() async throws {
        let gateway = try gateway()
        let body = ByteBuffer(string: #"{"model":"letters","messages":[{"role":"user","content":"x"}]}"#)
        for reply in try await [gateway.chat(body, headers: [:]), gateway.route(body, headers: [:])] {
            #expect(reply.status == 400)
            let text = try await GatewayFixture.text(of: reply)
            #expect(text.contains("'letters' is an encoder, which answers /v1/embeddings only; there are: auto, weak"))
            #expect(text.contains(#""code":"model_not_supported""#))
        }
    }

    @Test("any other model is asked at its provider, with the body as it came, and the cost is told")
    func forwarded() async throws {
        let answer = #"{"object":"list","data":[],"model":"m","usage":{"prompt_tokens":1000,"total_tokens":1000}}"#
        let upstream = ScriptedTransport(.answer(200, answer))
        let gateway = try gateway(upstream)
        let body = #"{"input":[[1,2],[3]],"model":"weak","dimensions":7,"vendor":{"a":1.0}}"#
        let (reply, text) = try await ask(gateway, body)
        #expect(text == answer)
        #expect(upstream.requests.map(\.endpoint) == ["embeddings"])
        #expect(String(buffer: upstream.requests[0].body) == body.replacing("weak", with: "weak-1"))
        #expect(reply.headers[DecisionHeaders.cost] == "0.002000000")
        #expect(reply.headers[DecisionHeaders.model] == "weak" && reply.headers[DecisionHeaders.attempts] == "1")
        let dry = try await ask(gateway, body, [DecisionHeaders.dryRun: "1"])
        #expect(dry.text.contains(#""model":"weak""#) && upstream.requests.count == 1)
    }

    @Test("a provider that fails is named, with what it said")
    func failed() async throws {
        let upstream = ScriptedTransport(.answer(404, #"{"error":{"message":"no room"}}"#))
        let (reply, text) = try await ask(gateway(upstream), #"{"model":"weak","input":"x"}"#)
        #expect(reply.status == 404)
        #expect(text.contains("weak (provider one): status 404: no room"))
    }

    @Test("models are listed with encoders")
    func listed() async throws {
        let text = try await GatewayFixture.text(of: gateway().models())
        #expect(text.contains(#"{"id":"letters","object":"model","created":0,"owned_by":"turnout"}"#))
    }
}
