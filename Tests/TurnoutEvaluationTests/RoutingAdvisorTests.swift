import Testing
import TurnoutCore
import TurnoutNumerics

@testable import TurnoutEvaluation

@Suite("Advice on routing")
struct RoutingAdvisorTests {
    /// A cheap model that fails on hard prompts, a dear one that does not, and estimates of some worth.
    private func outcomes(
        _ rows: Int = 1500, signal: Double = 1, costs: [Double] = [0.001, 0.010], seed: UInt64 = 1
    ) throws -> RoutingAdvisor.Outcomes {
        var random = SeededRandom(seed: seed)
        var (cheap, dear, cheapEstimates): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<rows {
            let isHard = random.uniform() < 0.4
            cheap.append(isHard ? 0 : 1)
            dear.append(random.uniform() < 0.98 ? 1 : 0)
            cheapEstimates.append(random.uniform() < signal ? (isHard ? 0.1 : 0.97) : 0.6)
        }
        return RoutingAdvisor.Outcomes(
            models: ["cheap", "dear"], scores: [cheap, dear],
            costs: costs.map { [Double](repeating: $0, count: rows) },
            estimates: [cheapEstimates, [Double](repeating: 0.98, count: rows)],
            folds: try Folds.random(rows: rows, folds: 5, seed: 3))
    }

    private func advise(_ outcomes: RoutingAdvisor.Outcomes, _ wish: RoutingAdvisor.Wish) -> RoutingAdvice {
        var advisor = RoutingAdvisor(wish: wish)
        advisor.resamples = 200
        return advisor.advise(outcomes)
    }

    @Test("a good signal is worth routing on, and the saving is what the shares say")
    func worthIt() throws {
        let advice = advise(try outcomes(), .cheapest(maxDrop: 0.01))
        let route = try #require(advice.route)
        #expect(advice.isWorthIt && advice.single == "dear" && route.models == ["cheap", "dear"])
        #expect(abs(route.shares[0] - 0.6) < 0.05)
        let saving = route.effect.savingPerThousand
        #expect(
            abs(saving.value - 9 * route.shares[0]) < 0.2 && saving.low < saving.value && saving.value < saving.high)
        #expect(abs(route.effect.savingShare.value - saving.value / 10) < 1e-9)
        #expect(route.effect.qualityChange.low >= -0.01)
        #expect(route.effect.overMixing.low > 0)
    }

    @Test("without a signal the best model answers everything")
    func noSignal() throws {
        for wish in [RoutingAdvisor.Wish.cheapest(maxDrop: 0.01), .value(0.1)] {
            let advice = advise(try outcomes(signal: 0), wish)
            #expect(!advice.isWorthIt && advice.single == "dear")
        }
    }

    @Test("a model that is both cheaper and better leaves nothing to route")
    func dominated() throws {
        let advice = advise(try outcomes(costs: [0.01, 0.001]), .cheapest(maxDrop: 0.01))
        #expect(advice.route == nil && !advice.isWorthIt && advice.single == "dear")
        #expect(advice.models.map(\.isOnFrontier) == [false, true])
        #expect(advice.breakEvenRequests(fixedCost: 10) == nil && advice.netPerRequest == nil)
    }

    @Test("what quality is worth decides which single model, and whether to route")
    func value() throws {
        let little = advise(try outcomes(), .value(0.001))
        #expect(little.single == "cheap" && !little.isWorthIt)
        let much = advise(try outcomes(), .value(0.05))
        #expect(much.single == "dear" && much.isWorthIt)
        let gain = try #require(much.route?.effect.gainPerThousand)
        let effect = try #require(much.route?.effect)
        #expect(abs(gain.value - (50 * effect.qualityChange.value + effect.savingPerThousand.value)) < 1e-9)
    }

    @Test("nearly equal models: the cheap one for everything, not a route that saves on the dear one")
    func nearlyEqual() throws {
        var outcomes = try outcomes(signal: 0)
        outcomes.scores[0] = outcomes.scores[1]
        outcomes.scores[0][0] = 0
        outcomes.scores[1][0] = 1
        let advice = advise(outcomes, .cheapest(maxDrop: 0.01))
        #expect(advice.single == "cheap" && !advice.isWorthIt)
    }

    @Test("estimates that are luck on their own rows do not look like savings on others")
    func heldOut() throws {
        // Nothing can be told apart, and a hundred thresholds are tried: the choice is made on other folds.
        var broken = 0
        for seed in 0..<20 {
            var outcomes = try outcomes(300, signal: 0, seed: UInt64(seed))
            var random = SeededRandom(seed: UInt64(100 + seed))
            outcomes.estimates[0] = outcomes.estimates[0].map { _ in random.uniform() }
            if advise(outcomes, .cheapest(maxDrop: 0.01)).isWorthIt { broken += 1 }
        }
        #expect(broken <= 1)
    }

    @Test("break-even is the fixed cost over the saving of a request")
    func breakEven() throws {
        let advice = advise(try outcomes(), .cheapest(maxDrop: 0.01))
        let net = try #require(advice.netPerRequest)
        let requests = try #require(advice.breakEvenRequests(fixedCost: 54))
        #expect(requests.value == (54 / net.value).rounded(.up))
        #expect(requests.low < requests.value && requests.value < requests.high)
    }

    @Test("whole groups are drawn together when they belong together")
    func clusters() throws {
        var outcomes = try outcomes()
        let plain = advise(outcomes, .cheapest(maxDrop: 0.01)).models[0].quality
        outcomes.clusters = outcomes.scores[0].map { Int($0) }
        let clustered = advise(outcomes, .cheapest(maxDrop: 0.01)).models[0].quality
        #expect(clustered.high - clustered.low > 2 * (plain.high - plain.low))
    }

    @Test("outcomes of a fold have no say in the plan that is measured on it")
    func choiceInsideTheFold() throws {
        let outcomes = try outcomes(600)
        let (held, kept) = outcomes.folds.split(2)
        var changed = outcomes
        // On the fold alone the dear model is useless and dearer still: by all rows it would leave the frontier.
        for row in held {
            changed.scores[1][row] = -10
            changed.costs[1][row] = 5
        }
        let wish = RoutingAdvisor.Wish.cheapest(maxDrop: 0.01)
        let (before, after) = (PlanCatalogue(outcomes, rows: kept), PlanCatalogue(changed, rows: kept))
        #expect(before.best(.routes, wish) == after.best(.routes, wish) && before.frontier == after.frontier)
        #expect(before.bestByQuality == after.bestByQuality && before.frontier == [0, 1])
        #expect(PlanCatalogue(changed, rows: held + kept).frontier == [0])
        let plan = try #require(before.best(.routes, wish))
        #expect(held.allSatisfy { before.choice(plan, row: $0) == after.choice(plan, row: $0) })
    }
}
