import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import TurnoutCore
import TurnoutGateway
import TurnoutRouting
import UnixSignals

@testable import TurnoutServer

@Suite(.timeLimit(.minutes(4)))
struct GatewayEndpointTests {
    @Test("every endpoint answers, and a decision can be looked up by the id in the headers")
    func endpoints() async throws {
        try await RunningGateway.with(RunningGateway.simulated) { gateway in
            #expect(try await gateway.send(.GET, "/health").text == #"{"status":"ok"}"#)
            #expect(try await gateway.send(.HEAD, "/health").status == 200)
            #expect(try await gateway.send(.GET, "/v1/models").text.contains(#""id":"auto""#))
            let body = #"{"model":"auto","messages":[{"role":"user","content":"hello"}]}"#
            let reply = try await gateway.send(
                .POST, "/v1/chat/completions", body, headers: [("content-type", "Application/JSON; charset=utf-8")])
            #expect(reply.status == 200 && reply.text.contains("[simulated weak]"))
            #expect(reply.headers.first(name: "x-turnout-cost") != nil, "price and usage are known")
            let id = try #require(reply.headers.first(name: "x-turnout-decision"))
            let receipt = try await gateway.send(.GET, "/v1/decisions/\(id)")
            #expect(try JSONDecoder().decode(DecisionReceipt.self, from: Data(receipt.text.utf8)).model == "weak")
            let routed = try await gateway.send(.POST, "/v1/route", #"{"prompt":"hello"}"#)
            #expect(try JSONDecoder().decode(DecisionReceipt.self, from: Data(routed.text.utf8)).score == 0.05)
        }
    }

    @Test("an encoder answers embeddings, many at once, the same every time")
    func embeddings() async throws {
        try await RunningGateway.with("models: { st: { encoder: static } }") { gateway in
            let body = #"{"model":"st","input":["What is a group?","Rain"]}"#
            let texts = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await gateway.send(.POST, "/v1/embeddings", body).text }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            let object = try JSONSerialization.jsonObject(with: Data(texts.first?.utf8 ?? "".utf8)) as? [String: Any]
            let data = object?["data"] as? [[String: Any]]
            #expect(texts.count == 1 && data?.count == 2)
            #expect((data?[0]["embedding"] as? [Double])?.count == 256)
            let wrong = try await gateway.send(.GET, "/v1/embeddings")
            #expect(wrong.status == 405)
        }
    }

    @Test(
        "a wrong address or method is told in OpenAI's envelope",
        arguments: [
            (HTTPMethod.GET, "/", 404), (.POST, "/v1/nothing", 404), (.GET, "/v1/chat/completions", 405),
            (.DELETE, "/v1/models", 405), (.GET, "/v1/decisions/", 404),
        ])
    func wrong(method: HTTPMethod, path: String, status: Int) async throws {
        try await RunningGateway.with(RunningGateway.simulated) { gateway in
            let reply = try await gateway.send(method, path, method == .POST ? "{}" : nil)
            #expect(reply.status == status)
            let object = try JSONSerialization.jsonObject(with: Data(reply.text.utf8)) as? [String: [String: Any]]
            #expect(object?["error"]?["message"] is String)
            #expect((reply.headers.first(name: "allow") != nil) == (status == 405))
        }
    }

