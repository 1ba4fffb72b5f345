import Foundation
import Testing

@testable import TurnoutCore

struct PriceListTests {
    private static let list = """
        [{"id":"openai","models":[
           {"id":"big","match":{"or":[{"starts_with":"big"},{"contains":"-big-"},{"ends_with":"-b"},{"regex":"x"}]},
            "context_window":1000,"prices":{"input_mtok":{"base":3,"tiers":[{"start":500,"price":6}]},
            "cache_read_mtok":0.3,"output_mtok":{"base":15,"tiers":[{"start":500,"price":22.5}]}}},
           {"id":"dated","match":{"equals":"dated"},"prices":[{"prices":{"input_mtok":2,"output_mtok":4}},
             {"constraint":{"start_date":"2026-03-01"},"prices":{"input_mtok":1,"output_mtok":2}},
             {"constraint":{"start_date":"2027-01-01"},"prices":{"input_mtok":9,"output_mtok":9}}]},
           {"id":"hourly","match":{"equals":"hourly"},"prices":[{"prices":{"input_mtok":2,"output_mtok":4}},
             {"constraint":{"start_time":"00:30:00Z","end_time":"16:30:00Z"},
              "prices":{"input_mtok":3,"output_mtok":6}}]},
           {"id":"fee","match":{"equals":"fee"},"prices":{"input_mtok":1,"output_mtok":1,"requests_kcount":5}},
           {"id":"old","match":{"equals":"old"},"deprecated":true,"prices":{"input_mtok":1,"output_mtok":1}},
           {"id":"text-embedding-9","match":{"equals":"text-embedding-9"},"prices":{"input_mtok":1}},
           {"id":"llama-8b","match":{"equals":"llama-8b"},"prices":{"input_mtok":1,"output_mtok":1}}]},
         {"id":"nobody","models":[{"id":"x","match":{"equals":"x"},"prices":{"input_mtok":1,"output_mtok":1}}]}]
        """

    private func entries(_ overlay: [CatalogueEntry] = []) throws -> [String: CatalogueEntry] {
        let entries = try PriceList.catalogue(
            from: Data(Self.list.utf8), name: "list", overlay: overlay, on: "2026-11-29")
        return Dictionary(uniqueKeysWithValues: entries.map { ($0.id, $0) })
    }

    @Test("models of text with known prices are kept, with their names, windows and steps")
    func kept() throws {
        let entries = try entries()
        #expect(entries.keys.sorted() == ["big", "dated", "fee", "hourly", "llama-8b"])
        let big = try #require(entries["big"])
        #expect(big.matches == ["big*", "*-big-*", "*-b"] && big.contextWindow == 1000)
        #expect(big.price?.tiers.map(\.aboveInput) == [500] && big.price?.batchPercent == 50)
        #expect(big.price?.rates(forInput: 501).outputPerMillion == Money(dollars: 22.5))
        #expect(big.price?.rates(forInput: 501).cacheReadPerMillion == Money(dollars: 0.3))
        #expect(entries["llama-8b"]?.sizeClass == .from7B)
    }

    @Test("the price of the day counts, of the hours the dearest; a fee a request leaves the price unknown")
    func dates() throws {
        let entries = try entries()
        #expect(entries["dated"]?.price?.inputPerMillion == Money(dollars: 1))
        #expect(entries["hourly"]?.price?.inputPerMillion == Money(dollars: 3))
        #expect(entries["fee"]?.price == nil)
    }

    @Test("facts by pattern fill in, the first that fits standing")
    func overlay() throws {
        func fact(_ provider: String, _ match: String, _ limit: Int) -> CatalogueEntry {
            var entry = CatalogueEntry(provider: provider, id: "")
            (entry.matches, entry.outputLimit) = ([match], limit)
            return entry
        }
        let entries = try entries([fact("other", "*", 1), fact("*", "dat*", 2), fact("openai", "*ed", 3)])
        #expect(entries["dated"]?.outputLimit == 2 && entries["big"]?.outputLimit == nil)
    }

    @Test("a file made of a list is the same each time, and is read back as it was")
    func text() throws {
        let made = try entries().values.sorted { $0.id < $1.id }
        let text = PriceList.text(of: made, on: "2026-11-29")
        #expect(text == PriceList.text(of: made, on: "2026-11-29") && text.hasPrefix(Catalogue.headerStart))
        #expect(try Catalogue.entries(in: Array(text.utf8), name: "made") == made)
    }

    @Test("what is no list of prices is refused", arguments: ["", "{}", "[{\"id\":1}]"])
    func refused(text: String) {
        #expect(throws: TurnoutError.self) {
            try PriceList.catalogue(from: Data(text.utf8), name: "list", overlay: [], on: "2026-01-01")
        }
    }
}
