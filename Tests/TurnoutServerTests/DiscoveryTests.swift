import AsyncHTTPClient
import Testing
import TurnoutCore
import TurnoutGateway
import TurnoutProviders

@testable import TurnoutServer

@Suite(.timeLimit(.minutes(4)))
struct DiscoveryTests {
    @Test("with nothing there two simulated models answer, and it is said")
    func nothing() async throws {
        let client = HTTPTransport.makeClient()
        let result = await Discovery(environment: [:], services: []).run(client: client)
        #expect(result.configuration.routes.map(\.name) == ["auto"])
        #expect(result.configuration.models.map(\.name) == ["weak", "strong"])
        #expect(result.findings[0].contains("SIMULATED"))
        #expect(try result.configuration.localEncoders().map(\.model) == ["turnout-static"])
        try await client.shutdown()
    }

    @Test("servers on this machine are asked for their models, and one that is silent holds nobody up")
    func local() async throws {
        let list = #"{"object":"list","data":[{"id":"qwen:14b"},{"id":"nomic-embed-text"},{"id":"llama3.2:1b"}]}"#
        let good = try await FaultyUpstream(.answer(FaultyUpstream.whole(list)))
        let odd = try await FaultyUpstream(.answer(FaultyUpstream.whole("<html>", type: "text/html")))
        let silent = try await FaultyUpstream(.stall(""))
        let torn = try await FaultyUpstream(.stall("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"data"))
        let client = HTTPTransport.makeClient()
        let services = [good, odd, silent, torn].enumerated().map {
            KnownServices.Local(name: "s\($0.offset)", baseURL: $0.element.baseURL)
        }
        let start = ContinuousClock.now
        let result = await Discovery(
            environment: ["OPENAI_API_KEY": "sk-1", "MISTRAL_API_KEY": "sk-1\n"], services: services,
            patience: .seconds(3)
        )
        .run(client: client)
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(result.configuration.providers.map(\.name) == ["s0", "openai"])
        #expect(result.configuration.routes[0].candidates == ["llama3.2:1b", "qwen:14b", "gpt-5-mini", "gpt-5"])
        #expect(result.configuration.encoders.map(\.name) == ["turnout-static"])
        #expect(!result.findings.joined().contains("sk-1"))
        #expect(result.findings.contains { $0.hasPrefix("MISTRAL_API_KEY holds a line break") })
        try await client.shutdown()
        for upstream in [good, odd, silent, torn] { try await upstream.stop() }
    }
}
