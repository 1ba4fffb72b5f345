import Foundation
import TurnoutCore
import TurnoutGateway
import TurnoutProviders
import TurnoutRouting

extension Configuration {
    /// Reads and checks a configuration file.
    ///
    /// - Parameters:
    ///   - path: A YAML file.
    ///   - environment: Where `${NAME}` comes from.
    /// - Returns: The configuration, ready to be built.
    /// - Throws: ``TurnoutError`` with code `.invalidConfiguration`, naming file, line and key.
    package static func load(
        path: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> Configuration {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TurnoutError(.invalidConfiguration, "\(path): cannot be read; check the path and the permissions")
        }
        guard let text = String(bytes: data, encoding: .utf8) else {
            throw TurnoutError(.invalidConfiguration, "\(path):1: the file is not UTF-8 text")
        }
        return try parse(text, name: path, environment: environment)
    }

    /// Reads and checks a configuration's text.
    ///
    /// Paths of routers and encoders are relative to the folder of `name`.
    package static func parse(_ text: String, name: String, environment: [String: String]) throws -> Configuration {
        let root = try ConfigurationSource.parse(
            text, name: name, needs: "'providers', 'models' and 'routes'", environment: environment)
        let fields = try root.fields(["providers", "models", "routes", "server", "catalogue"])
        let models = try fields["models"].required("models", in: root)
        let (encoded, asked) = try split(models)
        // Encoders need no provider.
        let providers = try asked.isEmpty ? fields["providers"] : fields["providers"].required("providers", in: root)
        var configuration = Configuration(
            providers: try providers?.entries().map(provider) ?? [], models: try asked.map(model),
            encoders: try encoded.map { try encoder($0.name, $0.value, folder: folder(of: name)) },
            routes: try (fields["routes"]?.entries() ?? []).map {
                try route($0.name, $0.value, folder: folder(of: name))
            })
        if let server = fields["server"] { configuration.server = try self.server(server) }
        try configuration.checkReferences(fields)
        configuration.fillFromCatalogue(
            own: try fields["catalogue"].map { try catalogue($0, folder: folder(of: name)) })
        return configuration
    }

    private static func catalogue(_ node: ConfigurationNode, folder: String) throws -> Catalogue {
        let path = try node.string()
        do {
            return try Catalogue(path: path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)")
        } catch let error as TurnoutError {
            throw node.failure("'\(node.path)': \(error.message)")
        }
    }

    private static func folder(of path: String) -> String {
        path.contains("/") ? URL(fileURLWithPath: path).deletingLastPathComponent().path : ""
    }

    private static func provider(_ name: String, _ node: ConfigurationNode) throws -> Provider {
        let known = ["protocol", "base_url", "api_key", "timeout"]
        let simulated = ["protocol", "first_token_ms", "tokens_per_second", "failure_rate", "seed"]
        let kind = try node.entries().first { $0.name == "protocol" }.map { try $0.value.string() }
        switch kind {
        case "openai":
            let fields = try node.fields(known)
            let base = try fields["base_url"].map(baseURL) ?? "https://api.openai.com/v1"
            return Provider(
                name: name,
                kind: .openAI(
                    baseURL: base, key: try fields["api_key"].map(apiKey),
                    timeout: try fields["timeout"].map { .seconds(try $0.number(in: 0.001...longestTimeout)) }))
        case "simulated":
            let fields = try node.fields(simulated)
            var options = SimulatedTransport.Options()
            if let field = fields["first_token_ms"] {
                options.firstToken = .milliseconds(try field.number(in: 0...3_600_000))
            }
            if let field = fields["tokens_per_second"] { options.tokensPerSecond = try field.number(in: 0.001...1e9) }
            if let field = fields["failure_rate"] { options.failureRate = try field.number(in: 0...1) }
            if let field = fields["seed"] { options.seed = UInt64(try field.integer(in: 0...Int.max)) }
            return Provider(name: name, kind: .simulated(options))
        case let other?:
            throw node.failure("provider '\(name)' has protocol '\(other)'; known are openai and simulated")
        case nil:
            throw node.failure("provider '\(name)' has no 'protocol'; add 'protocol: openai' or 'protocol: simulated'")
        }
    }

