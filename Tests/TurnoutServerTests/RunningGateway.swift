import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Testing
import TurnoutCore
import TurnoutGateway
import TurnoutProviders
import TurnoutRouting

@testable import TurnoutServer

/// A gateway on a real socket for the time of a test.
struct RunningGateway {
    let port: Int
    let client: HTTPClient
    /// Tells it to stop, as a signal would.
    let shutDown: @Sendable () async -> Void
    /// Waits until it has stopped.
    let stopped: @Sendable () async -> Void
    var url: String { "http://127.0.0.1:\(port)" }

    /// Starts a gateway for a configuration's text, on any free port.
    static func with<Value: Sendable>(
        _ yaml: String, maxBodyBytes: Int = 1 << 20, grace: Duration = .seconds(5),
        clock: GatewayClock = GatewayClock(),
        loggerFactory: (@Sendable () -> Logger)? = nil,
        _ body: @escaping @Sendable (RunningGateway) async throws -> Value
    ) async throws -> Value {
        var configuration = try Configuration.parse(yaml, name: "test.yaml", environment: [:])
        configuration.server.port = 0
        configuration.server.maxBodyBytes = maxBodyBytes
        configuration.server.shutdownGrace = grace
        let client = HTTPTransport.makeClient()
        let directory = try configuration.directory(client: client) { _ in LengthRouter() }
        let logger = loggerFactory?() ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = GatewayServer(
            gateway: Gateway(directory: directory, clock: clock), settings: configuration.server, logger: logger)
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let (ends, end) = AsyncStream<Void>.makeStream()
        let services = ServiceGroup(
            services: [Service(server: server, onRunning: { continuation.yield($0) })], logger: logger)
        let result: Result<Value, any Error> = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await services.run()
                continuation.finish()
                end.finish()
            }
            var iterator = ports.makeAsyncIterator()
            guard let port = await iterator.next() else {
                return .failure(TurnoutError(.io, "the server did not start"))
            }
            let result: Result<Value, any Error>
            do {
                result = .success(
                    try await body(
                        RunningGateway(
                            port: port, client: client, shutDown: { await services.triggerGracefulShutdown() },
                            stopped: { for await _ in ends {} })))
            } catch {
                result = .failure(error)
            }
            group.cancelAll()
            return result
        }
        try await client.shutdown()
        return try result.get()
    }

    private struct Service: ServiceLifecycle.Service {
        let server: GatewayServer
        let onRunning: @Sendable (Int) -> Void
        func run() async throws { try await server.run(signals: [], onRunning: onRunning) }
    }

    func send(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, headers: [(String, String)] = []
    ) async throws -> (status: Int, headers: HTTPHeaders, text: String) {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await client.execute(request, timeout: .seconds(20))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 24))
        return (Int(response.status.code), response.headers, text)
    }

    /// Two upstreams as a configuration with a route `auto`; the timeout is the weak one's.
    static func yaml(weak: String, strong: String, timeout: Double? = nil) -> String {
        let limit = timeout.map { ", timeout: \($0)" } ?? ""
        return """
            providers:
              one: { protocol: openai, base_url: "\(weak)", api_key: sk-provider-one\(limit) }
              two: { protocol: openai, base_url: "\(strong)" }
            models:
              weak: { provider: one, id: weak-1 }
              strong: { provider: two, id: strong-2 }
            routes:
              auto: { candidates: [weak, strong], policy: { threshold: 0.5 } }
            """
    }

    static let simulated = """
        providers: { sim: { protocol: simulated, first_token_ms: 0, tokens_per_second: 1000000 } }
        models: { weak: { provider: sim, price: { input: 1, output: 2 } }, strong: { provider: sim } }
        routes: { auto: { candidates: [weak, strong], policy: { threshold: 0.5 } } }
        """
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
