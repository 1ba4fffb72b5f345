import Foundation
import Testing
import TurnoutCore
import TurnoutEvaluation

@Suite("Describing data")
struct DatasetDescriptionTests {
    private func describe(_ text: String, _ options: OutcomeReader.Options = .init()) throws -> DatasetDescription {
        let file = try TemporaryFile("data.jsonl", text)
        return try DatasetDescription(paths: [file.path], options: options)
    }

    private func answer(_ description: DatasetDescription, _ purpose: String) -> DatasetDescription.Use? {
        description.uses.first { $0.purpose == purpose }
    }

    /// 1,000 prompts on which `strong` is right 80 % and `weak` 60 % of the time.
    private var pair: String {
        (0..<1000).map { i in
            """
            {"prompt": "prompt \(i)", "scores": {"weak": \(i % 5 < 3 ? 1 : 0), "strong": \(i % 10 < 2 ? 0 : 1)}, \
            "cost_usd": {"weak": 0.001, "strong": 0.01}, "tokens": {"weak": [10, \(i % 100)]}, \
            "latency_s": {"strong": \(Double(i % 100) / 100)}, "category": "c\(i % 3)"}
            """
        }.joined(separator: "\n")
    }

    @Test("quality, gap, oracle, costs, tokens and latencies of a pair")
    func figures() throws {
        let data = try describe(pair)
        #expect(data.rows == 1000 && data.distinctPrompts == 1000 && data.outcomes == 1000)
        #expect(data.models.map(\.model) == ["strong", "weak"])
        let quality = try #require(data.models[0].quality)
        #expect(abs(quality.value - 0.8) < 1e-12)
        // ± 1.96 √(.8 · .2 / 1000)
        #expect(abs(quality.high - quality.value - 0.0248) < 2e-4)
        let gap = try #require(data.pair("weak", "strong"))
        #expect(abs((gap.gap?.value ?? 0) - 0.2) < 1e-12)
        #expect(gap.winsA == 400 && gap.winsB == 200 && gap.ties == 400)
        #expect(abs((data.oracleGain?.value ?? 0) - 0.2) < 1e-12)
        #expect(abs((data.models[1].costUsd?.value ?? 0) - 0.001) < 1e-12)
        #expect(data.models[1].inputTokens?.value == 10 && abs((data.models[1].outputTokens?.value ?? 0) - 49.5) < 1e-9)
        let latency = try #require(data.models[0].latency)
        #expect(abs(latency.p50 - 0.49) < 0.01 && latency.greatest == 0.99)
        #expect(data.categories.map(\.name) == ["c0", "c1", "c2"] && data.categories.map(\.rows) == [334, 333, 333])
        #expect(data.characters?.greatest == 10)
        #expect(data.ratings.map(\.model) == ["strong", "weak"] && data.ratings.map(\.tier) == [0, 1])
        #expect(data.warnings.isEmpty, "\(data.warnings)")
        #expect(answer(data, "routers that learn scores")?.answer == .yes)
        #expect(answer(data, "budgets in dollars")?.answer == .yes)
        // √(Var(D) / 12 n) / G with Var(D) = .56: .0342, twice that is more than .05
        #expect(abs((gap.apgrDeviation ?? 0) - 0.0342) < 1e-4)
        #expect(answer(data, "measuring a router")?.answer == .little)
        #expect(answer(data, "classifiers of labels")?.answer == .no)
    }

    @Test("what is wrong with data is said in words")
    func warnings() throws {
        let one = try describe(#"{"prompt": "x", "scores": {"a": 1}}"#)
        #expect(one.warnings.contains { $0.contains("scores of one model only, 'a'") })
        #expect(one.warnings.contains { $0.contains("every score of 'a' is 1") })
        #expect(answer(one, "routers that learn scores")?.answer == .no)
        let missing = try describe(
            """
            {"prompt": "x", "scores": {"a": 1, "b": 7}}
            {"prompt": "X ", "scores": {"a": 0}}
            """)
        #expect(missing.warnings.contains { $0.contains("missing scores: 'b' on 1 rows") })
        #expect(missing.warnings.contains { $0.contains("not in 0…1") })
        #expect(missing.warnings.contains { $0.contains("1 rows repeat a prompt") })
        #expect(missing.files.map(\.repeated) == [1])
    }

    @Test("battles: shares, ratings, and sets that never met")
    func battles() throws {
        let battle = { (a: String, b: String, winner: String) in
            #"{"prompt": "\#(a) \#(b) \#(winner)", "model_a": "\#(a)", "model_b": "\#(b)", "winner": "\#(winner)"}"#
        }
        let joined = try describe([battle("a", "b", "a"), battle("a", "b", "tie")].joined(separator: "\n"))
        #expect(joined.battles == 2 && joined.outcomes == 0)
        #expect(joined.models.map(\.winShare) == [0.75, 0.25] && joined.models[0].quality == nil)
        #expect(joined.ratings.count == 2 && joined.ratingPrior == 0)
        let apart = try describe([battle("a", "b", "a"), battle("c", "d", "tie")].joined(separator: "\n"))
        #expect(apart.ratings.isEmpty)
        #expect(apart.warnings.contains { $0.contains("2 sets that never met: {a, b}, {c, d}") }, "\(apart.warnings)")
        #expect(answer(apart, "routers that learn battles")?.answer == .no)
    }

    @Test("labels and groups are counted, the most frequent first")
    func labels() throws {
        var options = OutcomeReader.Options()
        options.groupBy = "topic"
        let data = try describe(
            (0..<30).map { #"{"text": "t\#($0)", "label": "\#($0 < 20 ? "easy" : "hard")", "topic": \#($0 % 2)}"# }
                .joined(separator: "\n"), options)
        #expect(data.labels.map(\.name) == ["easy", "hard"] && data.labels.map(\.rows) == [20, 10])
        #expect(data.groups.map(\.rows) == [15, 15])
        #expect(answer(data, "classifiers of labels")?.answer == .yes)
        #expect(data.models.isEmpty && data.ratings.isEmpty)
    }

    @Test("a file without rows, and more models than can be told apart, are refused")
    func refused() throws {
        let empty = #expect(throws: TurnoutError.self) { try describe("\n\n") }
        #expect(empty?.message.contains("data.jsonl: no rows") == true)
        let many = (0..<400).map {
            #"{"prompt": "\#($0)", "model_a": "a\#($0)", "model_b": "b\#($0)", "winner": "a"}"#
        }.joined(separator: "\n")
        let error = #expect(throws: TurnoutError.self) { try describe(many) }
        #expect(error?.message.contains("data.jsonl, line 257: more than 512 different models") == true)
    }
}
