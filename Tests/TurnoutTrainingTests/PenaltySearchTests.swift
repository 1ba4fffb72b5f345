import Testing
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting

@testable import TurnoutTraining

@Suite("Choosing a penalty by held-out rows")
struct PenaltySearchTests {
    @Test("the penalty is chosen whose estimates tell two models apart, however much they are shrunk")
    func best() throws {
        // Model 1 is better on even rows; a third of that at every other penalty, and what all models share besides.
        let gains = (0..<40).map { $0 % 2 == 0 ? 1.0 : 0 }
        let scores = ScoreTable(targets: [gains.map { 1 - $0 }, gains]).models
        let folds = try Folds.random(rows: 40, folds: 4, seed: 1)
        var choice = PenaltyChoice(scores: scores, folds: folds)
        choice.add([gains, gains])
        choice.add([gains.map { 0.5 - 0.01 * $0 }, gains.map { 0.5 + 0.01 * $0 }])
        choice.add([gains, gains.map { 1 - $0 }])
        #expect(choice.best() == 1 && (0..<4).allSatisfy { choice.best(without: $0) == 1 })
        #expect(!choice.hasFallenThrice)
        for _ in 0..<2 { choice.add([gains, gains]) }
        #expect(choice.hasFallenThrice)
    }

    @Test("a fold's estimates are those at the penalty that the other folds prefer")
    func crossSelected() throws {
        let scores = ScoreTable(targets: [(0..<40).map { Double($0 % 2) }]).models
        let folds = try Folds.random(rows: 40, folds: 4, seed: 1)
        // The first is right on three folds and wrong on fold 0, the second the other way round.
        let outputs = [0, 1].map { penalty in
            [
                (0..<40).map { row in
                    (folds.foldOfRow[row] == 0) == (penalty == 1) ? Double(row % 2) : 0.4 - 0.3 * Double(row % 2)
                }
            ]
        }
        var choice = PenaltyChoice(scores: scores, folds: folds)
        for estimates in outputs { choice.add(estimates) }
        // Fold 0 has no say for itself, and is told wrong; the others are outvoted by nobody.
        #expect(choice.crossSelected(outputs) == outputs[0])
    }

    @Test(
        "without a setting one of three penalties is taken, the same each time",
        arguments: ["irt", "matrix-factorisation"])
    func chosen(kind: String) throws {
        let rows = madeUpRows(160, seed: 5)
        func estimates(_ settings: [String]) throws -> [[Double]] {
            var options = RouterTraining.Options(encoder: LetterEncoder(), createdAt: "")
            (options.resamples, options.threads) = (20, 2)
            let router = try RouterTraining(RouterTrainers.trainer(kind, settings: settings), options: options)
                .train(OutcomeTable(rows: rows)).router
            return rows.prefix(9).map {
                router.assess($0.prompt, candidates: ["weak", "strong"]).estimates.map(\.value)
            }
        }
        let chosen = try estimates([])
        #expect(try estimates([]) == chosen)
        #expect(try ["penalty=30000", "penalty=3000", "penalty=300"].map { try estimates([$0]) }.contains(chosen))
        #expect(throws: TurnoutError.self) { try estimates(["penalty=0"]) }
    }

    @Test(
        "at a given penalty, what came true on a fold changes nothing that is said of it",
        arguments: ["irt", "matrix-factorisation"])
    func noLeak(kind: String) throws {
        var rows = madeUpRows(160, seed: 6)
        var options = RouterTraining.Options(encoder: LetterEncoder(), createdAt: "")
        options.threads = 2
        let training = RouterTraining(
            try RouterTrainers.trainer(kind, settings: ["penalty=3000"]), options: options)
        let folds = try training.makeFolds(rows)
        func heldOut() throws -> [[Double]] {
            let examples = try training.examples(of: OutcomeTable(rows: rows))
            let fit = try training.crossFit(examples, folds: folds)
            return zip(examples.models, fit.outOfFold).sorted { $0.0 < $1.0 }.map { estimates in
                rows.indices.filter { folds.foldOfRow[$0] == 3 }.map { estimates.1[$0] }
            }
        }
        let before = try heldOut()
        for row in rows.indices where folds.foldOfRow[row] == 3 { rows[row].scores = ["weak": 1, "strong": 0] }
        #expect(try heldOut() == before)
    }
}
