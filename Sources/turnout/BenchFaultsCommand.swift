import ArgumentParser
import TurnoutTesting

struct BenchFaultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faults",
        abstract: "Tries the sixteen faults of a provider, and shows what the caller gets and what the provider sees.",
        discussion: """
            Example: turnout bench faults
            Every fault is tried streamed and whole, with a fallback and without, over real sockets, on a gateway with \
            nothing but its defaults. All at once, which takes about two and a half minutes; --speed 20 lets the clocks \
            of gateway and provider run twenty times as fast.
            Exit code 0 when every answer is whole or a clean error, as it should be; 1 otherwise.
            """)

    @Flag(help: "Prints one JSON object a line.")
    var json = false

    @Flag(help: "Prints nothing but what is wrong.")
    var quiet = false

    @Option(help: "Seconds of waiting that pass in a second.")
    var speed = 1

    func validate() throws {
        guard 1...100 ~= speed else { throw ValidationError("--speed is \(speed), but must lie between 1 and 100") }
    }

    func run() async throws {
        let clock = ScaledClock(factor: speed)
        let server = try await FaultServer.start(clock: clock)
        let configuration = FaultReport.configuration(server, names: FaultReport.names)
        let report = try await GatewayBench(configuration: configuration, clock: clock).run { probe in
            await FaultReport.run(
                server, probe: probe,
                sleep: { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) })
        }
        try await server.stop()
        if quiet {
            for row in report.rows {
                if let problem = row.problem { print("\(row.fault.rawValue): \(problem)") }
            }
        } else {
            print(json ? report.json : report.table)
        }
        if !report.isClean { throw ExitCode(1) }
    }
}
