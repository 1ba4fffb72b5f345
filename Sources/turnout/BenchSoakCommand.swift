import ArgumentParser
import Foundation
import TurnoutTesting

struct BenchSoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Lets many callers ask at once while providers are killed, frozen and restarted at random.",
        discussion: """
            Example: turnout bench soak --minutes 10
            Prints one JSON object, in which memory_mb is to be read beside answers: the gateway keeps its latest 4,096 \
            decisions, so its memory grows until there were so many. Exit code 0 when no part of an answer was called \
            the whole, no connection broke, nothing took longer than two minutes, and as many files are open as before; 1 otherwise.
            """)

    @Option(help: "For how long.")
    var minutes = 10.0

    @Option(help: "How many callers ask at once.")
    var callers = 200

    @Option(help: "Tokens that each provider writes in a second.")
    var pace = 10.0

    func validate() throws {
        guard 1...1000 ~= pace else { throw ValidationError("--pace must lie between 1 and 1000") }
        guard minutes > 0, minutes <= 1440 else { throw ValidationError("--minutes must lie between 0 and 1440") }
        guard 1...5000 ~= callers else { throw ValidationError("--callers must lie between 1 and 5000") }
    }

    func run() async throws {
        let before = Self.openFiles()
        var servers: [FaultServer] = []
        for _ in 0..<3 { servers.append(try await FaultServer.start(tokenPause: .seconds(1 / pace))) }
        let report = try await GatewayBench(configuration: Soak.configuration(servers)).run { [servers] probe in
            await Soak(servers: servers, probe: probe, route: "auto").run(
                callers: callers, duration: .seconds(minutes * 60))
        }
        for server in servers { try await server.stop() }
        // What was closed is gone from the table of files a moment later.
        try await Task.sleep(for: .seconds(1))
        let after = Self.openFiles()
        print("{\"open_files_before\":\(before),\"open_files_after\":\(after),\"report\":\(report.json)}")
        let isClean = report.truncated == 0 && report.broken == 0 && report.longest < .seconds(120)
        if !isClean || after > before + 8 { throw ExitCode(1) }
    }

    private static func openFiles() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }
}
