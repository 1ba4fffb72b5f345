import Foundation
import Testing
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

@Suite("Training a linear router")
struct LinearTrainerTests {
    private func options(_ change: (inout RouterTraining.Options) -> Void = { _ in }) -> RouterTraining.Options {
        var options = RouterTraining.Options(encoder: LetterEncoder(), createdAt: "2026-01-01T00:00:00Z")
        options.threads = 2
        options.resamples = 100
        change(&options)
        return options
    }

    private func train(
        _ rows: [OutcomeRow], _ change: (inout RouterTraining.Options) -> Void = { _ in }
    ) throws -> RouterTraining.Result {
        try RouterTraining(RouterTrainers.trainer("linear"), options: options(change)).train(OutcomeTable(rows: rows))
    }

    @Test("it learns which prompts need the strong model, and its card says how well")
    func learns() throws {
        let result = try train(madeUpRows(600, seed: 1))
        let card = result.router.card
        #expect(card.models == ["weak", "strong"] && card.kind == "linear")
        let apgr = try #require(card.metrics.first { $0.name == "apgr" })
        #expect(apgr.value > 0.6 && apgr.low < apgr.value && apgr.value < apgr.high)
        #expect(card.metrics.map(\.name).contains("apgr_length") && card.metrics.map(\.name).contains("auc:weak"))
        let candidates: [ModelID] = ["weak", "strong"]
        let (hard, easy) = (
            result.router.assess("prompt 300 xxxxx ee", candidates: candidates),
            result.router.assess("prompt 300  ee", candidates: candidates)
        )
        #expect(hard.score > easy.score + 0.1)
        #expect(hard.estimates[0].value < 0.45 && easy.estimates[0].value > 0.65)
        #expect(hard.estimates.allSatisfy { $0.low <= $0.value && $0.value <= $0.high })
        #expect(result.router.referenceScores(candidates: candidates).count == 600)
    }

    @Test("estimates are calibrated: their mean is the mean outcome")
    func calibrated() throws {
        let rows = madeUpRows(800, seed: 2)
        let router = try train(rows).router
        let predicted =
            rows.map { router.assess($0.prompt, candidates: ["weak"]).estimates[0].value }.reduce(0, +) / 800
        let actual = rows.compactMap { $0.scores["weak"] }.reduce(0, +) / 800
        #expect(abs(predicted - actual) < 0.02)
    }

    @Test("the same data give the same router, whatever the number of threads")
    func deterministic() throws {
        let rows = madeUpRows(200, seed: 3)
        let (one, many) = (try train(rows) { $0.threads = 1 }, try train(rows) { $0.threads = 4 })
        #expect(one.router.card == many.router.card)
        let prompt = "prompt xx"
        #expect(
            one.router.assess(prompt, candidates: ["weak"]).estimates
                == many.router.assess(prompt, candidates: ["weak"]).estimates)
    }

    @Test("battles between the chosen models teach which prompts need the strong one; others are passed over")
    func battles() throws {
        let rows = madeUpRows(600, seed: 6).map { row in
            let (weak, strong) = (row.scores["weak"] ?? 0, row.scores["strong"] ?? 0)
            let met = Battle("weak", "strong", weak == strong ? .tie : weak > strong ? .a : .b)
            return OutcomeRow(prompt: row.prompt, battles: [met, Battle("strong", "third", .b)])
        }
        let result = try train(rows) { $0.models = ["weak", "strong"] }
        #expect(result.router.card.models == ["weak", "strong"])
        let apgr = try #require(result.router.card.metrics.first { $0.name == "apgr" })
        #expect(apgr.low > 0.55, "\(apgr)")
    }

    @Test("rows of different weights are refused, not ignored")
    func weights() throws {
        var rows = madeUpRows(100, seed: 7)
        rows[3].weight = 2
        let error = #expect(throws: TurnoutError.self) { try train(rows) }
        #expect(error?.message.contains("leave out --weight") == true)
    }

    @Test("graded scores make a ridge head whose estimates stay in their range")
    func graded() throws {
        let router = try train(madeUpRows(300, seed: 4) { $0 ? 9 : 2 }).router
        let estimate = router.assess("prompt " + String(repeating: "x", count: 500), candidates: ["weak"]).estimates[0]
        #expect(estimate.value >= 2 && estimate.value <= 9)
        #expect(router.card.metrics.allSatisfy { !$0.name.hasPrefix("auc:") })
    }

    @Test("shares of successes are soft labels")
    func soft() throws {
        let router = try train(madeUpRows(300, seed: 5) { $0 ? 0.75 : 0.25 }).router
        let value = router.assess("prompt 1 xx", candidates: ["weak"]).estimates[0].value
        #expect(value > 0.25 && value < 0.75)
    }

    @Test("rows that lack a model's score are left out for that model and counted")
    func missingScores() throws {
        var rows = madeUpRows(300, seed: 6)
        for index in stride(from: 0, to: 300, by: 3) { rows[index].scores["strong"] = nil }
        let result = try train(rows)
        #expect(result.missing == ["weak": 0, "strong": 100])
        #expect(result.examples.rows.count == 300)
    }

    @Test("groups are held out together")
    func grouped() throws {
        let result = try train(madeUpRows(240, seed: 7)) {
            $0.keepsGroupsTogether = true
            $0.folds = 10
        }
        #expect(result.router.card.notes.contains("groups held out together"))
        var rows = madeUpRows(240, seed: 7)
        rows[3].group = nil
        #expect(throws: TurnoutError.self) { try train(rows) { $0.keepsGroupsTogether = true } }
    }

    @Test("features that never vary do no harm")
    func constantFeatures() throws {
        var rows = madeUpRows(100, seed: 8)
        for index in rows.indices { rows[index].prompt = "the same length \(100 + index)" }
        #expect(throws: Never.self) { try train(rows) }
    }

    @Test(
        "what cannot be learnt from is refused with a reason",
        arguments: [
            "few rows", "one class", "unknown model", "not finite", "no scores", "one fold", "model twice",
        ])
    func refused(problem: String) {
        var rows = madeUpRows(100, seed: 9)
        var change: (inout RouterTraining.Options) -> Void = { _ in }
        switch problem {
        case "few rows": rows = Array(rows.prefix(12))
        case "one class": for index in rows.indices { rows[index].scores["weak"] = 1 }
        case "unknown model": change = { $0.models = ["nobody"] }
        case "not finite": rows[7].scores["weak"] = .nan
        case "no scores": for index in rows.indices { rows[index].scores = [:] }
        case "one fold": change = { $0.folds = 1 }
        default: change = { $0.models = ["weak", "weak"] }
        }
        #expect(throws: TurnoutError.self) { try train(rows, change) }
    }

    @Test("progress is reported for each stage")
    func progress() throws {
        let stages = Stages()
        _ = try RouterTraining(RouterTrainers.trainer("linear"), options: options()).train(
            OutcomeTable(rows: madeUpRows(100, seed: 10))
        ) {
            stages.add($0.stage)
        }
        #expect(stages.all.isSuperset(of: [.encoding, .validating, .fitting, .measuring]))
    }
}

/// Stages seen from any thread.
private final class Stages: @unchecked Sendable {
    private let lock = NSLock()
    private var seen: Set<TrainingProgress.Stage> = []

    func add(_ stage: TrainingProgress.Stage) { lock.withLock { _ = seen.insert(stage) } }
    var all: Set<TrainingProgress.Stage> { lock.withLock { seen } }
}
