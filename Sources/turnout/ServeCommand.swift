import ArgumentParser
import Foundation
import Logging
import TurnoutCore
import TurnoutServer

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

    func validate() throws {
        if let port, !(0...65_535).contains(port) {
            throw ValidationError("--port is \(port), but must lie between 0 and 65535")
        }
    }

    func run() async throws {
        try await GatewayLauncher(config: config, host: host, port: port, logger: logger()).run { notice in
            let text = quiet ? "\(notice.address)\n" : notice.text
            FileHandle.standardOutput.write(Data(text.utf8))
        }
    }

    private func logger() -> Logger {
        var logger = Logger(label: "turnout") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel =
            ProcessInfo.processInfo.environment["LOG_LEVEL"].flatMap { Logger.Level(rawValue: $0) } ?? .notice
        return logger
    }
}
