import Testing
import TurnoutCore
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting
import TurnoutTraining

@Suite("Matrix factorisation")
struct MatrixFactorisationTests {
    /// Three models that meet in pairs; "a" beats the others on prompts with an x, and loses to them on the rest.
    private func battles(_ count: Int) -> [OutcomeRow] {
        var random = SeededRandom(seed: 3)
        return (0..<count).map { index in
            let hasMark = random.uniform() < 0.5
            let other: ModelID = index % 2 == 0 ? "b" : "c"
            let isSurprise = random.uniform() < 0.1
            return OutcomeRow(
                prompt: "prompt \(index) " + (hasMark ? "xxx" : "eee"),
                battles: [Battle("a", other, hasMark != isSurprise ? .a : .b)], line: index + 1)
        }
    }

    private func train(_ rows: [OutcomeRow], penalty: Int = 100) throws -> EstimateRouter {
        var options = RouterTraining.Options(encoder: LetterEncoder(), createdAt: "")
        options.resamples = 20
        return try RouterTraining(
            RouterTrainers.trainer("matrix-factorisation", settings: ["penalty=\(penalty)"]), options: options
        ).train(OutcomeTable(rows: rows)).router
    }

    @Test("it learns from battles who wins on which prompts")
    func battles() throws {
        let router = try train(battles(800))
        #expect(router.card.models.count == 3)
        func winRate(_ prompt: String, _ weak: ModelID, _ strong: ModelID) -> Double {
            router.assess(prompt, candidates: [weak, strong]).score
        }
        #expect(winRate("prompt 5000 xxx", "b", "a") > 0.75 && winRate("prompt 5000 eee", "b", "a") < 0.25)
        // The odds of estimates multiply: what a wins over b is what b loses to a.
        #expect(abs(winRate("prompt 7 xxx", "b", "a") + winRate("prompt 7 xxx", "a", "b") - 1) < 1e-9)
    }

    @Test("a row that weighs twice counts like two rows")
    func weights() throws {
        var rows = battles(200)
        for index in rows.indices { rows[index].weight = 2 }
        let doubled = try train(rows, penalty: 200)
        let plain = try train(battles(200))
        for prompt in ["prompt 1 xxx", "prompt 1 eee"] {
            let candidates: [ModelID] = ["b", "a"]
            let (a, b) = (doubled.assess(prompt, candidates: candidates), plain.assess(prompt, candidates: candidates))
            #expect(abs(a.score - b.score) < 0.02)
        }
    }

    @Test("rows on which only one model has a score compare nothing, and are refused")
    func nothingToCompare() throws {
        var rows = madeUpRows(200, seed: 7)
        for index in rows.indices { rows[index].scores[index % 2 == 0 ? "weak" : "strong"] = nil }
        let error = #expect(throws: TurnoutError.self) { try train(rows) }
        #expect(error?.message.contains("no row compares two of the models") == true)
    }
}
