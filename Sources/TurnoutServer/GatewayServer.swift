import Foundation
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import TurnoutCore
package import TurnoutGateway
package import UnixSignals

/// A gateway behind a socket.
package struct GatewayServer: Sendable {
    private let gateway: Gateway
    private let settings: Configuration.Server
    private let logger: Logger

    /// - Parameters:
    ///   - gateway: Who answers.
    ///   - settings: How to listen.
    ///   - logger: Told of nothing but start-up trouble, and of each request at level debug.
    package init(gateway: Gateway, settings: Configuration.Server, logger: Logger) {
        self.gateway = gateway
        self.settings = settings
        self.logger = logger
    }

    /// Serves until SIGTERM or SIGINT, then lets the requests under way finish.
    ///
    /// - Parameters:
    ///   - signals: What ends it.
    ///   - onRunning: Called with the port as soon as requests are taken.
    /// - Throws: ``TurnoutError`` with code `.network` when the address cannot be listened on.
    package func run(
        signals: [UnixSignal] = [.sigterm, .sigint], onRunning: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let responder = GatewayResponder(gateway: gateway, maxBodyBytes: settings.maxBodyBytes, logger: logger)
        let channel = ClientAwareChannel(
            http: HTTP1Channel(
                responder: { request, writer, _ in try await responder.respond(to: request, with: writer) },
                configuration: .init(idleTimeout: .seconds(75))))
        let server = channel.server(
            configuration: ServerConfiguration(address: .hostname(settings.host, port: settings.port), backlog: 1024),
            onServerRunning: { await onRunning($0.localAddress?.port ?? 0) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: quiet(logger))
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: signals, logger: quiet(logger))
        configuration.maximumGracefulShutdownDuration = settings.shutdownGrace
        do {
            // The clocks run on while the requests under way finish.
            async let _: Void = gateway.run()
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            throw listeningFailure(error)
        } catch let error as SocketAddressError.UnknownHost {
            throw TurnoutError(
                .network, "the host '\(settings.host)' cannot be resolved to an address; choose another with --host",
                cause: error)
        }
    }

    /// Frameworks log addresses and services at level info; that is for debugging.
    private func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        if logger.logLevel == .info || logger.logLevel == .notice { logger.logLevel = .warning }
        return logger
    }

    private func listeningFailure(_ error: IOError) -> TurnoutError {
        let address = "\(settings.host):\(settings.port)"
        switch error.errnoCode {
        case EADDRINUSE:
            return TurnoutError(
                .network, "\(address) is in use by another process; stop that one, or choose another port with --port",
                cause: error)
        case EACCES:
            return TurnoutError(
                .network, "\(address) may not be listened on by this user; choose a port above 1023", cause: error)
        case EADDRNOTAVAIL:
            return TurnoutError(
                .network, "\(settings.host) is not an address of this machine; choose another with --host", cause: error
            )
        default:
            return TurnoutError(
                .network, "\(address) cannot be listened on: \(error.localizedDescription)", cause: error)
        }
    }
}