    @Test("a connection serves request after request, refusals among them")
    func keepAlive() async throws {
        try await RunningGateway.with(RunningGateway.simulated) { gateway in
            let client = try await RawClient(port: gateway.port)
            for (body, expected) in [
                ("{", "malformed"), (#"{"model":"weak","messages":[{}]}"#, "[simulated weak]"), ("{}", "missing"),
            ] {
                try await client.post(body)
                let reply = try await client.received(expected)
                #expect(reply.contains(expected))
            }
            try await client.close()
        }
    }

    @Test("a body over the limit is refused before it is read, and the connection is closed")
    func tooLarge() async throws {
        try await RunningGateway.with(RunningGateway.simulated, maxBodyBytes: 1000) { gateway in
            let client = try await RawClient(port: gateway.port)
            try await client.write(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n{")
            let reply = try await client.received("max_body_bytes")
            #expect(reply.hasPrefix("HTTP/1.1 413") && reply.lowercased().contains("connection: close"))
            try await client.close()

            // It is sent to its end, so that the client comes to read the refusal.
            let whole = try await RawClient(port: gateway.port)
            try await whole.post(String(repeating: " ", count: 5_000_000))
            #expect(try await whole.received("text that never comes").contains("max_body_bytes"))

            let chunked = try await RawClient(port: gateway.port)
            try await chunked.write(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
            try await chunked.write("800\r\n\(String(repeating: " ", count: 2048))\r\n")
            #expect(try await chunked.received("max_body_bytes").hasPrefix("HTTP/1.1 413"))
            try await chunked.close()
            #expect(try await gateway.send(.GET, "/health").status == 200)
        }
    }

    @Test(
        "what any web page can make a browser send is refused, and asks no model",
        arguments: [
            ([("sec-fetch-site", "cross-site"), ("content-type", "application/json")], 403, "cross_site_request"),
            ([("content-type", "text/plain;charset=UTF-8")], 415, "unsupported_media_type"),
            ([("content-type", "application/x-www-form-urlencoded")], 415, "content-type: application/json"),
            ([("origin", "https://example.com")], 415, "unsupported_media_type"),
        ])
    func webPages(headers: [(String, String)], status: Int, words: String) async throws {
        try await RunningGateway.with(RunningGateway.simulated) { gateway in
            let body = #"{"model":"weak","messages":[{}]}"#
            for path in ["/v1/chat/completions", "/v1/embeddings", "/v1/route"] {
                let reply = try await gateway.send(.POST, path, body, headers: headers)
                #expect(reply.status == status && reply.text.contains(words), "\(reply.text)")
            }
        }
    }

    @Test("a client that waits to be asked and is refused instead is left, since nobody knows what it sends next")
    func refusedContinue() async throws {
        try await RunningGateway.with(RunningGateway.simulated, maxBodyBytes: 1000) { gateway in
            for (header, status) in [
                ("content-type: text/plain\r\ncontent-length: 10", 415), ("content-length: 1001", 413),
            ] {
                let client = try await RawClient(port: gateway.port)
                try await client.write(
                    "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\(header)\r\n\r\n")
                let all = try await client.received("text that never comes")
                #expect(all.hasPrefix("HTTP/1.1 \(status)") && all.lowercased().contains("connection: close"))
            }
        }
    }

    @Test("a client that waits to be asked for its body is asked")
    func expectContinue() async throws {
        try await RunningGateway.with(RunningGateway.simulated) { gateway in
            let client = try await RawClient(port: gateway.port)
            let body = #"{"model":"weak","messages":[{}]}"#
            try await client.write(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: \(body.utf8.count)\r\n\r\n"
            )
            #expect(try await client.received("100 Continue").contains("100 Continue"))
            try await client.write(body)
            #expect(try await client.received("simulated").contains("200 OK"))
            try await client.close()
        }
    }

    @Test("nothing of a prompt, an answer or a key is logged, even when debugging")
    func logs() async throws {
        let lines = LogLines()
        let factory: @Sendable () -> Logger = {
            var logger = Logger(label: "test") { _ in LineHandler(lines: lines) }
            logger.logLevel = .trace
            return logger
        }
        try await RunningGateway.with(RunningGateway.simulated, loggerFactory: factory) { gateway in
            _ = try await gateway.send(
                .POST, "/v1/chat/completions", #"{"model":"auto","messages":[{"role":"user","content":"zebra"}]}"#,
                headers: [("authorization", "Bearer sk-zebra")])
        }
        #expect(lines.all.contains { $0.contains("chat.completions") })
        #expect(!lines.all.contains { $0.contains("zebra") || $0.contains("No language model") })
    }

    @Test("a port in use is told in a sentence")
    func portInUse() async throws {
        try await RunningGateway.with(RunningGateway.simulated) { gateway in
            var settings = Configuration.Server()
            settings.port = gateway.port
            let server = GatewayServer(
                gateway: Gateway(directory: ModelDirectory(routes: [], models: [])), settings: settings,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let error = await #expect(throws: TurnoutError.self) { try await server.run(signals: []) { _ in } }
            #expect(error?.code == .network)
            #expect(error?.message.contains("127.0.0.1:\(gateway.port) is in use") == true)
        }
    }

    @Test("a host that stands for no address is told in a sentence")
    func unknownHost() async throws {
        var settings = Configuration.Server()
        settings.host = "no-such-host.invalid"
        let server = GatewayServer(
            gateway: Gateway(directory: ModelDirectory(routes: [], models: [])), settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let error = await #expect(throws: TurnoutError.self) { try await server.run(signals: []) { _ in } }
        #expect(error?.code == .network)
        #expect(error?.message.contains("'no-such-host.invalid' cannot be resolved") == true)
    }
}

/// What was logged, as it would be printed.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}

struct LineHandler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { lines.add("\(event.message) \(event.metadata ?? [:]) \(metadata)") }
}
