import AsyncHTTPClient
import Foundation
package import Logging
import TurnoutCore
package import TurnoutGateway
import TurnoutProviders

/// Brings a gateway up, from a file or from what is there, and serves until it is told to stop.
package struct GatewayLauncher: Sendable {
    /// What a person wants to know once the gateway is up.
    package struct Notice: Sendable {
        /// Where it listens.
        package let address: String
        /// What was found or read, what it does, and how to send a first request.
        package let text: String
    }

    /// Where a configuration comes from.
    package enum Source: Sendable {
        /// A file.
        case file(String)
        /// A text, and what it is called in messages.
        case text(String, name: String)
        /// Keys in the environment and servers on this machine.
        case discovery
    }

    private let source: Source
    private let host: String?
    private let port: Int?
    private let logger: Logger
    private let environment: [String: String]
    private let clock: GatewayClock

    /// - Parameters:
    ///   - source: Where the configuration comes from.
    ///   - host: Replaces the configuration's.
    ///   - port: Replaces the configuration's.
    ///   - logger: See ``GatewayServer``.
    ///   - environment: Where keys and `${NAME}` come from.
    ///   - clock: Where the limits of requests pass.
    package init(
        source: Source, host: String?, port: Int?, logger: Logger,
        environment: [String: String] = ProcessInfo.processInfo.environment, clock: GatewayClock = GatewayClock()
    ) {
        self.source = source
        self.host = host
        self.port = port
        self.logger = logger
        self.environment = environment
        self.clock = clock
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Parameter onRunning: Called once requests are taken.
    /// - Throws: ``TurnoutError``.
    package func run(onRunning: @escaping @Sendable (Notice) -> Void) async throws {
        let client = HTTPTransport.makeClient()
        do {
            try await serve(client, onRunning: onRunning)
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    private func serve(_ client: HTTPClient, onRunning: @escaping @Sendable (Notice) -> Void) async throws {
        let (found, findings) = try await settings(client)
        var configuration = found
        if let host { configuration.server.host = host }
        if let port { configuration.server.port = port }
        let directory = try configuration.directory(client: client)
        let server = GatewayServer(
            gateway: Gateway(directory: directory, clock: clock), settings: configuration.server, logger: logger)
        try await server.run { [configuration] port in
            onRunning(Self.notice(configuration, findings, port: port))
        }
    }

    private func settings(_ client: HTTPClient) async throws -> (Configuration, [String]) {
        switch source {
        case .file(let path):
            return (try Configuration.load(path: path, environment: environment), ["configuration: \(path)"])
        case .text(let text, let name):
            return (try Configuration.parse(text, name: name, environment: environment), [name])
        case .discovery:
            let result = await Discovery(environment: environment).run(client: client)
            return (result.configuration, result.findings)
        }
    }

    private static func notice(_ configuration: Configuration, _ findings: [String], port: Int) -> Notice {
        let host = configuration.server.host
        let isAny = host == "0.0.0.0" || host == "::"
        let shown = host.contains(":") ? "[\(host)]" : host
        let address = "http://\(isAny ? "127.0.0.1" : shown):\(port)"
        let (path, body) = firstRequest(configuration)
        let text = """
            Turnout \(turnoutVersion)
            \((findings + configuration.modelSummary + configuration.summary).map { "  \($0)" }.joined(separator: "\n"))

            Listening on \(address) (OpenAI base URL: \(address)/v1). A first request:

              curl \(address)/v1/\(path) -H 'content-type: application/json' \\
                -d '\(body)'

            """
        return Notice(address: address, text: text)
    }

    private static func firstRequest(_ configuration: Configuration) -> (path: String, body: String) {
        if let name = configuration.routes.first?.name ?? configuration.models.first?.name.name {
            return (
                "chat/completions", #"{"model": "\#(name)", "messages": [{"role": "user", "content": "Hello"}]}"#
            )
        }
        let name = configuration.encoders.first?.name.name ?? "MODEL"
        return ("embeddings", #"{"model": "\#(name)", "input": "Hello"}"#)
    }
}
