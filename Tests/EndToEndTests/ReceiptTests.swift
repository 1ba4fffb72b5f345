import Foundation
import Testing

/// The same request in all places that decide; see `Clients/receipt_scenarios.py`.
@Suite(.timeLimit(.minutes(4)))
struct ReceiptTests {
    @Test("under ten policies, turnout route, /v1/route, a dry run and a live request give one receipt")
    func oneReceipt() async throws {
        let script = try #require(
            Bundle.module.url(forResource: "receipt_scenarios", withExtension: "py", subdirectory: "Clients"))
        let result = try await TurnoutProcess.run(
            shell: "python3 -B '\(script.path)'",
            environment: ["TURNOUT": TurnoutProcess.folder.appending(path: "turnout").path])
        #expect(result.status == 0, "\(result.standardError)")
    }
}
