import Synchronization
package import TurnoutCore
package import TurnoutRouting

/// What a client may ask for: routes, models of providers, encoders, and RouteLLM's names.
package struct ModelDirectory: Sendable {
    /// A route: a name behind which a decision is made.
    package struct Route: Sendable {
        /// The name that clients ask for.
        package let name: String
        /// Who decides.
        package let decider: Decider
        /// Who is asked for the score first, where the router does not give it.
        package let classifier: CausalLLMClassifier?
        /// Who judges the chosen model's answer, where a stronger one may give another; `nil` for nobody.
        package let cascade: Cascade?
        /// How what was decided is carried out.
        package let rules: AttemptRules
        /// How long a conversation is remembered after its latest turn; `nil` for not at all.
        package let conversationIdle: Duration?

        /// Names a decider.
        package init(
            name: String, decider: Decider, classifier: CausalLLMClassifier? = nil, cascade: Cascade? = nil,
            rules: AttemptRules = AttemptRules(), conversationIdle: Duration? = .seconds(3600)
        ) {
            self.name = name
            self.decider = decider
            self.classifier = classifier
            self.cascade = cascade
            self.rules = rules
            self.conversationIdle = conversationIdle
        }
    }

    /// What a name stands for.
    package enum Target: Sendable {
        /// A decision is to be made.
        case decide(Route)
        /// One model is to be asked.
        case ask(Upstream)
    }

    /// What a name stands for where vectors are wanted.
    package enum Embedder: Sendable {
        /// They are computed in this process.
        case here(LocalEncoder)
        /// A provider is to be asked.
        case ask(Upstream)
    }

    /// In the order of the configuration.
    package let routes: [Route]
    /// In the order of the configuration.
    package let models: [Upstream]
    /// In the order of the configuration.
    package let encoders: [LocalEncoder]
    private let routesByName: [String: Route]
    private let modelsByName: [String: Upstream]
    private let encodersByName: [String: LocalEncoder]
    private let variants = DeciderVariants()

    /// Indexes all by name; a route hides a model of the same name.
    package init(routes: [Route], models: [Upstream], encoders: [LocalEncoder] = []) {
        self.routes = routes
        self.models = models
        self.encoders = encoders
        self.routesByName = Dictionary(routes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.modelsByName = Dictionary(models.map { ($0.model.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.encodersByName = Dictionary(
            encoders.map { ($0.model.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The model of this name.
    package func upstream(_ model: ModelID) -> Upstream? { modelsByName[model.name] }

    /// Finds what a name stands for.
    ///
    /// - Parameters:
    ///   - name: A route, a model, or `router-<route>-<threshold>`, where the route `default` is the first one.
    ///   - policy: Replaces the route's policy; of no effect on a model or a name with a threshold.
    /// - Returns: Who decides, or who is asked.
    /// - Throws: ``GatewayError`` with status 404 or 400.
    package func resolve(_ name: String, policy: Policy? = nil) throws(GatewayError) -> Target {
        if let route = routesByName[name] {
            return .decide(try policy.map { (policy) throws(GatewayError) in try variant(route, policy) } ?? route)
        }
        if let upstream = modelsByName[name] { return .ask(upstream) }
        if let (wanted, threshold) = try Self.routeLLMName(name) {
            if let route = routesByName[wanted] ?? (wanted == "default" ? routes.first : nil) {
                return .decide(try variant(route, .threshold(threshold)))
            }
        }
        guard encodersByName[name] == nil else {
            throw wrongKind(
                "'\(name)' is an encoder, which answers /v1/embeddings only", routes.map(\.name) + modelNames)
        }
        throw notFound(name, routes.map(\.name) + modelNames)
    }

    /// Finds who turns texts into vectors under a name.
    ///
    /// - Returns: An encoder, or a provider's model, of which nothing is known until it is asked.
    /// - Throws: ``GatewayError`` with status 404 or 400.
    package func embedder(named name: String) throws(GatewayError) -> Embedder {
        if let encoder = encodersByName[name] { return .here(encoder) }
        if let upstream = modelsByName[name] { return .ask(upstream) }
        let names = encoders.map(\.model.name) + modelNames
        guard routesByName[name] == nil else {
            throw wrongKind("'\(name)' is a route, which chooses among chat models", names)
        }
        throw notFound(name, names)
    }

    private var modelNames: [String] { models.map(\.model.name) }

    private func variant(_ route: Route, _ policy: Policy) throws(GatewayError) -> Route {
        if case .budget = route.decider.policy.rule {
            throw GatewayError.client(
                status: 400,
                "the route '\(route.name)' keeps a budget, which a request cannot replace by another policy",
                code: "invalid_policy")
        }
        do {
            let decider = try variants.decider(named: route.name, route.decider, policy)
            return Route(
                name: route.name, decider: decider, classifier: route.classifier, cascade: route.cascade,
                rules: route.rules, conversationIdle: route.conversationIdle)
        } catch {
            throw GatewayError.client(status: 400, "\(error)", code: "invalid_policy")
        }
    }

    /// Splits `router-<name>-<threshold>`; `nil` for any other name.
    private static func routeLLMName(_ name: String) throws(GatewayError) -> (route: String, threshold: Double)? {
        guard name.hasPrefix("router-"), let dash = name.lastIndex(of: "-") else { return nil }
        let start = name.index(name.startIndex, offsetBy: "router-".count)
        guard start < dash else { return nil }
        let number = name[name.index(after: dash)...]
        guard let threshold = Double(number), threshold >= 0, threshold <= 1 else {
            throw GatewayError.client(
                status: 400,
                "the model name '\(shortened(name))' ends in '\(shortened(String(number)))', but must end in a threshold "
                    + "between 0 and 1, as in 'router-default-0.5'",
                code: "invalid_threshold", field: "model")
        }
        return (String(name[start..<dash]), threshold)
    }

    private func notFound(_ name: String, _ known: [String]) -> GatewayError {
        GatewayError.client(
            status: 404, "the model '\(shortened(name))' does not exist here; there are: \(Self.list(known))",
            code: "model_not_found", field: "model")
    }

    private func wrongKind(_ what: String, _ known: [String]) -> GatewayError {
        GatewayError.client(
            status: 400, "\(what); there are: \(Self.list(known))", code: "model_not_supported", field: "model")
    }

    private static func list(_ names: [String]) -> String {
        guard !names.isEmpty else { return "none" }
        return names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
    }
}

/// At most a hundred characters of a name that came from outside.
private func shortened(_ name: String) -> String { name.count > 100 ? "\(name.prefix(100))…" : name }

/// Deciders under policies that requests asked for, so that each is checked and resolved once.
private final class DeciderVariants: Sendable {
    private static let limit = 256
    private let known = Mutex<[String: Decider]>([:])

    func decider(named name: String, _ decider: Decider, _ policy: Policy) throws -> Decider {
        let key = "\(name)\n\(policy)"
        if let found = known.withLock({ $0[key] }) { return found }
        let made = try decider.with(policy: policy)
        known.withLock { known in
            if known.count >= Self.limit { known.removeAll() }
            known[key] = made
        }
        return made
    }
}
