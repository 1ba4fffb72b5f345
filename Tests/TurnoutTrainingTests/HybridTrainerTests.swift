import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting

@testable import TurnoutTraining

@Suite("Hybrid routers")
struct HybridTrainerTests {
    /// Prompts of which the small model's answers are worse the more x they have; several graded samples each.
    static func rows(_ count: Int, seed: UInt64) -> [OutcomeRow] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { index in
            let hardness = random.uniform()
            let marks = String(repeating: "x", count: Int(hardness * 6))
            let small = (0..<5).map { _ in (0.9 - 0.7 * hardness + 0.2 * random.uniform()) }
            let large = (0..<5).map { _ in (0.8 + 0.2 * random.uniform()) }
            var row = OutcomeRow(
                prompt: "prompt \(index) \(marks)",
                scores: ["small": small.reduce(0, +) / 5, "large": large.reduce(0, +) / 5], line: index + 1)
            row.samples = ["small": small, "large": large]
            return row
        }
    }

    private static func options() -> RouterTraining.Options {
        var options = RouterTraining.Options(encoder: LetterEncoder(), createdAt: "2026-01-01T00:00:00Z")
        options.threads = 2
        options.resamples = 20
        return options
    }

    private static func train(_ labels: String, _ rows: [OutcomeRow]) throws -> RouterTraining.Result {
        try RouterTraining(RouterTrainers.trainer("hybrid", settings: ["labels=\(labels)"]), options: options())
            .train(OutcomeTable(rows: rows))
    }

    @Test(
        "every kind of label learns where the small model suffices, and the card says kind and t*",
        arguments: HybridLabels.Kind.allCases)
    func learns(kind: HybridLabels.Kind) throws {
        let result = try Self.train(kind.rawValue, Self.rows(200, seed: 3))
        let models: [ModelID] = ["small", "large"]
        #expect(result.router.card.models == models)
        let easy = result.router.assess("prompt 9 ", candidates: models)
        let hard = result.router.assess("prompt 9 xxxxx", candidates: models)
        #expect(easy.estimates[0].value > hard.estimates[0].value + 0.2)
        #expect(easy.estimates[1].value == 1)
        #expect(abs(easy.score - (1 - easy.estimates[0].value)) < 1e-12)
        let notes = result.router.card.notes
        #expect(notes.contains("Labels: \(kind.rawValue), t* = "))
        if kind != .transformed { #expect(notes.contains("t* = 0.0.")) }
        let samples = result.examples.rows.compactMap { QualitySamples($0, small: "small", large: "large") }
        let labels = HybridLabels(kind, samples)
        #expect(notes.contains("t* = \(labels.relaxation)."))
        // Held-out estimates are calibrated: their mean is that of the labels.
        let mean = result.outOfFold[0].reduce(0, +) / Double(result.outOfFold[0].count)
        #expect(abs(mean - labels.values.reduce(0, +) / Double(labels.values.count)) < 0.02)
    }

    @Test("relaxed labels are wider spread than strict ones")
    func relaxation() throws {
        let samples = Self.rows(200, seed: 4).compactMap { QualitySamples($0, small: "small", large: "large") }
        let (strict, relaxed) = (HybridLabels(.probabilistic, samples), HybridLabels(.transformed, samples))
        #expect(relaxed.relaxation > 0)
        func spread(_ labels: [Double]) -> Double {
            labels.reduce(0) { sum, a in labels.reduce(sum) { $0 + abs(a - $1) } }
        }
        #expect(spread(relaxed.values) > spread(strict.values))
    }

    @Test("more than two models, and a small one that always suffices, are refused with a sentence")
    func refused() throws {
        var rows = Self.rows(100, seed: 5)
        for index in rows.indices { rows[index].scores["third"] = Double(index % 2) }
        let three = #expect(throws: TurnoutError.self) { try Self.train("probabilistic", rows) }
        #expect(three?.code == .unsupported && three?.message.contains("two models") == true)
        var equal = Self.rows(100, seed: 5)
        for index in equal.indices {
            equal[index].samples = [:]
            equal[index].scores["small"] = equal[index].scores["large"]
        }
        let same = #expect(throws: TurnoutError.self) { try Self.train("deterministic", equal) }
        #expect(same?.code == .insufficientData)
        #expect(throws: TurnoutError.self) { try RouterTrainers.trainer("hybrid", settings: ["labels=soft"]) }
    }

    @Test("the experiment measures three routers on prompts that they did not see, the same on any number of threads")
    func experiment() throws {
        var rows = Self.rows(120, seed: 6)
        for index in rows.indices {
            let small = rows[index].scores["small"] ?? 0
            rows[index].scores["alike"] = small * 0.9
            rows[index].scores["unlike"] = Double(index % 7) / 7
        }
        func run(threads: Int) throws -> HybridReport {
            var options = Self.options()
            (options.models, options.threads) = (["small", "large"], threads)
            return try HybridExperiment(options: options, mostDrop: 5).run(
                OutcomeTable(rows: rows), others: [("alike", "large"), ("unlike", "alike")])
        }
        let report = try run(threads: 1)
        #expect(try report.json() == run(threads: 3).json())
        let text = report.text()
        #expect(text.contains("60 to train on, 30 to choose thresholds on, 30 to test on; 5 samples a model"))
        #expect(text.contains("transformed (t* = "))
        #expect(text.components(separatedBy: "WARNING").count == 2)
        #expect(report.keepsPromise)
        let svg = report.svg()
        #expect(svg.contains("probabilistic") && svg.contains("Quality drop"))
        var few = Self.options()
        few.models = ["small", "large"]
        #expect(throws: TurnoutError.self) {
            try HybridExperiment(options: few).run(OutcomeTable(rows: Array(rows.prefix(90))))
        }
    }
}
