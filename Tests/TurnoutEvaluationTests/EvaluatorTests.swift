import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics

@testable import TurnoutEvaluation

#if canImport(FoundationXML)
import FoundationXML
#endif

/// Outcomes made here: prompts are easy or hard, the weak model fails on the hard ones.
private struct Scene {
    var models: [ModelID] = ["weak", "strong"]
    var costs: [ModelID: Double] = [:]
    var count = 200

    func isHard(_ row: Int) -> Bool { row % 3 == 0 }

    var rows: [OutcomeRow] {
        var random = SeededRandom(seed: 9)
        return (0..<count).map { index in
            var row = OutcomeRow(prompt: "Prompt number \(index * 7919 % 1000) of the scene", line: index + 1)
            for (place, model) in models.enumerated() {
                let skill = isHard(index) ? 0.2 + 0.7 * Double(place) / Double(models.count - 1) : 0.9
                row.scores[model] = random.uniform() < skill ? 1 : 0
            }
            row.costs = costs
            row.group = "group \(index / 10)"
            return row
        }
    }

    func data(_ change: (inout EvaluationData.Options) -> Void = { _ in }) throws -> EvaluationData {
        var options = EvaluationData.Options()
        change(&options)
        return try EvaluationData(rows: rows, options: options)
    }

    /// Knows hard prompts from easy ones, but for some noise.
    func knowing(_ data: EvaluationData, name: String = "knowing", noise: Double = 0.05) throws -> RouterPredictions {
        var random = SeededRandom(seed: 4)
        let last = Double(data.models.count - 1)
        let estimates = data.models.indices.map { model in
            data.rows.indices.map { row in
                (isHard(row) ? 0.2 + 0.7 * Double(model) / last : 0.9) + noise * (random.uniform() - 0.5)
            }
        }
        return try RouterPredictions(name: name, estimates: estimates)
    }

    func guessing(_ data: EvaluationData) throws -> RouterPredictions {
        let noise = data.models.indices.map { Baselines.random(count: data.rows.count, seed: UInt64($0)) }
        return try RouterPredictions(name: "guessing", estimates: noise)
    }
}

@Suite("Comparing routers")
struct EvaluatorTests {
    private func evaluator(resamples: Int = 100, threads: Int = 1) -> Evaluator {
        var options = Evaluator.Options()
        (options.resamples, options.threads) = (resamples, threads)
        return Evaluator(options: options)
    }

    @Test("a router that knows beats chance, length and one that guesses; the verdict says so")
    func worthIt() throws {
        let scene = Scene()
        let data = try scene.data()
        let result = try evaluator().evaluate([try scene.knowing(data), try scene.guessing(data)], on: data)
        #expect(result.verdict == .worthIt(router: "knowing"))
        #expect(result.differences.map(\.over) == ["random", "length", "guessing", "random", "length"])
        #expect(result.differences.prefix(3).allSatisfy { $0.isShown && $0.difference.low > 0 })
        #expect(result.differences.suffix(2).allSatisfy { !$0.isShown })
        let pair = try #require(result.routers[0].pair)
        #expect(pair.apgr.low > 0.6 && pair.callShares[1].share.high < 0.35)
        #expect(abs(pair.callShares[1].ratioToRandom.value * pair.callShares[1].share.value - 0.5) < 1e-12)
        #expect(result.verdictSentence.contains("knowing recovers half of the gap"))
    }

    @Test("all baselines stand there, and know their place")
    func baselines() throws {
        let scene = Scene(costs: ["weak": 0.001, "strong": 0.01])
        let data = try scene.data()
        let result = try evaluator().evaluate([try scene.knowing(data)], on: data)
        let named = Dictionary(uniqueKeysWithValues: result.baselines.map { ($0.name, $0) })
        #expect(Set(named.keys) == ["random", "length", "best_single", "hull", "shuffled", "oracle"])
        let knowing = try #require(result.routers[0].frontier?.area.value)
        let hull = try #require(named["hull"]?.frontier?.area.value)
        #expect(abs(try #require(named["shuffled"]?.frontier?.area.value) - hull) < 1e-9)
        #expect(knowing > hull)
        #expect(try #require(named["oracle"]?.frontier?.area.value) > knowing)
        #expect(named["random"]?.pair?.apgr.value == 0.5)
        #expect(named["best_single"]?.quality?.value == result.models[1].quality.value)
    }

