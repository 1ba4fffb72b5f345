package import AsyncHTTPClient
import Foundation
import TurnoutCore
package import TurnoutGateway
import TurnoutHub
import TurnoutProviders
package import TurnoutRouting

extension Configuration {
    /// Loads every router and encoder and opens a way to every provider.
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
            transports[model.provider].map { transport in
                var upstream = Upstream(
                    model: model.name, provider: model.provider, id: model.id, transport: transport)
                upstream.entry = model.entry
                let timeout = providers.first { $0.name == model.provider }?.timeout
                upstream.limits = model.attempts.limits(ofModel: model.id, timeout: timeout)
                upstream.prefill = model.attempts.prefill
                return upstream
            }
        }
        let deciding = try zip(routes, deciders(loadRouter: loadRouter)).map { route, decided in
            func asking(_ told: Classifier) -> CausalLLMClassifier? {
                upstreams.first { $0.model == told.model }.map {
                    CausalLLMClassifier(upstream: $0, options: told.options)
                }
            }
            let cascade = route.cascade.flatMap { told in
                asking(told.judge).map { Cascade(verifier: $0, rule: told.rule) }
            }
            return ModelDirectory.Route(
                name: decided.name, decider: decided.decider, classifier: route.classifier.flatMap(asking),
                cascade: cascade, rules: route.rules, conversationIdle: route.conversationIdle)
        }
        return ModelDirectory(routes: deciding, models: upstreams, encoders: try localEncoders())
    }

    /// The encoders, loaded.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidConfiguration` when one is not there or not what it should be.
    func localEncoders() throws -> [LocalEncoder] {
        try encoders.map { entry in
            do {
                return LocalEncoder(
                    model: entry.name, encoder: try EncoderLocator.ofProcess().encoder(named: entry.encoder))
            } catch let error as TurnoutError where !entry.place.isEmpty {
                throw TurnoutError(
                    .invalidConfiguration, "\(entry.place): 'models.\(entry.name).encoder': \(error.message)",
                    cause: error)
            }
        }
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

    /// Builds one route and decides with it, a classifier's endpoint included, without serving.
    ///
    /// - Parameters:
    ///   - name: The route; the first one when none is named.
    ///   - policy: Replaces the route's.
    ///   - body: Receives the route; connections are closed when it returns.
    /// - Returns: What `body` returns.
    /// - Throws: ``TurnoutError``, and what `body` throws.
    package func withRoute<Result>(
        named name: String?, policy: Policy? = nil, _ body: (ModelDirectory.Route) async throws -> Result
    ) async throws -> Result {
        var own = self
        own.routes = try [route(named: name)]
        if let policy { own.routes[0].policy = policy }
        let client = HTTPTransport.makeClient()
        do {
            let route = try own.directory(client: client).routes[0]
            let result = try await body(route)
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private static func transport(to provider: Provider, client: HTTPClient) -> any UpstreamTransport {
        switch provider.kind {
        case .simulated(let options):
            return SimulatedTransport(options: options, now: { Int(Date().timeIntervalSince1970) })
        case .openAI(let baseURL, let key, _):
            return HTTPTransport(client: client, baseURL: baseURL, key: key)
        }
    }
}
