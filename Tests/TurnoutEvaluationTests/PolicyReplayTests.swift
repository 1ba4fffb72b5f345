import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics
import TurnoutRouting

@testable import TurnoutEvaluation

@Suite("Replaying policies")
struct PolicyReplayTests {
    /// Three models, the better the dearer; a router that knows how hard a prompt is, but not who will be right.
    private func replay(
        count: Int = 300, seed: UInt64 = 5, groups: Bool = false, models: [ModelID] = ["small", "middle", "large"]
    ) throws -> PolicyReplay {
        var random = SeededRandom(seed: seed)
        var estimates = [[Double]](repeating: [], count: 3)
        let rows = (0..<count).map { number in
            let hard = random.uniform()
            var row = OutcomeRow(prompt: "question \(number)")
            row.group = "g\(number % 6)"
            for (index, chance) in [1 - hard, 1 - 0.6 * hard, 1 - 0.2 * hard].enumerated() {
                estimates[index].append(chance)
                row.scores[models[index]] = random.uniform() < chance ? 1 : 0
                row.costs[models[index]] = [0.0001, 0.001, 0.01][index]
            }
            return row
        }
        var options = EvaluationData.Options()
        options.keepsGroupsTogether = groups
        let data = try EvaluationData(rows: rows, options: options)
        #expect(data.models == models)
        return try PolicyReplay(data: data, predictions: RouterPredictions(name: "known", estimates: estimates))
    }

    @Test("choices are those of the decider: all to the strongest at one end, all to the cheapest at the other")
    func ends() throws {
        let replay = try replay()
        #expect(try replay.choices(.strongShare(1)).allSatisfy { $0 == 2 })
        #expect(try replay.choices(.strongShare(0)).allSatisfy { $0 < 2 })
        #expect(try replay.choices(Policy(.cheapestAbove(-1))).allSatisfy { $0 == 0 })
        #expect(try replay.choices(Policy(.cheapestAbove(2))).allSatisfy { $0 == 2 })
        #expect(try replay.choices(Policy(.utility(lambda: 1e9, mu: 0))).allSatisfy { $0 == 0 })
    }

    @Test("sizes that names tell count, so that no task goes to a model too small for it")
    func sizes() throws {
        let replay = try replay(count: 40, models: ["tiny-1b", "middle-20b", "large-70b"])
        let choices = try replay.choices(Policy(nil, capability: CapabilityMap()))
        #expect(choices.contains { $0 > 0 }, "most tasks need more than a billion parameters")
    }

    @Test("the policies are told a price at which the mean of the data is paid")
    func fittedPrice() throws {
        let replay = try replay()
        for (index, candidate) in replay.decider.candidates.enumerated() {
            let price = try #require(candidate.price)
            let expected = replay.queries.reduce(0.0) { sum, query in
                let usage = TokenUsage(
                    input: query.size.tokens(TokenFamily(ofModel: candidate.model.name)), output: OutputLength.tokens())
                return sum + (price.cost(of: usage)?.dollars ?? .nan)
            }
            let paid = replay.costs[index].reduce(0, +)
            #expect(abs(expected / paid - 1) < 1e-3)
        }
    }

    @Test("a router that knows what is hard keeps 95 % for less than single models mixed, the oracle for less still")
    func beatsHull() throws {
        var options = PolicyReplay.Options()
        options.resamples = 40
        let result = try replay().measure(
            [Policy(.targetQuality(0.95)), Policy(.cheapestAbove(0.7)), Policy(.utility(lambda: 20, mu: 0))],
            options: options)
        #expect(result.best.name == "large" && result.settings.count == 3)
        #expect(
            result.sweeps.map(\.name) == ["target_quality", "cheapest_above", "lambda", "shuffled", "hull", "oracle"])
        func cost(_ name: String) throws -> Double {
            try #require(result.sweeps.first { $0.name == name }?.prices[0].cost).value
        }
        let (hull, oracle) = (try cost("hull"), try cost("oracle"))
        for family in ["target_quality", "cheapest_above", "lambda"] {
            #expect(try cost(family) < 0.85 * hull && cost(family) > oracle)
        }
        #expect(try cost("shuffled") >= hull - 1e-12, "random mixing is at best the hull")
        for setting in result.settings {
            #expect(setting.overRandom.low > 0)
            #expect(abs(setting.shares.reduce(0) { $0 + $1.share } - 1) < 1e-9)
            #expect(setting.quality.low <= setting.quality.value && setting.quality.value <= setting.quality.high)
        }
        let report = ReplayReport(result)
        #expect(report.text.contains("single models, mixed at random") && report.svg?.hasPrefix("<svg") == true)
        let object = try JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any]
        #expect((object?["policies"] as? [Any])?.count == 3)
    }

    @Test("an estimate that says nothing buys nothing")
    func uselessRouter() throws {
        let known = try replay()
        let useless = try PolicyReplay(
            data: known.data,
            predictions: RouterPredictions(
                name: "flat",
                estimates: known.data.scores.map { scores in
                    scores.map { _ in scores.reduce(0, +) / Double(scores.count) }
                }))
        var options = PolicyReplay.Options()
        options.resamples = 40
        let result = try useless.measure([Policy(.utility(lambda: 20, mu: 0))], options: options)
        let (policy, hull) = (result.sweeps[0].prices[0], result.sweeps.first { $0.name == "hull" }?.prices[0])
        #expect(abs(try #require(policy.cost).value - #require(hull?.cost).value) < 1e-12)
        #expect(result.settings[0].overRandom.value == 0)
    }

    @Test("the result is the same with any number of threads, and groups make intervals wider or leave them be")
    func threads() throws {
        var options = PolicyReplay.Options()
        options.resamples = 40
        let one = try ReplayReport(replay(groups: true).measure([Policy(.targetQuality(0.9))], options: options)).json()
        options.threads = 4
        let four = try ReplayReport(replay(groups: true).measure([Policy(.targetQuality(0.9))], options: options))
            .json()
        #expect(one == four)
    }

    @Test("without dollars a sentence says what to give")
    func noCosts() throws {
        let rows = (0..<30).map { OutcomeRow(prompt: "q\($0)", scores: ["a": 0, "b": 1]) }
        let data = try EvaluationData(rows: rows)
        let error = #expect(throws: TurnoutError.self) {
            try PolicyReplay(
                data: data,
                predictions: RouterPredictions(name: "x", estimates: data.scores))
        }
        #expect(error?.message.contains("--price MODEL=INPUT,OUTPUT") ?? false)
    }

    @Test("tokens are estimated where the rows say how long answers were, and counts that are given stay")
    func tokens() {
        var row = OutcomeRow(prompt: "How much is seven times six?", scores: ["a": 1, "b": 1, "c": 1])
        row.answerLengths = ["a": 440, "b": 440]
        row.tokens["b"] = TokenUsage(input: 1, output: 2)
        var table = OutcomeTable(rows: [row])
        table.estimateTokens(of: ["a", "b", "c"])
        #expect(table.rows[0].tokens["a"]?.output == 100)
        #expect((table.rows[0].tokens["a"]?.input ?? 0) > 5)
        #expect(table.rows[0].tokens["b"] == TokenUsage(input: 1, output: 2))
        #expect(table.rows[0].tokens["c"] == nil)
    }
}

