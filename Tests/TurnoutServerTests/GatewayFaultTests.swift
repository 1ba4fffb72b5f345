import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing
import TurnoutCore
import TurnoutProviders

@testable import TurnoutServer

/// The gateway between a real client and real, misbehaving providers.
@Suite(.timeLimit(.minutes(4)))
struct GatewayFaultTests {
    private static let ask = #"{"model":"auto","messages":[{"role":"user","content":"hi"}],"unknown":[1,{"é":2.50}]}"#
    private static let streamed = #"{"model":"auto","stream":true,"messages":[{"role":"user","content":"hi"}]}"#
    private static let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"
    private static let word = "data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n"
    private static let stop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
    private static let fine = FaultyUpstream.whole(#"{"from":"strong"}"#)

    private func run(
        weak: FaultyUpstream.Fault, strong: FaultyUpstream.Fault = .answer(fine), timeout: Double? = nil,
        _ body: @escaping @Sendable (RunningGateway, FaultyUpstream, FaultyUpstream) async throws -> Void
    ) async throws {
        let (one, two) = (try await FaultyUpstream(weak), try await FaultyUpstream(strong))
        try await RunningGateway.with(RunningGateway.yaml(weak: one.baseURL, strong: two.baseURL, timeout: timeout)) {
            try await body($0, one, two)
        }
        try await one.stop()
        try await two.stop()
    }

    @Test("the provider gets the body byte for byte with its own model name and key, and no credential of the client")
    func forwarded() async throws {
        let answer = FaultyUpstream.whole(#"{"from":"weak"}"#, extra: "x-request-id: up-1\r\nset-cookie: a=b\r\n")
        try await run(weak: .answer(answer)) { gateway, weak, _ in
            let reply = try await gateway.send(
                .POST, "/v1/chat/completions", Self.ask,
                headers: [
                    ("authorization", "Bearer sk-client"), ("x-api-key", "sk-client"), ("cookie", "sk-client"),
                    ("x-stainless-lang", "sk-client"), ("openai-organization", "sk-client"),
                    ("traceparent", "00-abc-01"),
                ])
            #expect(reply.status == 200 && reply.text == #"{"from":"weak"}"#)
            #expect(reply.headers.first(name: "x-request-id") == "up-1")
            #expect(reply.headers["set-cookie"].isEmpty)
            let sent = try #require(weak.requests.first)
            #expect(sent.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
            #expect(sent.hasSuffix("\r\n\r\n" + Self.ask.replacing("auto", with: "weak-1")))
            #expect(sent.contains("Bearer sk-provider-one") && sent.contains("00-abc-01"))
            #expect(!sent.contains("sk-client"))
        }
    }

    @Test(
        "before the first word the next candidate answers",
        arguments: [
            (FaultyUpstream.Fault.reset(""), 2), (.close(""), 2),
            (.reset("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"half"), 2),
            (.close("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"half"), 2),
            (.close("no HTTP at all\r\n\r\n"), 2),
            (.answer(FaultyUpstream.whole("{}", status: "500 Internal Server Error")), 2),
            (.answer(FaultyUpstream.whole("{}", status: "429 Too Many Requests")), 1),
            (.answer(FaultyUpstream.whole("{}", status: "503 Service Unavailable")), 1),
        ])
    func fallback(fault: FaultyUpstream.Fault, times: Int) async throws {
        try await run(weak: fault) { gateway, weak, strong in
            let reply = try await gateway.send(.POST, "/v1/chat/completions", Self.ask)
            #expect(reply.status == 200 && reply.text == #"{"from":"strong"}"#)
            #expect(reply.headers.first(name: "x-turnout-attempts") == "\(times + 1)")
            #expect(weak.requests.count == times && strong.requests.count == 1)
        }
    }

    @Test("a provider that says nothing is left after the limit, and not asked again")
    func silent() async throws {
        try await run(weak: .stall(""), timeout: 0.1) { gateway, weak, _ in
            let reply = try await gateway.send(.POST, "/v1/chat/completions", Self.ask)
            #expect(reply.text == #"{"from":"strong"}"#)
            await weak.left(1)
            #expect(weak.requests.count == 1)
        }
    }

    @Test("a redirect is not passed on, nor where it points")
    func redirected() async throws {
        let answer = FaultyUpstream.whole("", status: "307 Temporary Redirect", extra: "location: http://inner/\r\n")
        try await run(weak: .answer(answer), strong: .answer(answer)) { gateway, _, _ in
            let reply = try await gateway.send(.POST, "/v1/chat/completions", Self.ask)
            #expect(reply.status == 502 && reply.text.contains("status 307"))
            #expect(reply.headers["location"].isEmpty && !reply.text.contains("inner"))
        }
    }

    @Test("a key that cannot stand in a header is told as such, and not shown")
    func impossibleKey() async throws {
        let client = HTTPTransport.makeClient()
        let transport = HTTPTransport(client: client, baseURL: "http://127.0.0.1:1", key: Secret("sk-\n1"))
        let request = UpstreamRequest(endpoint: "chat/completions", body: ByteBuffer(string: "{}"), streams: false)
        let error = await #expect(throws: UpstreamFailure.self) { _ = try await transport.send(request) }
        #expect(error == UpstreamFailure(.connect, "the api_key holds a character that HTTP cannot carry"))
        try await client.shutdown()
    }

    @Test("with nobody listening the error names who was tried")
    func unreachable() async throws {
        // A port that nobody is given by chance.
        let address = "http://127.0.0.1:1/v1"
        try await RunningGateway.with(RunningGateway.yaml(weak: address, strong: address)) { gateway in
            let reply = try await gateway.send(.POST, "/v1/chat/completions", Self.ask)
            #expect(reply.status == 502)
            #expect(reply.text.contains("weak (provider one)") && reply.text.contains("strong (provider two)"))
            #expect(reply.headers.first(name: "x-turnout-attempts") == "6")
        }
    }

    @Test("a stream cut before its first word is streamed by the next candidate, and none of it is mixed in")
    func streamedFallback() async throws {
        let answer = [Self.role, Self.word, Self.stop]
        for fault in [
            FaultyUpstream.Fault.reset(FaultyUpstream.chunked([Self.role], ended: false)),
            .close(FaultyUpstream.chunked([Self.role], ended: true)),
        ] {
            try await run(weak: fault, strong: .answer(FaultyUpstream.chunked(answer, ended: true))) { gateway, _, _ in
                let reply = try await gateway.send(.POST, "/v1/chat/completions", Self.streamed)
                #expect(reply.text == answer.joined())
                #expect(reply.headers.first(name: "content-type") == "text/event-stream")
            }
        }
    }

    @Test("a stream that dies after its first word ends with an error event and a proper end")
    func brokenOff() async throws {
        for ended in [false, true] {
            let text = FaultyUpstream.chunked([Self.role, Self.word], ended: ended)
            try await run(weak: .close(text)) { gateway, _, strong in
                let reply = try await gateway.send(.POST, "/v1/chat/completions", Self.streamed)
                #expect(reply.text.hasPrefix(Self.role + Self.word + "data: {\"error\":"))
                #expect(!reply.text.contains("[DONE]"))
                #expect(strong.requests.count == 1, "it was asked for the same answer, and had none")
            }
        }
    }

    @Test("a stream that dies after its first word is taken up by the next candidate, and the client sees one answer")
    func spliced() async throws {
        let more = "data: {\"choices\":[{\"delta\":{\"content\":\"hello world\"}}]}\n\n"
        let answer = FaultyUpstream.chunked([Self.role, more, Self.stop], ended: true)
        for fault in [
            FaultyUpstream.Fault.close(FaultyUpstream.chunked([Self.role, Self.word], ended: false)),
            .reset(FaultyUpstream.chunked([Self.role, Self.word], ended: false)),
        ] {
            try await run(weak: fault, strong: .answer(answer)) { gateway, _, _ in
                let reply = try await gateway.send(.POST, "/v1/chat/completions", Self.streamed)
                let rest = more.replacing("hello world", with: " world")
                #expect(reply.text == Self.role + Self.word + rest + Self.stop)
            }
        }
    }

    @Test(
        "a client that goes while the provider is thinking takes the provider's request with it",
        arguments: [false, true])
    func goneWhileWaiting(streams: Bool) async throws {
        try await run(weak: .stall("")) { gateway, weak, strong in
            let connection = try await RawClient(port: gateway.port)
            try await connection.post(streams ? Self.streamed : Self.ask)
            await weak.arrived(1)
            try await connection.close()
            await weak.left(1)
            #expect(strong.requests.isEmpty)
            #expect(try await gateway.send(.GET, "/health").status == 200)
        }
    }

    @Test("a client that goes amid a stream takes the provider's request with it")
    func goneWhileStreaming() async throws {
        try await run(weak: .stall(FaultyUpstream.chunked([Self.role, Self.word], ended: false))) { gateway, weak, _ in
            let connection = try await RawClient(port: gateway.port)
            try await connection.post(Self.streamed)
            try await connection.received("hello")
            try await connection.close()
            await weak.left(1)
        }
    }

    @Test("a client that goes amid a whole answer takes the provider's request with it")
    func goneWhileCollecting() async throws {
        try await run(weak: .stall("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"half")) { gateway, weak, _ in
            let connection = try await RawClient(port: gateway.port)
            try await connection.post(Self.ask)
            await weak.arrived(1)
            try await connection.close()
            await weak.left(1)
        }
    }
}