    @Test("with a router that guesses, routing is said not to be worth it")
    func notWorthIt() throws {
        let scene = Scene()
        let data = try scene.data()
        let result = try evaluator().evaluate([try scene.guessing(data)], on: data)
        #expect(result.verdict == .noBetterThanChance(best: "strong"))
        #expect(result.verdictSentence.contains("not shown to be worth it"))
        #expect(!result.verdict.isWorthIt)
    }

    @Test("a model that is the best and the cheapest makes routing pointless, however good the router")
    func oneModel() throws {
        let scene = Scene(costs: ["weak": 0.01, "strong": 0.001])
        let data = try scene.data()
        let result = try evaluator().evaluate([try scene.knowing(data)], on: data)
        #expect(result.verdict == .oneModelIsBestAndCheapest("strong"))
        #expect(result.verdictSentence.contains("Send everything to it"))
    }

    @Test("of many models with costs, mean quality over budgets is compared with the mix of single models")
    func manyModels() throws {
        let scene = Scene(models: ["a", "b", "c"], costs: ["a": 0.001, "b": 0.003, "c": 0.02], count: 600)
        let data = try scene.data()
        let result = try evaluator().evaluate([try scene.knowing(data), try scene.guessing(data)], on: data)
        #expect(result.measure == .area)
        #expect(result.verdict == .worthIt(router: "knowing"))
        let frontier = try #require(result.routers[0].frontier)
        #expect(abs(try #require(frontier.hull.first).cost - 0.001) < 1e-12)
        #expect(
            zip(frontier.hull, frontier.hull.dropFirst()).allSatisfy { $0.cost < $1.cost && $0.quality < $1.quality })
        let most = try #require(frontier.prices.first?.cost)
        #expect(most.value < 0.02 && most.low <= most.value && most.value <= most.high)
        #expect(abs(result.routers[0].shares.values.reduce(0, +) - 1) < 1e-9)
    }

    @Test("of many models without costs, mean scores are compared with the best single model")
    func manyModelsWithoutCosts() throws {
        let scene = Scene(models: ["a", "b", "c"], count: 300)
        let data = try scene.data()
        let result = try evaluator().evaluate([try scene.guessing(data)], on: data)
        #expect(result.measure == .quality)
        #expect(result.differences.map(\.over) == ["best_single"])
        #expect(result.routers[0].frontier == nil)
    }

    @Test("the result is the same on any number of threads, and drawing groups widens or moves the intervals")
    func deterministic() throws {
        let scene = Scene()
        let data = try scene.data()
        let router = try scene.knowing(data)
        let one = try EvaluationJSON(evaluator().evaluate([router], on: data)).jsonLine()
        let three = try EvaluationJSON(evaluator(threads: 3).evaluate([router], on: data)).jsonLine()
        #expect(one == three)
        let grouped = try scene.data { $0.keepsGroupsTogether = true }
        let result = try evaluator().evaluate([router], on: grouped)
        #expect(result.groups == 20)
        #expect(try EvaluationJSON(result).jsonLine() != one)
    }

    @Test("prices and tokens make dollars where the rows have none")
    func prices() throws {
        let rows = Scene().rows.map { row in
            var row = row
            row.tokens = ["weak": .init(input: 1000, output: 100), "strong": .init(input: 1000, output: 200)]
            return row
        }
        var options = EvaluationData.Options()
        let free = try EvaluationData(rows: rows, options: options)
        #expect(free.costs == nil)
        for (model, dollars) in [("weak", 1.0), ("strong", 10)] {
            let rate = try #require(Money(dollars: dollars))
            options.costs.prices[ModelID(model)] = Price(inputPerMillion: rate, outputPerMillion: rate)
        }
        let priced = try EvaluationData(rows: rows, options: options)
        #expect(priced.costs?.map { $0[0] } == [0.0011, 0.012])
        let partly = rows.enumerated().map { index, row in
            var row = row
            if index < 3 { row.tokens = [:] }
            return row
        }
        let unknown = try EvaluationData(rows: partly, options: options)
        #expect(unknown.costs == nil)
        #expect(
            unknown.notes.contains {
                $0.contains("the cost of 6 calls is not known. First line 1: no tokens of 'weak'")
            })
    }

    @Test("the worst mistakes are losses, the surest first")
    func mistakes() throws {
        let scene = Scene()
        let data = try scene.data()
        let mistakes = Mistakes.worst(of: try scene.knowing(data), on: data)
        #expect(mistakes.count == 10)
        for mistake in mistakes {
            let (sent, better) = (
                data.rows[mistake.row].scores[mistake.sent], data.rows[mistake.row].scores[mistake.better]
            )
            #expect(try #require(better) - #require(sent) == mistake.loss && mistake.loss > 0)
        }
        #expect(zip(mistakes, mistakes.dropFirst()).allSatisfy { $0.loss * $0.confidence >= $1.loss * $1.confidence })
    }

    @Test("probabilities are not held against grades of another scale")
    func scales() throws {
        let graded = Scene().rows.map { row in
            var row = row
            row.scores = row.scores.mapValues { 1 + 9 * $0 }
            return row
        }
        let data = try EvaluationData(rows: graded)
        let result = try evaluator().evaluate([try Scene().knowing(data)], on: data)
        #expect(result.routers[0].calibration == nil)
    }
}

