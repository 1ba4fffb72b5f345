package import AsyncHTTPClient
import Foundation
import TurnoutCore
package import TurnoutGateway
import TurnoutHub
import TurnoutProviders
package import TurnoutRouting

extension Configuration {
    /// Loads every router and opens a way to every provider.
    ///
    /// - Parameters:
    ///   - client: Carries all HTTP to providers.
    ///   - loadRouter: Finds a router by `default` or path.
    /// - Returns: What can be asked for.
    /// - Throws: ``TurnoutError``.
    package func directory(
        client: HTTPClient, loadRouter: (String) throws -> any Router = Configuration.loadRouter(named:)
    ) throws -> ModelDirectory {
        var transports: [String: any UpstreamTransport] = [:]
        for provider in providers { transports[provider.name] = Self.transport(to: provider, client: client) }
        let upstreams = models.compactMap { model in
            transports[model.provider].map {
                Upstream(model: model.name, provider: model.provider, id: model.id, price: model.price, transport: $0)
            }
        }
        return ModelDirectory(routes: try deciders(loadRouter: loadRouter), models: upstreams)
    }

    /// The deciders of all routes; a router that several of them name is loaded once.
    ///
    /// - Throws: ``TurnoutError``.
    func deciders(
        loadRouter: (String) throws -> any Router = Configuration.loadRouter(named:)
    ) throws -> [ModelDirectory.Route] {
        var loaded: [String: any Router] = [:]
        return try routes.map { route in
            let decider = try decider(forRoute: route.name) { name in
                if let router = loaded[name] { return router }
                let router = try loadRouter(name)
                loaded[name] = router
                return router
            }
            return ModelDirectory.Route(name: route.name, decider: decider)
        }
    }

    /// The router of a name, with whatever encoder it needs.
    ///
    /// - Throws: ``TurnoutError``.
    package static func loadRouter(named name: String) throws -> any Router {
        try RouterArtifact.load(named: name) { try EncoderLocator.ofProcess().encoder(named: $0) }
    }

    private static func transport(to provider: Provider, client: HTTPClient) -> any UpstreamTransport {
        switch provider.kind {
        case .simulated(let options):
            return SimulatedTransport(options: options, now: { Int(Date().timeIntervalSince1970) })
        case .openAI(let baseURL, let key, let timeout):
            var timeouts = HTTPTransport.Timeouts()
            if let timeout { (timeouts.streamHead, timeouts.wholeHead) = (timeout, timeout) }
            return HTTPTransport(client: client, baseURL: baseURL, key: key, timeouts: timeouts)
        }
    }
}
