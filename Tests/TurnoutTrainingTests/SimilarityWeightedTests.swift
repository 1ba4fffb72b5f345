import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting
import TurnoutTraining

/// Made by Reference/make_similarity_goldens.py, which runs the reference implementation.
private struct Goldens: Decodable {
    struct Row: Decodable {
        let prompt: String
        let model_a, model_b: ModelID
        let winner: String
        let vector: [Float]
    }

    let rows: [Row]
    let queries: [[Float]]
    let pairs: [[ModelID]]
    let ratings: [String: Double]
    let tiers: [String: Int]
    let exact, exactWithQuirk, reference: [[Double]]

    static func load() throws -> Goldens {
        let url = try #require(
            Bundle.module.url(forResource: "similarity", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url))
    }

    var outcomes: [OutcomeRow] {
        rows.map { row in
            let outcome: Battle.Outcome = row.winner == "tie" ? .tie : row.winner == "model_a" ? .a : .b
            let battle = Battle(row.model_a, row.model_b, outcome)
            return OutcomeRow(
                prompt: row.prompt, scores: [row.model_a: battle.shareOfA, row.model_b: 1 - battle.shareOfA],
                battles: [battle])
        }
    }

    /// Knows the vectors of the prompts and, as `query N`, those of the queries.
    var encoder: TableEncoder {
        var vectors = Dictionary(rows.map { ($0.prompt, $0.vector) }, uniquingKeysWith: { first, _ in first })
        for (index, query) in queries.enumerated() { vectors["query \(index)"] = query }
        return TableEncoder(vectors: vectors, dimension: queries[0].count)
    }
}

/// Looks vectors up.
private struct TableEncoder: TextEncoder {
    let name = "table"
    let fingerprint = "01"
    var vectors: [String: [Float]]
    let dimension: Int

    func encode(_ text: String) -> [Float] { vectors[text] ?? [Float](repeating: 0, count: dimension) }
}

@Suite("The similarity-weighted router")
struct SimilarityWeightedTests {
    private func train(
        _ rows: [OutcomeRow], encoder: any TextEncoder = LetterEncoder(), settings: [String] = [], threads: Int = 2
    ) throws -> EstimateRouter {
        var options = RouterTraining.Options(encoder: encoder, createdAt: "2026-01-01T00:00:00Z")
        options.folds = 2
        options.resamples = 20
        options.threads = threads
        return try RouterTraining(
            RouterTrainers.trainer("similarity-weighted", settings: settings), options: options
        ).train(OutcomeTable(rows: rows)).router
    }

    private func largestDifference(_ router: EstimateRouter, _ golden: Goldens, _ expected: [[Double]]) -> Double {
        expected.indices.map { query in
            golden.pairs.indices.map { pair in
                abs(router.assess("query \(query)", candidates: golden.pairs[pair]).score - expected[query][pair])
            }.max() ?? 1
        }.max() ?? 1
    }

