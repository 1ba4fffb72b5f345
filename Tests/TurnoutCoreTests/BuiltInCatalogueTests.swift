import Foundation
import Testing

@testable import TurnoutCore

/// The catalogue in the binary, as it is.
struct BuiltInCatalogueTests {
    @Test("every line is an entry, written as Turnout writes it, and stands where a lookup finds it")
    func lines() throws {
        let entries = try Catalogue.builtIn.entries()
        #expect(entries.count > 500)
        #expect(entries.map(\.provider) == entries.map(\.provider).sorted())
        #expect(Set(entries.map { "\($0.provider) \($0.id)" }).count == entries.count, "no model stands twice")
        for entry in entries {
            #expect(try CatalogueLine.read(CatalogueLine.write(entry).utf8, place: "copy") == entry)
            #expect(CatalogueProvider.isKnown(entry.provider), "\(entry.provider)")
        }
        for entry in entries.enumerated().filter({ $0.offset % 25 == 0 }).map(\.element) {
            #expect(Catalogue.builtIn.entry(of: entry.id, at: entry.provider) == entry)
        }
    }

    @Test("prices are sane: output no cheaper than a tenth of input, cache no dearer than twice, tiers never cheaper")
    func prices() throws {
        let entries = try Catalogue.builtIn.entries()
        #expect(entries.filter { $0.price != nil }.count > entries.count * 9 / 10)
        for entry in entries {
            guard let price = entry.price else { continue }
            let name = "\(entry.provider) \(entry.id)"
            #expect(price.inputPerMillion.dollars <= 200 && price.outputPerMillion.dollars <= 800, "\(name)")
            #expect(price.outputPerMillion.dollars * 10 >= price.inputPerMillion.dollars, "\(name)")
            #expect(price.cacheReadPerMillion ?? .zero <= price.inputPerMillion, "\(name)")
            #expect(price.tiers.allSatisfy { $0.rates.inputPerMillion >= price.inputPerMillion }, "\(name)")
            #expect(entry.contextWindow ?? 1 << 20 >= 1024, "\(name)")
        }
    }

    @Test("the models asked for most are there, with what they can do", arguments: ["gpt-5", "gpt-5-2025-08-07"])
    func known(id: String) throws {
        let entry = try #require(Catalogue.builtIn.entry(of: id, at: "openai"))
        #expect(entry.id == "gpt-5" && entry.price?.inputPerMillion == Money(dollars: 1.25))
        #expect(entry.contextWindow == 400_000 && entry.abilities.reasoning == true)
        #expect(Catalogue.builtIn.entry(of: "claude-sonnet-4-5-20250929", at: "anthropic")?.abilities.prefill == true)
        #expect(Catalogue.builtIn.entry(of: "gpt-5", at: "anthropic") == nil)
        #expect(Catalogue.builtIn.entry(of: "llama3.1:8b", at: "ollama") == nil)
    }

    @Test(
        "an address tells the provider",
        arguments: [
            ("api.openai.com", "openai"), ("API.OpenAI.com", "openai"), ("eu.api.openai.com", "openai"),
            ("openrouter.ai", "openrouter"), ("generativelanguage.googleapis.com", "google"), ("localhost", nil),
            ("notapi.openai.com.evil.example", nil), ("xapi.openai.com", nil),
        ] as [(String, String?)])
    func hosts(host: String, provider: String?) {
        #expect(CatalogueProvider.name(ofHost: host) == provider)
    }
}
