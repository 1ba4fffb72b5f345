import Foundation
import Testing
import TurnoutCore

@testable import TurnoutServer

struct ConfigurationCatalogueTests {
    private static func models(_ models: String, provider: String = "{ protocol: openai }") throws -> Configuration {
        try Configuration.parse(
            "providers: { openai: \(provider) }\nmodels:\n  \(models)\n", name: "t.yaml", environment: [:])
    }

    @Test("what the file does not say comes from the built-in catalogue, and it is said so")
    func filled() throws {
        let configuration = try Self.models("m: { provider: openai, id: gpt-5, output_limit: 99 }")
        let model = configuration.models[0]
        #expect(model.price?.inputPerMillion == Money(dollars: 1.25) && model.price?.cacheReadPerMillion != nil)
        #expect(model.priceOrigin == .builtIn(provider: "openai", id: "gpt-5"))
        #expect(model.entry.outputLimit == 99 && model.entry.contextWindow == 400_000)
        #expect(configuration.modelSummary[0].contains("by the built-in catalogue (openai gpt-5)"))
    }

    @Test("what the file says stands, the new rates included")
    func stated() throws {
        let price = "{ input: 1, output: 2, cache_read: 0.1, tiers: [{ above_input: 10, input: 3, output: 4 }] }"
        let model = try Self.models(
            "m: { provider: openai, id: gpt-5, price: \(price), abilities: { vision: false }, size: 7-14B }"
        ).models[0]
        #expect(model.price?.cacheReadPerMillion == Money(dollars: 0.1) && model.price?.tiers.count == 1)
        #expect(model.price?.batchPercent == nil, "a price is taken whole, or not at all")
        #expect(model.priceOrigin == .configuration && model.entry.sizeClass == .from7B)
        #expect(model.entry.abilities.vision == false && model.entry.abilities.tools == true)
    }

    @Test(
        "a server in the house or an unknown one has no listed price, whatever it is called",
        arguments: ["http://localhost:11434/v1", "http://127.0.0.1:1/v1", "http://[::1]:1/v1", "http://box:1/v1"])
    func local(address: String) throws {
        let configuration = try Self.models(
            "m: { provider: openai, id: gpt-5 }\n  l: { provider: openai, id: 'llama3.1:8b' }",
            provider: "{ protocol: openai, base_url: '\(address)' }")
        #expect(configuration.models.allSatisfy { $0.price == nil && $0.priceOrigin == .unknown })
        #expect(configuration.models[1].entry.sizeClass == .from7B, "a name that tells the size tells it anywhere")
        #expect(configuration.modelSummary[0].hasSuffix("price unknown"))
    }

    @Test("a company's proxy goes by the provider's name")
    func proxy() throws {
        let model = try Self.models(
            "m: { provider: openai, id: gpt-5 }",
            provider: "{ protocol: openai, base_url: 'https://llm.example.org/v1' }"
        ).models[0]
        #expect(model.priceOrigin == .builtIn(provider: "openai", id: "gpt-5"))
    }

    @Test("the user's catalogue stands before the built-in one, field by field; a bad line is refused with its place")
    func own() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "catalogue-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let line = "{\"provider\":\"openai\",\"id\":\"gpt-5\",\"price\":{\"input\":7,\"output\":8}}\n"
        let file = folder.appending(path: "own.jsonl")
        try Data(line.utf8).write(to: file)
        let text = """
            providers: { openai: { protocol: openai } }
            models: { m: { provider: openai, id: gpt-5 } }
            catalogue: own.jsonl
            """
        let name = folder.appending(path: "t.yaml").path
        let model = try Configuration.parse(text, name: name, environment: [:]).models[0]
        #expect(model.price?.inputPerMillion == Money(dollars: 7) && model.priceOrigin == .ownCatalogue)
        #expect(model.entry.contextWindow == 400_000)
        try Data("\(line){\"provider\":\"x\"}\n".utf8).write(to: file)
        let error = #expect(throws: TurnoutError.self) {
            try Configuration.parse(text, name: name, environment: [:])
        }
        #expect(error?.message.contains("own.jsonl:2: the entry has no 'id'") == true)
    }

    @Test(
        "a value that cannot be is refused with its key",
        arguments: [
            ("price: { input: 1 }", "no 'output'"), ("price: { input: 1, output: 2, cached: 1 }", "unknown key"),
            ("price: { input: 1, output: 2, batch_percent: 0 }", "whole number"),
            ("price: { input: 1, output: 2, tiers: [{ input: 1, output: 2 }] }", "no 'above_input'"),
            ("abilities: { sight: true }", "unknown key"), ("abilities: { vision: perhaps }", "true or false"),
            ("size: 8B", "one of <3B"), ("output_limit: 0", "whole number"),
        ])
    func refused(field: String, part: String) {
        let error = #expect(throws: TurnoutError.self) {
            try Self.models("m: { provider: openai, id: x, \(field) }")
        }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }
}
