import Testing

@testable import TurnoutCore

struct CatalogueTests {
    @Test(
        "the size class follows from the name, mixtures by all their parameters",
        arguments: [
            ("llama3.1:8b", "7-14B"), ("Qwen2.5-1.5B", "<3B"), ("mixtral-8x7b", "32B+"), ("Qwen3-30B-A3B", "14-32B"),
            ("gemma3:4b-it-qat", "3-7B"), ("meta-llama/Llama-3.3-70B-Instruct", "32B+"), ("gpt-5", nil),
            ("phi-3-mini", nil), ("turbo", nil), ("1eb", nil), ("b", nil), ("a.b", nil),
        ] as [(String, String?)])
    func sizes(name: String, label: String?) {
        #expect(SizeClass(ofModel: name)?.label == label)
    }

    @Test("size classes are ordered, and their bounds belong to the upper class")
    func sizeBounds() {
        #expect(SizeClass.allCases == SizeClass.allCases.sorted())
        #expect([2.9, 3, 7, 14, 32].map { SizeClass(billions: $0) } == SizeClass.allCases)
        #expect(SizeClass.allCases.allSatisfy { SizeClass(label: $0.label) == $0 } && SizeClass(label: "8B") == nil)
    }

    @Test("a line says what was written, in the same bytes each time")
    func roundTrip() throws {
        let line = """
            {"provider":"p","id":"m","match":["m-*"],"price":{"input":1.25,"output":10,"cache_read":0.125,"tiers":\
            [{"above_input":200000,"input":2.5,"output":15}],"batch_percent":50},"context_window":400000,\
            "output_limit":128000,"abilities":{"tools":true,"prefill":false},"size":"32B+","released":"2025-08-07"}
            """
        let entry = try CatalogueLine.read(line.utf8, place: "here:1")
        #expect(CatalogueLine.write(entry) == line)
        #expect(entry.abilities.tools == true && entry.abilities.vision == nil && entry.retires == nil)
        #expect(entry.price?.tiers.first?.rates.cacheReadPerMillion == nil, "an unknown rate stays unknown")
    }

    @Test("the id counts before a pattern, a long pattern before a short one, and case does not count")
    func lookup() throws {
        let catalogue = Catalogue([
            entry("gpt-5", ["gpt-5-20*", "openai-gpt-5"]), entry("gpt", ["gpt-*", "*turbo*"]), entry("gpt-5-2025-x"),
            CatalogueEntry(provider: "q", id: "gpt-6"),
        ])
        let found = ["gpt-5", "GPT-5-2025-08-07", "openai-gpt-5", "gpt-6", "my-turbo-1", "gpt-5-2025-x", "gp", "", "x"]
            .map { catalogue.entry(of: $0, at: "p")?.id }
        #expect(found == ["gpt-5", "gpt-5", "gpt-5", "gpt", "gpt", "gpt-5-2025-x", nil, nil, nil])
        #expect(catalogue.entry(of: "gpt-5", at: "q") == nil, "one provider's price is not another's")
    }

    @Test("what a user says stands, and the rest is filled in")
    func filled() {
        var own = entry("m")
        own.contextWindow = 8000
        own.abilities.vision = false
        var other = entry("other")
        (other.contextWindow, other.outputLimit) = (9000, 400)
        other.abilities = ModelAbilities(tools: true, vision: true)
        let merged = own.filled(from: other)
        #expect(merged.id == "m" && merged.contextWindow == 8000 && merged.outputLimit == 400)
        #expect(merged.abilities == ModelAbilities(tools: true, vision: false) && merged.price == nil)
    }

    @Test(
        "a line that cannot be is refused with its place, its key and what was expected",
        arguments: [
            ("{\"provider\":\"p\"}", "has no 'id'"), ("[]", "JSON object"), ("{", "JSON object"),
            ("{\"provider\":\"p\",\"id\":\"m\",\"pricee\":1}", "'pricee' is not a key"),
            (
                "{\"provider\":\"p\",\"id\":\"m\",\"price\":{\"input\":-1,\"output\":1}}",
                "'price.input' must be dollars"
            ),
            ("{\"provider\":\"p\",\"id\":\"m\",\"price\":{\"input\":1}}", "'price' has no 'output'"),
            ("{\"provider\":\"p\",\"id\":\"m\",\"size\":\"8B\"}", "'size' must be one of <3B"),
            ("{\"provider\":\"p\",\"id\":\"m\",\"retires\":\"soon\"}", "'retires' must be a day"),
            ("{\"provider\":\"p\",\"id\":\"m\",\"context_window\":0}", "'context_window' must be a whole number"),
            ("{\"provider\":\"p\",\"id\":\"m\\\"\"}", "quotes"),
        ])
    func refusals(line: String, part: String) {
        let error = #expect(throws: TurnoutError.self) {
            try Catalogue.entries(in: Array("\n\(line)".utf8), name: "own.jsonl")
        }
        #expect(error?.message.hasPrefix("own.jsonl:2: ") == true && error?.message.contains(part) == true)
    }

    private func entry(_ id: String, _ matches: [String] = []) -> CatalogueEntry {
        var entry = CatalogueEntry(provider: "p", id: id)
        entry.matches = matches
        return entry
    }
}