    private static func baseURL(_ node: ConfigurationNode) throws -> String {
        let text = try node.string()
        guard let url = URL(string: text), url.scheme == "http" || url.scheme == "https", url.host() != nil else {
            throw node.expected("an address such as http://localhost:11434/v1")
        }
        guard url.query() == nil, url.fragment() == nil, url.user() == nil, url.password() == nil else {
            throw node.expected("an address without user, query or fragment; a key belongs into api_key")
        }
        return text
    }

    private static func apiKey(_ node: ConfigurationNode) throws -> Secret {
        let text = try node.string()
        if let problem = Secret.problem(with: text) { throw node.failure("'\(node.path)' \(problem)") }
        return Secret(text)
    }

    /// Seconds; a provider that is silent for longer is left, whatever it is asked.
    private static var longestTimeout: Double { HTTPTransport.longestSilence / .seconds(1) }

    private typealias Entries = [(name: String, value: ConfigurationNode)]

    /// The models that are computed here, and those that a provider is asked for.
    private static func split(_ node: ConfigurationNode) throws -> (encoded: Entries, asked: Entries) {
        let entries = try node.entries()
        guard !entries.isEmpty else { throw node.failure("'models' names no model; add one") }
        let isEncoder = try entries.map { try $0.value.entries().contains { $0.name == "encoder" } }
        let pairs = zip(entries, isEncoder)
        return (pairs.filter(\.1).map(\.0), pairs.filter { !$0.1 }.map(\.0))
    }

    private static func encoder(_ name: String, _ node: ConfigurationNode, folder: String) throws -> Encoder {
        let fields = try node.fields(["encoder", "provider"])
        guard fields["provider"] == nil else {
            throw node.failure(
                "'\(node.path)' has both 'provider' and 'encoder'; a model is asked there or computed here, keep one")
        }
        let encoder = try fields["encoder"].required("encoder", in: node).string()
        guard !encoder.isEmpty else {
            throw node.failure("'\(node.path).encoder' is empty; give 'static', a model's folder or its name")
        }
        let isPath = encoder.hasPrefix(".") || encoder.hasSuffix(".safetensors")
        let isRelative = isPath && !folder.isEmpty && !"/~".contains(encoder.prefix(1))
        return Encoder(
            name: ModelID(name),
            encoder: isRelative ? URL(filePath: "\(folder)/\(encoder)").standardizedFileURL.path : encoder,
            place: "\(node.source.name):\(node.line)")
    }

    private static func model(_ name: String, _ node: ConfigurationNode) throws -> Model {
        let fields = try node.fields(
            ["provider", "id", "price", "output_limit", "abilities", "size", "as"] + ModelAttempts.keys)
        var model = Model(
            name: ModelID(name), provider: try fields["provider"].required("provider", in: node).string(),
            id: try fields["id"]?.string() ?? name)
        model.routerName = try fields["as"].map { ModelID(try $0.string()) }
        model.attempts = try ModelAttempts(fields)
        model.entry = try Model.stated(fields, provider: model.provider, id: model.id)
        return model
    }

