import Foundation
import TurnoutCore

extension Configuration.Model {
    /// Where a model's price is from.
    package enum PriceOrigin: Sendable, Equatable {
        /// The configuration file says it.
        case configuration
        /// The user's own catalogue has it.
        case ownCatalogue
        /// The catalogue in the binary has it, under this provider and id.
        case builtIn(provider: String, id: String)
        /// Nobody says it.
        case unknown
    }

    /// Reads what the file itself says of a model.
    static func stated(_ fields: [String: ConfigurationNode], provider: String, id: String) throws -> CatalogueEntry {
        var entry = CatalogueEntry(provider: provider, id: id)
        entry.price = try fields["price"].map(Price.init)
        entry.contextWindow = try fields["context_window"]?.integer(in: 1...1_000_000_000)
        entry.outputLimit = try fields["output_limit"]?.integer(in: 1...1_000_000_000)
        if let node = fields["abilities"] {
            let known = try node.fields(ModelAbilities.named.map(\.name))
            for (name, path) in ModelAbilities.named {
                entry.abilities[keyPath: path] = try known[name].map { try $0.flag() }
            }
        }
        entry.sizeClass = try fields["size"].map { node in
            guard let size = SizeClass(label: try node.string()) else {
                throw node.expected("one of \(SizeClass.allCases.map(\.label).joined(separator: ", "))")
            }
            return size
        }
        return entry
    }

    /// Fills in from the catalogues what the file does not say.
    ///
    /// The user's catalogue is asked for the provider's configured name, then for whom its address belongs to; the
    /// built-in one for the latter only. Nothing is known of a server in the house.
    mutating func fill(own: Catalogue?, at provider: Configuration.Provider?) {
        let listed = provider?.listedName
        let mine = [self.provider, listed].compactMap { $0.flatMap { own?.entry(of: id, at: $0) } }.first
        let builtIn = listed.flatMap { Catalogue.builtIn.entry(of: id, at: $0) }
        priceOrigin =
            if entry.price != nil {
                .configuration
            } else if mine?.price != nil {
                .ownCatalogue
            } else if let builtIn, builtIn.price != nil {
                .builtIn(provider: builtIn.provider, id: builtIn.id)
            } else {
                .unknown
            }
        for found in [mine, builtIn] { if let found { entry = entry.filled(from: found) } }
        entry.sizeClass = entry.sizeClass ?? SizeClass(ofModel: id)
    }
}

extension Configuration.Provider {
    /// The catalogue's name of this provider; `nil` for one that it does not know, or in the house.
    ///
    /// The address decides. A provider that is reached by way of some other public host, a company's proxy for
    /// example, goes by its configured name.
    var listedName: String? {
        guard case .openAI(let baseURL, _, _) = kind, let host = URL(string: baseURL)?.host() else { return nil }
        if let known = CatalogueProvider.name(ofHost: host) { return known }
        let isPublic = host.contains(".") && !host.contains(":") && host.contains(where: \.isLetter)
        return isPublic && !isLocal && CatalogueProvider.isKnown(name) ? name : nil
    }
}

extension Configuration.Provider {
    /// Whether its address is one in the house: this machine, a name without a domain, or a private network.
    var isLocal: Bool {
        guard case .openAI(let baseURL, _, _) = kind else { return true }
        guard let host = URL(string: baseURL)?.host() else { return false }
        let parts = host.split(separator: "."), octets = parts.compactMap { UInt8($0) }
        if parts.count == 4, octets.count == 4 {
            return octets[0] == 127 || octets[0] == 10 || octets.starts(with: [192, 168])
                || octets[0] == 172 && 16...31 ~= octets[1]
        }
        if host.contains(":") { return ["::1", "[::1]"].contains(host) || host.drop { $0 == "[" }.hasPrefix("fd") }
        return !host.contains(".") || host.hasSuffix(".local") || host.hasSuffix(".internal")
    }
}

extension Configuration {
    /// Fills in from the catalogues what is not said of the models.
    ///
    /// - Parameter own: The user's catalogue, whose entries stand before the built-in ones.
    mutating func fillFromCatalogue(own: Catalogue? = nil) {
        for index in models.indices {
            let provider = providers.first { $0.name == models[index].provider }
            models[index].fill(own: own, at: provider)
        }
    }
}

extension Price {
    /// Reads `{ input: N, output: N, … }`, dollars for a million tokens.
    fileprivate init(_ node: ConfigurationNode) throws {
        let fields = try node.fields(TokenRates.keys + ["tiers", "batch_percent"])
        let rates = try TokenRates(fields, in: node)
        self.init(inputPerMillion: rates.inputPerMillion, outputPerMillion: rates.outputPerMillion)
        self.rates = rates
        batchPercent = try fields["batch_percent"]?.integer(in: 1...100)
        tiers = try (fields["tiers"]?.elements() ?? []).map { tier in
            let fields = try tier.fields(TokenRates.keys + ["above_input"])
            return Tier(
                aboveInput: try fields["above_input"].required("above_input", in: tier).integer(in: 1...1_000_000_000),
                rates: try TokenRates(fields, in: tier))
        }
        guard zip(tiers, tiers.dropFirst()).allSatisfy({ $0.aboveInput < $1.aboveInput }) else {
            throw node.failure("'\(node.path).tiers' must stand in ascending order of above_input")
        }
    }
}

extension TokenRates {
    fileprivate static let keys = ["input", "output", "cache_read", "cache_write", "reasoning"]

    fileprivate init(_ fields: [String: ConfigurationNode], in node: ConfigurationNode) throws {
        self.init(
            inputPerMillion: try fields["input"].required("input", in: node).dollars(),
            outputPerMillion: try fields["output"].required("output", in: node).dollars(),
            cacheReadPerMillion: try fields["cache_read"]?.dollars(),
            cacheWritePerMillion: try fields["cache_write"]?.dollars(),
            reasoningPerMillion: try fields["reasoning"]?.dollars())
    }
}

extension ConfigurationNode {
    fileprivate func dollars() throws -> Money {
        guard let money = Money(dollars: try number(in: 0...1e6)) else {
            throw expected("dollars for a million tokens")
        }
        return money
    }
}
