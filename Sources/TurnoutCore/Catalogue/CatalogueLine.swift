import Foundation

/// A line of a catalogue file: one JSON object, with `provider`, `id` and `match` first.
package enum CatalogueLine {
    /// Reads a line; every key it does not know is refused.
    ///
    /// - Parameters:
    ///   - bytes: JSON without a line break.
    ///   - place: How the line is named in messages: `FILE:LINE`.
    /// - Returns: The entry; its id is empty where the line has none.
    /// - Throws: ``TurnoutError`` with code `.invalidData`.
    package static func read(_ bytes: some Sequence<UInt8>, place: String) throws -> CatalogueEntry {
        do {
            return try JSONDecoder().decode(StoredEntry.self, from: Data(bytes)).entry
        } catch let error as DecodingError {
            throw TurnoutError(.invalidData, "\(place): \(sentence(error))", cause: error)
        }
    }

    /// Writes a line without its line break; the same entry gives the same bytes everywhere.
    ///
    /// Ids and patterns hold no quotes, backslashes or control characters: ``read(_:place:)`` refuses such.
    package static func write(_ entry: CatalogueEntry) -> String {
        var fields = ["\"provider\":\"\(entry.provider)\"", "\"id\":\"\(entry.id)\""]
        if !entry.matches.isEmpty {
            fields.append("\"match\":[\(entry.matches.map { "\"\($0)\"" }.joined(separator: ","))]")
        }
        if let price = entry.price { fields.append("\"price\":\(text(of: price))") }
        if let window = entry.contextWindow { fields.append("\"context_window\":\(window)") }
        if let limit = entry.outputLimit { fields.append("\"output_limit\":\(limit)") }
        let abilities = ModelAbilities.named.compactMap { name, path in
            entry.abilities[keyPath: path].map { "\"\(name)\":\($0)" }
        }
        if !abilities.isEmpty { fields.append("\"abilities\":{\(abilities.joined(separator: ","))}") }
        if let size = entry.sizeClass { fields.append("\"size\":\"\(size.label)\"") }
        if let released = entry.released { fields.append("\"released\":\"\(released)\"") }
        if let retires = entry.retires { fields.append("\"retires\":\"\(retires)\"") }
        return "{\(fields.joined(separator: ","))}"
    }

    private static func text(of price: Price) -> String {
        var fields = [text(of: price.rates)]
        if !price.tiers.isEmpty {
            let tiers = price.tiers.map { "{\"above_input\":\($0.aboveInput),\(text(of: $0.rates))}" }
            fields.append("\"tiers\":[\(tiers.joined(separator: ","))]")
        }
        if let percent = price.batchPercent { fields.append("\"batch_percent\":\(percent)") }
        return "{\(fields.joined(separator: ","))}"
    }

    private static func text(of rates: TokenRates) -> String {
        let named: [(String, Money?)] = [
            ("input", rates.inputPerMillion), ("output", rates.outputPerMillion),
            ("cache_read", rates.cacheReadPerMillion), ("cache_write", rates.cacheWritePerMillion),
            ("reasoning", rates.reasoningPerMillion),
        ]
        return named.compactMap { name, money in money.map { "\"\(name)\":\($0.decimal)" } }.joined(separator: ",")
    }

    private static func sentence(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            let owner = path(context)
            return "\(owner.isEmpty ? "the entry" : "'\(owner)'") has no '\(key.stringValue)'; add it"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            guard !context.codingPath.isEmpty else { return noObject }
            return "'\(path(context))' is of the wrong kind; see docs/formats.md"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            return "'\(path(context))' \(context.debugDescription)"
        default:
            return noObject
        }
    }

    private static let noObject = "not one JSON object; a catalogue has one a line"
}

/// An entry as it stands in a file.
private struct StoredEntry: Decodable {
    let entry: CatalogueEntry

    init(from decoder: any Decoder) throws {
        let fields = try StoredFields(
            decoder,
            known: [
                "provider", "id", "match", "price", "context_window", "output_limit", "abilities", "size", "released",
                "retires",
            ])
        let matches = try fields.optional([String].self, "match") ?? []
        let id = try matches.isEmpty ? fields.required(String.self, "id") : fields.optional(String.self, "id") ?? ""
        var entry = CatalogueEntry(provider: try fields.required(String.self, "provider"), id: id)
        for text in [entry.provider, id] + matches where text.unicodeScalars.contains(where: Self.isUnsafe) {
            throw fields.corrupted("match", "and the names must not hold quotes, backslashes or control characters")
        }
        entry.matches = matches
        entry.price = try fields.optional(StoredPrice.self, "price")?.price
        entry.contextWindow = try fields.count("context_window")
        entry.outputLimit = try fields.count("output_limit")
        entry.abilities = try fields.optional(StoredAbilities.self, "abilities")?.abilities ?? ModelAbilities()
        entry.sizeClass = try fields.optional(String.self, "size").map { label in
            guard let size = SizeClass(label: label) else {
                throw fields.corrupted(
                    "size", "must be one of \(SizeClass.allCases.map(\.label).joined(separator: ", "))")
            }
            return size
        }
        entry.released = try fields.day("released")
        entry.retires = try fields.day("retires")
        self.entry = entry
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\"" || scalar == "\\" || scalar.value < 0x20
    }
}