@Suite("Data that cannot be compared on")
struct EvaluationDataTests {
    private func refusal(_ rows: [OutcomeRow], _ change: (inout EvaluationData.Options) -> Void = { _ in }) -> String {
        var options = EvaluationData.Options()
        change(&options)
        do {
            let data = try EvaluationData(rows: rows, options: options)
            let router = try RouterPredictions(name: "r", estimates: data.scores)
            _ = try Evaluator().evaluate([router], on: data)
            return "accepted"
        } catch {
            return String(describing: error)
        }
    }

    @Test("each kind is refused with a sentence of its own")
    func refusals() {
        let rows = Scene().rows
        #expect(refusal([]).contains("no row has scores"))
        #expect(
            refusal(rows) { $0.models = ["weak", "nobody"] }.contains("no row has a score of 'nobody'; the data has"))
        #expect(refusal(rows) { $0.weak = "nobody" }.contains("'nobody'"))
        #expect(refusal(rows) { $0.models = ["weak"] }.contains("one model only, 'weak'"))
        #expect(refusal(rows) { $0.models = ["weak", "weak"] }.contains("listed twice"))
        #expect(
            refusal(Array(rows.prefix(10))).contains("10 prompts have a score of all 2 models, and 20 are the least"))
        #expect(refusal(rows) { ($0.weak, $0.strong) = ("weak", "weak") }.contains("must name different ones"))
        #expect(refusal(rows) { ($0.weak, $0.strong) = ("strong", "weak") }.contains("exchange them"))
        let price = Price(inputPerMillion: .zero, outputPerMillion: .zero)
        #expect(refusal(rows) { $0.costs.prices["nobody"] = price }.contains("a price of 'nobody'"))
        let alike = rows.map { OutcomeRow(prompt: $0.prompt, scores: ["weak": 1, "strong": 1]) }
        #expect(refusal(alike).contains("no gap to recover"))
        let apart = rows.enumerated().map { index, row in
            OutcomeRow(prompt: row.prompt, scores: index % 2 == 0 ? ["weak": 1] : ["strong": 0])
        }
        #expect(refusal(apart).contains("0 prompts have a score of all 2 models"))
        let groupless = rows.map { OutcomeRow(prompt: $0.prompt, scores: $0.scores, line: 7) }
        #expect(refusal(groupless) { $0.keepsGroupsTogether = true }.contains("line 7: the row lacks the field"))
        let oneGroup = groupless.map { row in
            var row = row
            row.group = "same"
            return row
        }
        #expect(refusal(oneGroup) { $0.keepsGroupsTogether = true }.contains("the same value in the field"))
    }

    @Test("estimates that are not numbers, two routers of one name and too few resamples are refused")
    func routers() throws {
        let data = try Scene().data()
        #expect(throws: TurnoutError.self) {
            try RouterPredictions(name: "bad", estimates: [[.nan], [1]])
        }
        let router = try Scene().knowing(data)
        #expect(throws: TurnoutError.self) { try Evaluator().evaluate([router, router], on: data) }
        var options = Evaluator.Options()
        options.resamples = 5
        #expect(throws: TurnoutError.self) { try Evaluator(options: options).evaluate([router], on: data) }
    }

    @Test("rows that lack a model are left out and counted")
    func leftOut() throws {
        var rows = Scene().rows
        rows[3].scores["weak"] = nil
        let data = try EvaluationData(rows: rows)
        #expect(data.rows.count == 199)
        #expect(data.notes == ["1 of 200 prompts were left out: they lack a score of 2 models."])
    }

    @Test("prompts and questions of the test set are not trained on")
    func transfer() throws {
        let training = [
            "What is water?\nA. wet\nB. dry", "what IS water?\nA) a gas\nB) a liquid", "What is fire?", "New",
        ]
        let rows = training.map { OutcomeRow(prompt: $0) }
        let split = try TransferSplit(
            training: rows,
            test: [OutcomeRow(prompt: "What is water?\nA. one\nB. two"), OutcomeRow(prompt: "what  is FIRE?")])
        #expect(split.kept.map(\.prompt) == ["New"] && split.removed == 3)
        #expect(throws: TurnoutError.self) { try TransferSplit(training: rows, test: rows) }
    }
}

