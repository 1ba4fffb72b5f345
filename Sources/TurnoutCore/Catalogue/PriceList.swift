package import Foundation

/// Makes a catalogue from the public list of prices that the genai-prices project keeps (MIT licence).
package enum PriceList {
    /// Reads the list and says what is known besides.
    ///
    /// Kept are the providers that ``CatalogueProvider`` knows, and their models of text whose prices of input and
    /// output are both known. A price that changes by the hour counts as its dearest.
    ///
    /// - Parameters:
    ///   - data: The list, JSON.
    ///   - name: How the list is named in messages.
    ///   - overlay: Facts by pattern, the first that fits standing before later ones; provider `*` is any.
    ///   - day: The day whose prices are wanted, `YYYY-MM-DD`.
    /// - Returns: The entries by provider and id.
    /// - Throws: ``TurnoutError`` with code `.invalidData`.
    package static func catalogue(
        from data: Data, name: String, overlay: [CatalogueEntry], on day: String
    ) throws -> [CatalogueEntry] {
        let providers: [ListedProvider]
        do { providers = try JSONDecoder().decode([ListedProvider].self, from: data) } catch {
            throw TurnoutError(
                .invalidData, "\(name): not a price list as genai-prices publishes it (a JSON array of providers)",
                cause: error)
        }
        var seen: Set<String> = []
        let entries = providers.filter { CatalogueProvider.isKnown($0.id) }.flatMap { provider in
            provider.models.compactMap { $0.entry(at: provider.id, on: day) }
        }
        return entries.map { overlaid($0, overlay) }
            .sorted { ($0.provider, $0.id) < ($1.provider, $1.id) }
            .filter { seen.insert("\($0.provider) \($0.id)").inserted }
    }

    /// The text of a catalogue file.
    package static func text(of entries: [CatalogueEntry], on day: String) -> String {
        let header =
            "\(Catalogue.headerStart),\"as_of\":\"\(day)\",\"source\":\"github.com/pydantic/genai-prices (MIT)\"}"
        return ([header] + entries.map(CatalogueLine.write)).joined(separator: "\n") + "\n"
    }

    private static func overlaid(_ entry: CatalogueEntry, _ overlay: [CatalogueEntry]) -> CatalogueEntry {
        let name = Array(entry.id.utf8)
        var entry = overlay.reduce(entry) { entry, line in
            guard line.provider == "*" || line.provider == entry.provider else { return entry }
            return fits(name, line) ? entry.filled(from: line) : entry
        }
        entry.sizeClass = entry.sizeClass ?? SizeClass(ofModel: entry.id)
        if halfPricedInBatches.contains(entry.provider) { entry.price?.batchPercent = 50 }
        return entry
    }

    private static func fits(_ name: [UInt8], _ line: CatalogueEntry) -> Bool {
        line.matches.contains { pattern in
            Array(pattern.utf8).withUnsafeBytes { CatalogueScan.rank(of: name, pattern: $0[...]) > 0 }
        }
    }

    /// Providers whose batch service charges half, as their own pages say.
    private static let halfPricedInBatches: Set = ["anthropic", "google", "groq", "mistral", "openai"]
}

private struct ListedProvider: Decodable {
    let id: String
    let models: [ListedModel]
}

private struct ListedModel: Decodable {
    let id: String
    let match: ListedMatch
    let context_window: Int?
    let deprecated: Bool?
    let prices: ListedPrices

    /// Parts of the names of models that take or give no text, and of those that came before chat.
    private static let others = [
        "realtime", "tts", "transcribe", "-image", "audio", "embed", "moderation", "davinci", "babbage", "curie", "ada",
        "voxtral", "-live-",
    ]

    func entry(at provider: String, on day: String) -> CatalogueEntry? {
        let lower = id.lowercased()
        guard deprecated != true, !Self.others.contains(where: lower.contains), let listed = prices.price(on: day),
            let price = listed.price
        else { return nil }
        var entry = CatalogueEntry(provider: provider, id: id)
        entry.matches = match.patterns.filter { $0 != id }
        // A fee for each request is no rate a token: what such a model costs stays unknown.
        entry.price = listed.isPerTokenOnly ? price : nil
        entry.contextWindow = context_window
        return entry
    }
}