    private static func route(_ name: String, _ node: ConfigurationNode, folder: String) throws -> Route {
        let fields = try node.fields(
            ["candidates", "router", "cascade", "policy", "fallback", "attempts", "conversations"])
        let candidates = try fields["candidates"].required("candidates", in: node)
        var route = Route(name: name, candidates: try candidates.elements().map { ModelID(try $0.string()) })
        guard !route.candidates.isEmpty else {
            throw candidates.expected("a list of at least one model, weakest first")
        }
        guard Set(route.candidates).count == route.candidates.count else {
            throw candidates.failure("'\(candidates.path)' names a model twice; keep one")
        }
        if let node = fields["router"], node.isMapping {
            let classifier = try classifier(node)
            (route.classifier, route.router, route.policy) = (classifier, CausalLLMRouter.kind, .threshold(0.5))
        } else if let router = try fields["router"]?.string() {
            let isRelative = router != "default" && !router.hasPrefix("/") && !folder.isEmpty
            route.router = isRelative ? "\(folder)/\(router)" : router
        }
        if let node = fields["cascade"] { route.cascade = try verifier(node) }
        if let policy = fields["policy"] { route.policy = try self.policy(policy) }
        if let node = fields["attempts"] { route.rules = try AttemptRules(node) }
        if let node = fields["conversations"] { route.conversationIdle = try conversationIdle(node) }
        if let node = fields["fallback"] {
            let fallback = try node.elements().map { ModelID(try $0.string()) }
            guard Set(fallback).count == fallback.count else {
                throw node.failure("'\(node.path)' names a model twice; keep one")
            }
            route.fallback = fallback
        }
        route.place = "\(node.source.name):\(node.line)"
        return route
    }

    /// `off`, or how long conversations are remembered.
    private static func conversationIdle(_ node: ConfigurationNode) throws -> Duration? {
        guard node.isMapping else {
            guard try node.string() == "off" else { throw node.expected("off, or { idle: SECONDS }") }
            return nil
        }
        let idle = try node.fields(["idle"])["idle"].required("idle", in: node)
        return .seconds(try idle.number(in: 1...604_800))
    }

    private static func server(_ node: ConfigurationNode) throws -> Server {
        let fields = try node.fields(["host", "port", "max_body_bytes", "shutdown_grace"])
        var server = Server()
        if let field = fields["host"] { server.host = try field.string() }
        if let field = fields["port"] { server.port = try field.integer(in: 0...65_535) }
        if let field = fields["max_body_bytes"] { server.maxBodyBytes = try field.integer(in: 1...(1 << 32)) }
        if let field = fields["shutdown_grace"] { server.shutdownGrace = .seconds(try field.number(in: 0...86_400)) }
        return server
    }

    /// Refuses names that stand for nothing, or for two things.
    private func checkReferences(_ fields: [String: ConfigurationNode]) throws {
        let providerNames = providers.map(\.name)
        let modelNames = models.map(\.name.name)
        let encoderNames = encoders.map(\.name.name)
        for (name, node) in try fields["models"]?.entries() ?? [] {
            guard let provider = models.first(where: { $0.name.name == name })?.provider else { continue }
            try Self.check(provider, among: providerNames, "provider", of: node)
        }
        for (name, node) in try fields["routes"]?.entries() ?? [] {
            guard !modelNames.contains(name), !encoderNames.contains(name) else {
                throw node.failure(
                    "'\(name)' is both a route and a model; clients could not tell them apart, rename one")
            }
            guard let route = routes.first(where: { $0.name == name }) else { continue }
            let asked = [route.classifier?.model, route.cascade?.judge.model].compactMap(\.self)
            for model in route.candidates + (route.fallback ?? []) + asked {
                guard !encoderNames.contains(model.name) else {
                    throw node.failure(
                        "'\(node.path)' names the encoder '\(model)', which answers embeddings only; name chat models")
                }
                try Self.check(model.name, among: modelNames, "model", of: node)
            }
        }
    }

    private static func check(_ name: String, among known: [String], _ what: String, of node: ConfigurationNode) throws
    {
        guard !known.contains(name) else { return }
        let nearest = SpellingDistance.nearest(to: name, among: known)
        let list = known.isEmpty ? "none is defined" : "there are: \(known.joined(separator: ", "))"
        throw node.failure(
            "'\(node.path)' refers to the \(what) '\(name)', which does not exist; \(nearest.map { "did you mean '\($0)'?" } ?? list)"
        )
    }
}

extension ConfigurationNode? {
    /// The value, or an error that says which key is missing where.
    func required(_ name: String, in parent: ConfigurationNode) throws -> ConfigurationNode {
        guard let self else {
            let place = parent.path.isEmpty ? "the file" : "'\(parent.path)'"
            throw parent.failure("\(place) has no '\(name)'; add it")
        }
        return self
    }
}