    @Test("ratings and tiers are those of the reference implementation")
    func tiers() throws {
        let golden = try Goldens.load()
        let models = golden.ratings.keys.sorted().map { ModelID($0) }
        let table = try EloTable(WinMatrix(rows: golden.outcomes, models: models), tiers: 6)
        let base = try #require(golden.ratings["m00"])
        let own = BradleyTerry.elo(try #require(table.entries.first { $0.model == "m00" }).rating)
        for entry in table.entries {
            let expected = try #require(golden.ratings[entry.model.name])
            #expect(abs((BradleyTerry.elo(entry.rating) - own) - (expected - base)) < 0.01)
            #expect(entry.tier == golden.tiers[entry.model.name])
        }
    }

    @Test("win rates are those of the weighted logistic regression, run to its end")
    func winRates() throws {
        let golden = try Goldens.load()
        let router = try train(golden.outcomes, encoder: golden.encoder, settings: ["tiers=6"])
        #expect(largestDifference(router, golden, golden.exact) < 1e-4)
    }

    @Test("with the quirk, win rates are those of the reference implementation to within its early stop")
    func quirk() throws {
        let golden = try Goldens.load()
        let router = try train(
            golden.outcomes, encoder: golden.encoder, settings: ["tiers=6", "reference_quirk=true"])
        #expect(largestDifference(router, golden, golden.exactWithQuirk) < 1e-4)
        #expect(largestDifference(router, golden, golden.reference) < 5e-4)
        #expect(largestDifference(router, golden, golden.exact) > 1e-3)
    }

    @Test("a router that was stored and read again decides the same, bit for bit")
    func stored() throws {
        let golden = try Goldens.load()
        let router = try train(golden.outcomes, encoder: golden.encoder)
        let path = FileManager.default.temporaryDirectory.appending(path: "similarity-\(UUID()).safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try RouterArtifact.save(router, to: path)
        let read = try RouterArtifact.load(path: path, encoder: golden.encoder)
        for query in golden.queries.indices {
            let (a, b) = (
                router.assess("query \(query)", candidates: golden.pairs[0]),
                read.assess("query \(query)", candidates: golden.pairs[0])
            )
            #expect(a.score == b.score && a.estimates.map(\.value) == b.estimates.map(\.value))
        }
    }

    @Test("prompts like those that the weak model lost raise the strong one's win rate, and scores will do for battles")
    func learns() throws {
        let router = try train(madeUpRows(500, seed: 1))
        func score(_ text: String) -> Double { router.assess(text, candidates: ["weak", "strong"]).score }
        #expect(score("prompt xxxxx") > score("prompt e ee ee") + 0.05)
        let apgr = try #require(router.card.metrics.first { $0.name == "apgr" })
        #expect(apgr.value > 0.55)
    }

    @Test("the same data give the same router, whatever the number of threads")
    func deterministic() throws {
        let rows = madeUpRows(200, seed: 3)
        let (one, many) = (try train(rows, threads: 1), try train(rows, threads: 4))
        #expect(one.card == many.card)
        #expect(
            one.assess("prompt xx", candidates: ["weak"]).estimates
                == many.assess("prompt xx", candidates: ["weak"]).estimates)
    }

    @Test("a query that resembles nothing gets the ratings of all battles alike, and an empty one too")
    func unlikeAnything() throws {
        let router = try train(madeUpRows(300, seed: 4))
        let candidates: [ModelID] = ["weak", "strong"]
        let (empty, strange) = (
            router.assess("", candidates: candidates), router.assess("12345", candidates: candidates)
        )
        #expect(empty.score == strange.score && empty.score > 0.5 && empty.score < 1)
    }

    @Test("a model that never won gets a finite rating from one imagined tie")
    func neverWon() throws {
        var rows = madeUpRows(120, seed: 5)
        for index in rows.indices {
            rows[index].scores["none"] = index % 40 == 0 ? 0.001 : 0
            rows[index].scores["weak"] = max(rows[index].scores["weak"] ?? 0, 0.5)
            rows[index].scores["strong"] = max(rows[index].scores["strong"] ?? 0, 0.6)
        }
        let score = try train(rows).assess("prompt 7 xx", candidates: ["none", "strong"]).score
        #expect(score > 0.9 && score < 1)
    }

    @Test("short prompts are left out, and nothing but short prompts is refused")
    func shortPrompts() throws {
        var rows = madeUpRows(100, seed: 6)
        for index in rows.indices { rows[index].prompt = "   p\(index)   " }
        #expect(#"no prompt of at least 16 characters has a battle or two scores"#.isContained(in: try failure(rows)))
        #expect(throws: Never.self) { try train(rows, settings: ["minimum_characters=0"]) }
    }

    @Test("models that never met are refused with a remedy")
    func refused() throws {
        var rows = madeUpRows(200, seed: 7)
        for index in rows.indices { rows[index].scores[index % 2 == 0 ? "weak" : "strong"] = nil }
        let apart = try failure(rows)
        #expect("no prompt of at least".isContained(in: apart), "\(apart)")
        for index in rows.indices {
            let own: ModelID = index % 2 == 0 ? "strong" : "weak"
            rows[index].scores[ModelID("\(own)2")] = Double(index % 3) / 2
        }
        #expect("sets that never met: {".isContained(in: try failure(rows)))
    }

    private func failure(_ rows: [OutcomeRow]) throws -> String {
        let error = #expect(throws: TurnoutError.self) { try train(rows) }
        return try #require(error).message
    }
}

extension String {
    fileprivate func isContained(in text: String) -> Bool { text.contains(self) }
}
