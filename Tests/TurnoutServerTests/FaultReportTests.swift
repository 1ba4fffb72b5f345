import AsyncHTTPClient
import NIOCore
import Testing
import TurnoutGateway
import TurnoutTesting

@testable import TurnoutServer

/// All sixteen faults over real sockets, on clocks that run twice as fast.
@Suite(.timeLimit(.minutes(4)))
struct FaultReportTests {
    @Test("no fault of a provider makes the gateway lose an answer, hang, or call a part of one the whole")
    func sixteenOfSixteen() async throws {
        let clock = ScaledClock(factor: 2)
        let server = try await FaultServer.start(clock: clock)
        let yaml = FaultReport.configuration(server, names: FaultReport.names)
        let report = try await RunningGateway.with(yaml, clock: GatewayClock(clock)) { gateway in
            await FaultReport.run(
                server, probe: FaultProbe(client: gateway.client, url: gateway.url, clock: clock),
                sleep: { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) })
        }
        try await server.stop()
        #expect(report.rows.count == 64)
        for row in report.rows {
            #expect(row.problem == nil, "\(row.fault), streams \(row.streams), fallback \(row.hasFallback)")
        }
        if !report.isClean { Issue.record("\(report.table)") }
    }
}
