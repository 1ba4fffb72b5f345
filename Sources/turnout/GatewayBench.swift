import AsyncHTTPClient
import Logging
import NIOCore
import TurnoutGateway
import TurnoutServer
import TurnoutTesting

/// A gateway with a given configuration and a caller, both in this process, for the time of a test.
struct GatewayBench: Sendable {
    let configuration: String
    var clock = ScaledClock(factor: 1)

    /// Starts the gateway, lets `body` ask, and stops the gateway.
    ///
    /// - Throws: What keeps the gateway from starting.
    func run<Report: Sendable>(_ body: @escaping @Sendable (FaultProbe) async -> Report) async throws -> Report {
        let launcher = GatewayLauncher(
            source: .text(configuration, name: "bench"), host: nil, port: 0,
            logger: Logger(label: "turnout") { _ in SwiftLogNoOpLogHandler() }, clock: GatewayClock(clock))
        let (addresses, found) = AsyncStream<String>.makeStream()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { found.finish() }
                try await launcher.run { found.yield($0.address) }
            }
            for await address in addresses {
                let report = await probe(address, body)
                group.cancelAll()
                return report
            }
            try await group.next()
            throw CancellationError()
        }
    }

    private func probe<Report>(_ address: String, _ body: (FaultProbe) async -> Report) async -> Report {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 5000
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let report = await body(FaultProbe(client: client, url: address, clock: clock))
        try? await client.shutdown()
        return report
    }
}