private struct StoredPrice: Decodable {
    let price: Price

    init(from decoder: any Decoder) throws {
        let fields = try StoredFields(decoder, known: StoredTier.rateKeys + ["tiers", "batch_percent"])
        let rates = try StoredTier.rates(fields)
        var price = Price(
            inputPerMillion: rates.inputPerMillion, outputPerMillion: rates.outputPerMillion,
            tiers: try fields.optional([StoredTier].self, "tiers")?.map(\.tier) ?? [],
            batchPercent: try fields.count("batch_percent"))
        price.rates = rates
        guard price.tiers.map(\.aboveInput) == Array(Set(price.tiers.map(\.aboveInput))).sorted() else {
            throw fields.corrupted("tiers", "must stand in ascending order of above_input")
        }
        self.price = price
    }
}

private struct StoredTier: Decodable {
    static let rateKeys = ["input", "output", "cache_read", "cache_write", "reasoning"]
    let tier: Price.Tier

    init(from decoder: any Decoder) throws {
        let fields = try StoredFields(decoder, known: Self.rateKeys + ["above_input"])
        tier = Price.Tier(
            aboveInput: try fields.count("above_input") ?? fields.required(Int.self, "above_input"),
            rates: try Self.rates(fields))
    }

    static func rates(_ fields: StoredFields) throws -> TokenRates {
        TokenRates(
            inputPerMillion: try fields.money("input") ?? Money(nanoDollars: fields.required(Int64.self, "input")),
            outputPerMillion: try fields.money("output") ?? Money(nanoDollars: fields.required(Int64.self, "output")),
            cacheReadPerMillion: try fields.money("cache_read"), cacheWritePerMillion: try fields.money("cache_write"),
            reasoningPerMillion: try fields.money("reasoning"))
    }
}

private struct StoredAbilities: Decodable {
    let abilities: ModelAbilities

    init(from decoder: any Decoder) throws {
        let fields = try StoredFields(decoder, known: ModelAbilities.named.map(\.name))
        var abilities = ModelAbilities()
        for (name, path) in ModelAbilities.named { abilities[keyPath: path] = try fields.optional(Bool.self, name) }
        self.abilities = abilities
    }
}

/// The fields of an object, none of them unknown.
private struct StoredFields {
    struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let container: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder, known: [String]) throws {
        container = try decoder.container(keyedBy: Key.self)
        if let stranger = container.allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) }) {
            throw corrupted(stranger, "is not a key; known are \(known.joined(separator: ", "))")
        }
    }

    func required<Value: Decodable>(_: Value.Type, _ name: String) throws -> Value {
        try container.decode(Value.self, forKey: Key(stringValue: name))
    }

    func optional<Value: Decodable>(_: Value.Type, _ name: String) throws -> Value? {
        try container.decodeIfPresent(Value.self, forKey: Key(stringValue: name))
    }

    func money(_ name: String) throws -> Money? {
        try optional(Double.self, name).map { dollars in
            guard dollars >= 0, dollars <= 1e6, let money = Money(dollars: dollars) else {
                throw corrupted(name, "must be dollars for a million tokens, 0 to 1000000")
            }
            return money
        }
    }

    func count(_ name: String) throws -> Int? {
        try optional(Int.self, name).map { count in
            guard (1...1_000_000_000).contains(count) else {
                throw corrupted(name, "must be a whole number from 1 to 1000000000")
            }
            return count
        }
    }

    func day(_ name: String) throws -> String? {
        try optional(String.self, name).map { text in
            guard text.wholeMatch(of: #/[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])/#) != nil else {
                throw corrupted(name, "must be a day as in 2026-01-31")
            }
            return text
        }
    }

    func corrupted(_ name: String, _ what: String) -> DecodingError {
        .dataCorrupted(
            DecodingError.Context(
                codingPath: container.codingPath + [Key(stringValue: name)], debugDescription: what))
    }
}