@Suite("Reports of an evaluation")
struct EvaluationReportTests {
    private func made(_ scene: Scene, showsPrompts: Bool = false, hostile: Bool = false) throws -> (
        EvaluationResult, EvaluationPage
    ) {
        var rows = scene.rows
        if hostile { for index in rows.indices { rows[index].prompt = "<script>alert(\(index))</script> & \u{7}" } }
        let data = try EvaluationData(rows: rows)
        var options = Evaluator.Options()
        options.resamples = 40
        let router = try scene.knowing(data, name: hostile ? "<b>bold</b>" : "knowing")
        let result = try Evaluator(options: options).evaluate([router], on: data)
        return (result, EvaluationPage(result, data: data, title: "a & b", showsPrompts: showsPrompts))
    }

    @Test("the JSON has the promised keys")
    func json() throws {
        let scene = Scene(costs: ["weak": 0.001, "strong": 0.01])
        let (result, _) = try made(scene)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(EvaluationJSON(result).jsonLine().utf8)) as? [String: Any])
        #expect(object["n"] as? Int == 200 && object["models"] as? [String] == ["weak", "strong"])
        #expect((object["pair"] as? [String: String])?["strong"] == "strong")
        let router = try #require((object["routers"] as? [[String: Any]])?.first)
        for key in ["apgr", "cpt20", "cpt50", "cpt80", "cpt95"] {
            let figure = try #require(router[key] as? [String: Double], "\(key)")
            #expect(Set(figure.keys) == ["value", "low", "high"])
        }
        #expect((router["quality_at_cost"] as? [Any])?.count == 41)
        let price = try #require((router["cost_at_quality"] as? [[String: Any]])?.first)
        #expect(price["cost_usd"] != nil && price["recovered"] as? Double == 0.5)
        let baselines = try #require(object["baselines"] as? [String: [String: Any]])
        #expect(Set(baselines.keys) == ["random", "length", "best_single", "hull", "shuffled", "oracle"])
        #expect(baselines["oracle"]?["apgr"] != nil)
        #expect(object["worth_routing"] as? Bool == true)
    }

    @Test("names of models keep their spelling as JSON keys")
    func jsonNames() throws {
        let scene = Scene(models: ["modelOne", "model_two", "Model three"])
        let (result, _) = try made(scene)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(EvaluationJSON(result).jsonLine().utf8)) as? [String: Any])
        let router = try #require((object["routers"] as? [[String: Any]])?.first)
        let shares = try #require(router["shares"] as? [String: Double])
        #expect(Set(shares.keys).isSubset(of: ["modelOne", "model_two", "Model three"]) && !shares.isEmpty)
    }

    @Test("the text says figures, differences and a verdict in lines that a terminal holds")
    func text() throws {
        let (result, _) = try made(Scene(costs: ["weak": 0.001, "strong": 0.01]))
        let text = EvaluationText(result).text
        for words in ["200 prompts", "APGR", "prompt length", "oracle", "better by APGR?", "Routing between", "95 %"] {
            #expect(text.contains(words), "\(words)")
        }
        #expect(text.components(separatedBy: "\n").prefix(14).allSatisfy { $0.count <= 110 })
    }

    @Test("the page holds together without scripts, and hides prompts unless asked")
    func page() throws {
        let (_, page) = try made(Scene())
        #expect(!page.html.contains("<script") && !page.html.contains("src=") && !page.html.contains("@import"))
        #expect(!page.html.contains("Prompt number"))
        let (_, open) = try made(Scene(), showsPrompts: true)
        #expect(open.html.contains("Prompt number"))
        #expect(page.html.contains("prefers-color-scheme:dark"))
    }

    @Test("text from outside is escaped everywhere, and the picture is well-formed XML")
    func escaped() throws {
        let (_, page) = try made(Scene(), showsPrompts: true, hostile: true)
        #expect(!page.html.contains("<script>") && !page.html.contains("<b>bold"))
        #expect(page.html.contains("&lt;script&gt;") && page.html.contains("a &amp; b"))
        #expect(!page.curve.contains("<b>") && page.curve.contains("&lt;b&gt;bold"))
        let parser = XMLParser(data: Data(page.curve.utf8))
        #expect(parser.parse())
    }
}
