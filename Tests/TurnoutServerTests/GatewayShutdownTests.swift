import NIOHTTP1
import Testing

@testable import TurnoutServer

/// What becomes of requests under way when the gateway is told to stop.
@Suite(.timeLimit(.minutes(4)))
struct GatewayShutdownTests {
    private static let ask = #"{"model":"weak","messages":[{"role":"user","content":"hi"}]}"#

    private func run(
        _ fault: FaultyUpstream.Fault, grace: Duration,
        _ body: @escaping @Sendable (RunningGateway, FaultyUpstream) async throws -> Void
    ) async throws {
        let upstream = try await FaultyUpstream(fault)
        let yaml = RunningGateway.yaml(weak: upstream.baseURL, strong: upstream.baseURL)
        try await RunningGateway.with(yaml, grace: grace) { try await body($0, upstream) }
        try await upstream.stop()
    }

    @Test("a request under way is finished, and then nobody listens")
    func drained() async throws {
        try await run(.answerLater(FaultyUpstream.whole(#"{"from":"weak"}"#)), grace: .seconds(30)) {
            gateway, upstream in
            async let reply = gateway.send(.POST, "/v1/chat/completions", Self.ask)
            await upstream.arrived(1)
            await gateway.shutDown()
            upstream.release()
            let text = try await reply.text
            #expect(text == #"{"from":"weak"}"#)
            await gateway.stopped()
            await #expect(throws: (any Error).self) { _ = try await gateway.send(.GET, "/health") }
        }
    }

    @Test("a request that takes longer than the grace is broken off, at the provider too")
    func expired() async throws {
        try await run(.stall(""), grace: .milliseconds(50)) { gateway, upstream in
            let reply = Task { try await gateway.send(.POST, "/v1/chat/completions", Self.ask) }
            await upstream.arrived(1)
            await gateway.shutDown()
            await #expect(throws: (any Error).self) { _ = try await reply.value }
            await upstream.left(1)
            await gateway.stopped()
        }
    }
}
