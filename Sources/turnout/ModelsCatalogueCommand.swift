import ArgumentParser
import Foundation
import TurnoutCore

extension ModelsCommand {
    struct CatalogueCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "catalogue",
            abstract: "Lists what is known of models, or shows one; exit code 1 when it is not known.",
            discussion: """
                Example: turnout models catalogue gpt-5
                Prices are dollars for a million tokens. What is not known is said to be unknown. With --build, makes the
                file anew from the public list of prices:
                turnout models catalogue --build prices.json --overlay Recipes/catalogue-overlay.jsonl -o catalogue.jsonl
                """)

        @Argument(help: "What a provider calls the model; as provider/id where several have one.")
        var name: String?

        @Option(help: "Lists this provider's models only.")
        var provider: String?

        @Option(help: "Another catalogue than the one in the binary.")
        var file: String?

        @Option(
            help: ArgumentHelp(
                "A list of prices to make a catalogue of, as genai-prices publishes it.", valueName: "prices"))
        var build: String?

        @Option(help: "Facts by pattern that the list of prices does not have, for --build.")
        var overlay: String?

        @Option(help: "The day whose prices are wanted, for --build; today by default.")
        var day: String?

        @Option(name: .shortAndLong, help: "Where --build puts the catalogue.")
        var output: String?

        @Flag(help: "Prints one JSON object a model.")
        var json = false

        func validate() throws {
            guard (build == nil) == (output == nil) else { throw ValidationError("--build and -o go together") }
            guard build != nil || (overlay == nil && day == nil) else {
                throw ValidationError("--overlay and --day are for --build")
            }
        }

        func run() throws {
            if let build, let output { return try make(from: build, output) }
            let catalogue = try file.map { try Catalogue(path: $0) } ?? .builtIn
            let found = try entries(of: catalogue)
            guard !found.isEmpty else {
                let what = name.map { "'\($0)'" } ?? "a provider '\(provider ?? "")'"
                FileHandle.standardError.write(
                    Data("turnout: the catalogue does not know \(what); list it: turnout models catalogue\n".utf8))
                throw ExitCode(1)
            }
            if json {
                for entry in found { print(CatalogueLine.write(entry)) }
            } else if name != nil {
                print(found.map(CatalogueText.whole).joined(separator: "\n\n"))
            } else {
                print(CatalogueText.table(found))
            }
        }

        private func entries(of catalogue: Catalogue) throws -> [CatalogueEntry] {
            let all = try catalogue.entries().filter { provider == nil || $0.provider == provider }
            guard let name else { return all }
            var providers: [String] = []
            for entry in all where providers.last != entry.provider { providers.append(entry.provider) }
            if let slash = name.firstIndex(of: "/"), providers.contains(String(name[..<slash])),
                let entry = catalogue.entry(of: String(name[name.index(after: slash)...]), at: String(name[..<slash]))
            {
                return [entry]
            }
            return providers.compactMap { catalogue.entry(of: name, at: $0) }
        }

        private func make(from list: String, _ output: String) throws {
            let day = self.day ?? Date.now.formatted(.iso8601.year().month().day())
            let facts = try overlay.map { try Catalogue.entries(in: Array(Self.contents(of: $0)), name: $0) } ?? []
            let entries = try PriceList.catalogue(from: Self.contents(of: list), name: list, overlay: facts, on: day)
            try WholeFile.write(Array(PriceList.text(of: entries, on: day).utf8), to: output)
            print(
                "\(output): \(entries.count) models of \(Set(entries.map(\.provider)).count) providers, prices of \(day)"
            )
        }

        private static func contents(of path: String) throws -> Data {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw TurnoutError(.io, "\(path): cannot be read; check the path and the permissions")
            }
            return data
        }
    }
}

/// A catalogue's entries for people.
private enum CatalogueText {
    static func table(_ entries: [CatalogueEntry]) -> String {
        TextTable.text(
            header: ["provider", "model", "in", "out", "window", "size"],
            rows: entries.map { entry in
                [
                    entry.provider, entry.id, dollars(entry.price?.inputPerMillion),
                    dollars(entry.price?.outputPerMillion), entry.contextWindow.map(String.init) ?? "unknown",
                    entry.sizeClass?.label ?? "unknown",
                ]
            })
    }

    /// All that is known of one model, a line each.
    static func whole(_ entry: CatalogueEntry) -> String {
        var lines = ["\(entry.provider) \(entry.id)"]
        func add(_ name: String, _ value: String?) {
            lines.append("  \(name.padding(toLength: 20, withPad: " ", startingAt: 0))\(value ?? "unknown")")
        }
        if !entry.matches.isEmpty { add("also", entry.matches.joined(separator: ", ")) }
        if let price = entry.price {
            add("input", dollars(price.inputPerMillion))
            add("output", dollars(price.outputPerMillion))
            add("cache read", price.cacheReadPerMillion.map(dollars))
            add("cache write", price.cacheWritePerMillion.map(dollars))
            add("thought", price.reasoningPerMillion.map(dollars) ?? "as output")
            for tier in price.tiers {
                let rates = "\(dollars(tier.rates.inputPerMillion)) in, \(dollars(tier.rates.outputPerMillion)) out"
                add("above \(tier.aboveInput)", rates)
            }
            add("in batches", price.batchPercent.map { "\($0) % of that" })
        } else {
            add("price", nil)
        }
        add("context window", entry.contextWindow.map(String.init))
        add("output limit", entry.outputLimit.map(String.init))
        for (name, path) in ModelAbilities.named { add(name, entry.abilities[keyPath: path].map { $0 ? "yes" : "no" }) }
        add("size", entry.sizeClass?.label)
        add("released", entry.released)
        add("retires", entry.retires)
        return lines.joined(separator: "\n")
    }

    private static func dollars(_ money: Money?) -> String { money.map { "$\($0.decimal)" } ?? "unknown" }
}
