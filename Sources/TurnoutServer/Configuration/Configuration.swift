package import TurnoutCore
package import TurnoutGateway
package import TurnoutProviders
package import TurnoutRouting

/// All that a gateway is told: validated when it was read, and never changed.
package struct Configuration: Sendable {
    /// Someone who serves models.
    package struct Provider: Sendable, Equatable {
        /// How it is spoken to.
        package enum Kind: Sendable, Equatable {
            /// OpenAI's chat completions protocol over HTTP.
            case openAI(baseURL: String, key: Secret?, timeout: Duration?)
            /// Made-up answers.
            case simulated(SimulatedTransport.Options)
        }

        /// The name that models refer to.
        package let name: String
        /// How it is spoken to.
        package let kind: Kind
    }

    /// A model at a provider.
    package struct Model: Sendable, Equatable {
        /// The name that routes and clients use.
        package let name: ModelID
        /// The provider's name.
        package let provider: String
        /// What the provider calls it.
        ///
        /// Default: its name.
        package let id: String
        /// What is known of it: first what the file says, then the catalogues.
        ///
        /// Default: nothing.
        package var entry: CatalogueEntry
        /// Where its price is from.
        package internal(set) var priceOrigin = PriceOrigin.unknown
        /// The name under which routers know it.
        ///
        /// Default: its name.
        package var routerName: ModelID?
        /// What the attempts at it need to know.
        package var attempts = ModelAttempts()

        /// Names a model of which nothing is known.
        package init(name: ModelID, provider: String, id: String) {
            self.name = name
            self.provider = provider
            self.id = id
            self.entry = CatalogueEntry(provider: provider, id: id)
        }

        /// What it charges; `nil` when unknown.
        package var price: Price? { entry.price }
    }

    /// A model that turns texts into vectors in this process.
    package struct Encoder: Sendable, Equatable {
        /// The name that clients use.
        package let name: ModelID
        /// `static`, a folder's path, or the name of a downloaded model.
        package let encoder: String
        /// Where it stands, for messages: `file:line`.
        package var place = ""
    }

    /// A name behind which a decision is made.
    package struct Route: Sendable, Equatable {
        /// The name that clients ask for.
        package let name: String
        /// Models to choose from, weakest first.
        package let candidates: [ModelID]
        /// `default` for the embedded router, or an artifact's path.
        ///
        /// Default: `default`.
        package var router = "default"
        /// The model that is asked for the score instead of a router, and how.
        ///
        /// Default: none.
        package var classifier: Classifier?
        /// The model that judges answers, how it is asked, and what happens then.
        ///
        /// Default: none.
        package var cascade: Verifier?
        /// How estimates become a choice.
        ///
        /// Default: `strong_share: 0.5`; with a classifier `threshold: 0.5`.
        package var policy = Policy.default
        /// Models to try when the choice fails, best first.
        ///
        /// Default: the other candidates, nearest first.
        package var fallback: [ModelID]?
        /// How a decision is carried out.
        package var rules = AttemptRules()
        /// How long a conversation is remembered after its latest turn; `nil` for not at all.
        ///
        /// Default: an hour.
        package var conversationIdle: Duration? = .seconds(3600)
        /// Where it stands, for messages: `file:line`.
        package var place = ""
    }

    /// A language model that says how well the weakest candidate would answer.
    package struct Classifier: Sendable, Equatable {
        /// One of the models.
        package let model: ModelID
        /// How it is asked.
        package var options = CausalLLMClassifier.Options()

        /// Names a model, asked by default.
        package init(model: ModelID) { self.model = model }
    }

    /// A language model that says how good an answer is, and from what score the answer is given.
    package struct Verifier: Sendable, Equatable {
        /// One of the models, and how it is asked.
        package let judge: Classifier
        /// From what score an answer is given.
        package let rule: EscalationRule
    }

    /// How the gateway listens.
    package struct Server: Sendable, Equatable {
        /// Address to listen on.
        ///
        /// Default: loopback only.
        package var host = "127.0.0.1"
        /// Port to listen on; 0 takes any that is free.
        ///
        /// Default: 8787.
        package var port = 8787
        /// Longest request body.
        ///
        /// Default: 32 MiB.
        package var maxBodyBytes = 32 << 20
        /// How long requests under way may take to finish after SIGTERM.
        ///
        /// Default: 30 seconds.
        package var shutdownGrace: Duration = .seconds(30)

        /// The defaults.
        package init() {}
    }

    /// In the order of the file.
    package var providers: [Provider]
    /// In the order of the file.
    package var models: [Model]
    /// In the order of the file, where they stand among the models.
    package var encoders: [Encoder] = []
    /// In the order of the file; the first one is the default.
    package var routes: [Route]
    /// How the gateway listens.
    package var server = Server()

    /// The decider of a route, the first one when none is named.
    ///
    /// - Throws: ``TurnoutError`` when there is no such route, or when its router cannot be loaded or does not know
    ///   the candidates.
    package func decider(
        forRoute name: String?, loadRouter: (String) throws -> any Router = Configuration.loadRouter(named:)
    ) throws -> Decider {
        let route = try route(named: name)
        do {
            let byName = Dictionary(models.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            let candidates = route.candidates.map { name in
                Candidate(
                    model: name, routerName: byName[name]?.routerName, facts: byName[name]?.entry,
                    isLocal: isLocal(name))
            }
            if route.classifier != nil, case .strongShare = route.policy.rule {
                throw TurnoutError(
                    .invalidArgument,
                    "it asks a classifier, and of its scores there is no sample to read a share from; give a threshold")
            }
            let router: any Router =
                try route.classifier.map { CausalLLMRouter(classifier: $0.model.name) } ?? loadRouter(route.router)
            return try Decider(
                candidates: candidates, router: router, policy: route.policy, fallback: route.fallback)
        } catch let error as TurnoutError where !route.place.isEmpty {
            throw TurnoutError(error.code, "\(route.place): route '\(route.name)': \(error.message)", cause: error)
        }
    }

    /// Whether a model is served in the house, so that it answers when the way to everybody else is cut.
    func isLocal(_ model: ModelID) -> Bool {
        let provider = models.first { $0.name == model }?.provider
        return providers.first { $0.name == provider }?.isLocal ?? false
    }

    /// A route, the first one when none is named.
    func route(named name: String?) throws -> Route {
        guard let route = name.map({ name in routes.first { $0.name == name } }) ?? routes.first else {
            let known = routes.map(\.name)
            let hint = known.isEmpty ? "the configuration has no routes" : "there are: \(known.joined(separator: ", "))"
            throw TurnoutError(.invalidArgument, "there is no route '\(name ?? "")'; \(hint)")
        }
        return route
    }
}