@Suite("Spending a budget")
struct BudgetReplayTests {
    /// A thousand prompts, one kind after the other; the better of two models costs twenty times as much.
    private func replay() throws -> PolicyReplay {
        var random = SeededRandom(seed: 8)
        var estimates = [[Double]](repeating: [], count: 2)
        let rows = (0..<1000).map { number in
            let hard = random.uniform()
            var row = OutcomeRow(prompt: "question \(number)")
            row.category = "kind \(number % 4)"
            for (index, chance) in [1 - hard, 1 - 0.2 * hard].enumerated() {
                estimates[index].append(chance)
                row.scores[["small", "large"][index]] = random.uniform() < chance ? 1 : 0
                row.costs[["small", "large"][index]] = [0.0005, 0.01][index] * (0.5 + random.uniform())
            }
            return row
        }
        return try PolicyReplay(
            data: EvaluationData(rows: rows), predictions: RouterPredictions(name: "known", estimates: estimates))
    }

    @Test(
        "from the second day on a budget is spent to within a few requests whatever the order, and never overspent",
        arguments: [BudgetReplay.Order.byKind, .hardToEasy, .shuffled], [BudgetReplay.Arrivals.poisson, .daily])
    func spent(order: BudgetReplay.Order, arrivals: BudgetReplay.Arrivals) throws {
        let runs = try BudgetReplay(replay()).run(budget: 4, order: order, arrivals: arrivals)
        #expect(runs.count == 2)
        for run in runs {
            #expect(run.spent <= run.budget + 0.015, "no more than the request in flight")
            #expect(run.refused == 0)
        }
        #expect(runs[1].spent > 0.97 * runs[1].budget, "\(order) \(arrivals): \(runs[1].spent)")
    }

    @Test("a budget that not even the cheapest model fits in refuses the rest")
    func tooSmall() throws {
        for run in try BudgetReplay(replay()).run(budget: 0.1, order: .shuffled, arrivals: .bursts) {
            #expect(run.refused > 500 && run.spent <= 0.1 + 0.001)
        }
    }
}

@Suite("A fleet that grows slower under load")
struct FleetSimulationTests {
    @Test("the policy gives better answers than the cheapest, for less than round robin")
    func underLoad() throws {
        var simulation = FleetSimulation()
        simulation.duration = 120
        let roundRobin = try simulation.run(.roundRobin, seed: 1)
        let cheapest = try simulation.run(.cheapest, seed: 1)
        let policy = try simulation.run(.latency, seed: 1)
        #expect(policy.count == roundRobin.count && policy.count > 1000)
        #expect(policy.cost < roundRobin.cost)
        #expect(policy.quality > cheapest.quality)
        #expect(abs(policy.shares.reduce(0, +) - 1) < 1e-9)
        #expect(try simulation.run(.latency, seed: 1) == policy, "the same seed brings the same requests")
    }

    @Test("a model that was slow once is asked again after a while; with old speeds kept, never")
    func ageing() throws {
        var simulation = FleetSimulation()
        (simulation.duration, simulation.rate) = (600, 2)
        func quality(_ chooser: FleetSimulation.Chooser) throws -> Double {
            try (0..<3).reduce(0) { sum, seed in try sum + simulation.run(chooser, seed: seed).quality / 3 }
        }
        #expect(try quality(.latency) > quality(.latencyWithoutAgeing))
    }
}
