import ArgumentParser
import Foundation
import Logging
import TurnoutCore
import TurnoutGateway
import TurnoutServer
import TurnoutTesting

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Starts the gateway: any OpenAI client can point at it.",
        discussion: """
            Example: turnout serve --config turnout.yaml
            Without a configuration file, the gateway uses what it finds: keys in the environment (OPENAI_API_KEY and \
            others) and Ollama, LM Studio, llama.cpp or vLLM on their usual ports of this machine. With nothing found, \
            two simulated models answer.
            LOG_LEVEL=debug logs a line a request, without any of its content.
            """)

    @Option(help: "Configuration file.")
    var config: String?

    @Option(help: "Address to listen on; the configuration's, or 127.0.0.1.")
    var host: String?

    @Option(help: "Port to listen on, 0 for any that is free; the configuration's, or 8787.")
    var port: Int?

    @Flag(help: "Prints nothing but the address.")
    var quiet = false

    @Flag(help: "Serves a provider that fails on demand, in sixteen ways, and a gateway before it; see its output.")
    var faults = false

    @Option(help: ArgumentHelp("With --faults: seconds of waiting that pass in a second.", visibility: .hidden))
    var speed = 1

    func validate() throws {
        if faults, config != nil { throw ValidationError("--faults brings its own configuration; leave out --config") }
        if let port, !(0...65_535).contains(port) {
            throw ValidationError("--port is \(port), but must lie between 0 and 65535")
        }
    }

    func run() async throws {
        if faults { return try await runFaults() }
        let source = config.map { GatewayLauncher.Source.file($0) } ?? .discovery
        try await GatewayLauncher(source: source, host: host, port: port, logger: logger()).run { notice in
            write(quiet ? "\(notice.address)\n" : notice.text)
        }
    }

    private func runFaults() async throws {
        let clock = ScaledClock(factor: speed)
        let server = try await FaultServer.start(clock: clock)
        let names = Fault.allCases.map(\.rawValue)
        let launcher = GatewayLauncher(
            source: .text(FaultReport.configuration(server, names: names), name: "faults on demand"), host: host,
            port: port, logger: logger(), clock: GatewayClock(clock))
        try await launcher.run { notice in
            write(quiet ? "\(notice.address)\n" : Self.guide(notice.address, provider: server.baseURL))
        }
        try await server.stop()
    }

    private static func guide(_ address: String, provider: String) -> String {
        let width = FaultReport.route(Fault.cutWithoutPrefill.rawValue).count + 2
        let lines = Fault.allCases.map { fault in
            "  " + fault.rawValue.padding(toLength: width, withPad: " ", startingAt: 0) + fault.summary
        }
        return """
            A gateway before a provider that fails on demand. Ask for a model by its name to see the fault, or for
            NAME-with-fallback to see what the gateway makes of it when another model stands behind:

            \(lines.joined(separator: "\n"))
              \(FaultServer.healthy), \(FaultServer.otherWords)

            The gateway listens on \(address) (OpenAI base URL: \(address)/v1, health: \(address)/status);
            the provider alone, for a client or gateway of yours, on \(provider). An example:

              curl -N \(address)/v1/chat/completions -H 'content-type: application/json' \\
                -d '{"model": "cut-with-fallback", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'

            All sixteen at once, as a table: turnout bench faults

            """
    }

    private func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    private func logger() -> Logger {
        var logger = Logger(label: "turnout") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel =
            ProcessInfo.processInfo.environment["LOG_LEVEL"].flatMap { Logger.Level(rawValue: $0) } ?? .notice
        return logger
    }
}