/// Which names mean a model; what cannot be said with `*` is left out.
private struct ListedMatch: Decodable {
    let patterns: [String]

    private enum Keys: String, CodingKey { case equals, contains, starts_with, ends_with, or }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Keys.self)
        func text(_ key: Keys) throws -> String? { try fields.decodeIfPresent(String.self, forKey: key) }
        if let name = try text(.equals) {
            patterns = [name]
        } else if let part = try text(.contains) {
            patterns = ["*\(part)*"]
        } else if let start = try text(.starts_with) {
            patterns = ["\(start)*"]
        } else if let end = try text(.ends_with) {
            patterns = ["*\(end)"]
        } else {
            patterns = try fields.decodeIfPresent([ListedMatch].self, forKey: .or)?.flatMap(\.patterns) ?? []
        }
    }
}

/// One price, or several that hold from some day on or in some hours.
private struct ListedPrices: Decodable {
    private struct Dated: Decodable {
        struct Constraint: Decodable { let start_date: String? }
        let constraint: Constraint?
        let prices: ListedPrice
    }

    private let dated: [Dated]

    init(from decoder: any Decoder) throws {
        if let several = try? [Dated](from: decoder) {
            dated = several
        } else {
            dated = [Dated(constraint: nil, prices: try ListedPrice(from: decoder))]
        }
    }

    func price(on day: String) -> ListedPrice? {
        // ISO dates sort as texts do. The last that has begun holds; hours (no start_date) stand for all day.
        let begun = dated.filter { $0.constraint?.start_date.map { $0 <= day } ?? true }
        let byHour = begun.contains { $0.constraint != nil && $0.constraint?.start_date == nil }
        let candidates = byHour ? begun : begun.suffix(1)
        return candidates.map(\.prices).max { $0.input < $1.input }
    }
}

private struct ListedPrice: Decodable {
    let price: Price?
    /// Whether nothing is charged but tokens.
    let isPerTokenOnly: Bool
    let input: Money

    private enum Keys: String, CodingKey {
        case input_mtok, output_mtok, cache_read_mtok, cache_write_mtok, requests_kcount
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Keys.self)
        func rate(_ key: Keys) throws -> ListedRate? { try fields.decodeIfPresent(ListedRate.self, forKey: key) }
        let (input, output) = (try rate(.input_mtok), try rate(.output_mtok))
        let (read, write) = (try rate(.cache_read_mtok), try rate(.cache_write_mtok))
        isPerTokenOnly = !fields.contains(.requests_kcount)
        self.input = input?.base ?? .zero
        guard let input, let output else {
            price = nil
            return
        }
        func rates(above start: Int?) -> TokenRates {
            TokenRates(
                inputPerMillion: input.money(above: start), outputPerMillion: output.money(above: start),
                cacheReadPerMillion: read?.money(above: start), cacheWritePerMillion: write?.money(above: start))
        }
        let starts = Set([input, output, read, write].compactMap { $0 }.flatMap { $0.tiers.map(\.start) }).sorted()
        var price = Price(inputPerMillion: input.base, outputPerMillion: output.base)
        price.rates = rates(above: nil)
        price.tiers = starts.map { Price.Tier(aboveInput: $0, rates: rates(above: $0)) }
        self.price = price
    }
}

/// A rate in dollars, or one with steps.
private struct ListedRate: Decodable {
    struct Tier: Decodable { let start: Int, price: Double }
    private struct Stepped: Decodable { let base: Double, tiers: [Tier] }

    let base: Money
    let tiers: [(start: Int, money: Money)]

    init(from decoder: any Decoder) throws {
        let stepped = try (try? Double(from: decoder)).map { Stepped(base: $0, tiers: []) } ?? Stepped(from: decoder)
        func money(_ dollars: Double) throws -> Money {
            guard dollars >= 0, let money = Money(dollars: dollars) else {
                throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no price"))
            }
            return money
        }
        base = try money(stepped.base)
        tiers = try stepped.tiers.map { ($0.start, try money($0.price)) }
    }

    /// What holds above a number of input tokens.
    func money(above start: Int?) -> Money {
        guard let start else { return base }
        return tiers.last { $0.start <= start }?.money ?? base
    }
}
