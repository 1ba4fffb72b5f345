import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics

@testable import TurnoutRouting

@Suite("Cascade routing")
struct CascadePlanTests {
    /// E[max] by a sum over a fine grid: slow, and written down without a trick.
    private func expectedMaximum(_ beliefs: [QualityBelief]) -> Double {
        let (low, high, steps) = (-12.0, 12.0, 240_000)
        var (total, before) = (0.0, 0.0)
        for index in 1...steps {
            let x = low + (high - low) * Double(index) / Double(steps)
            var below = 1.0
            for belief in beliefs {
                below *=
                    belief.deviation > 0
                    ? 0.5 * erfc((belief.mean - x) / (belief.deviation * 2.0.squareRoot())) : (x >= belief.mean ? 1 : 0)
            }
            total += x * (below - before)
            before = below
        }
        return total
    }

    @Test("the expected best of several answers is that of a fine sum")
    func maximum() {
        let cases: [[QualityBelief]] = [
            [.init(mean: 0.7)], [.init(mean: 0.7), .init(mean: 0.4)], [.init(mean: 0.5, deviation: 0.2)],
            [.init(mean: 0.5, deviation: 0.2), .init(mean: 0.5, deviation: 0.3)],
            [.init(mean: 0.6), .init(mean: 0.5, deviation: 0.4)],
            [.init(mean: 0.2, deviation: 0.01), .init(mean: 0.9, deviation: 0.3), .init(mean: 0.85)],
        ]
        for beliefs in cases {
            let fast = ExpectedMaximum(beliefs).of(Array(beliefs.indices))
            #expect(abs(fast - expectedMaximum(beliefs)) < 2e-3, "\(beliefs) \(fast)")
        }
        // Two equal normals: mean + deviation / √π.
        let two = ExpectedMaximum([.init(mean: 0, deviation: 1), .init(mean: 0, deviation: 1)]).of([0, 1])
        #expect(abs(two - 1 / Double.pi.squareRoot()) < 1e-3)
    }

    @Test(
        "the set that is pursued is the best of all supersets, found by trying each", arguments: 0..<25 as Range<UInt64>
    )
    func optimal(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let count = 2 + random.next(below: 4)
        let beliefs = (0..<count).map { _ in
            QualityBelief(
                mean: random.uniform(), deviation: random.uniform() < 0.3 ? 0 : 0.5 * random.uniform())
        }
        let plan = try CascadePlan(
            costs: (0..<count).map { _ in random.uniform() }, qualityPerDollar: 0.6 * random.uniform())
        let asked = Set((0..<count).filter { _ in random.uniform() < 0.3 })
        let maximum = ExpectedMaximum(beliefs)
        func value(_ set: [Int]) -> Double {
            maximum.of(set) - plan.qualityPerDollar * set.reduce(0) { $0 + plan.costs[$1] }
        }
        let all = (1..<(1 << count)).map { mask in (0..<count).filter { mask >> $0 & 1 == 1 } }
        let best = try #require(all.filter { asked.isSubset(of: $0) }.map(value).max())
        let chosen = asked.union(plan.bestAddition(beliefs, asked: asked)).sorted()
        #expect(abs(value(chosen) - best) < 1e-8)
        switch plan.next(beliefs: beliefs, asked: asked) {
        case .ask(let model): #expect(chosen.contains(model) && !asked.contains(model))
        case .answer(let model):
            #expect(chosen == asked.sorted() && asked.allSatisfy { beliefs[$0].mean <= beliefs[model].mean })
        }
    }

    @Test("when nothing is uncertain it routes: the best quality less cost is asked, and answered")
    func routes() throws {
        let plan = try CascadePlan(costs: [1, 2, 10], qualityPerDollar: 0.1)
        let beliefs = [0.5, 0.75, 0.9].map { QualityBelief(mean: $0) }
        #expect(plan.next(beliefs: beliefs, asked: []) == .ask(1))
        #expect(plan.next(beliefs: beliefs, asked: [1]) == .answer(1))
    }

    @Test("a cheap model is asked first, and the dear one only when the verifier is not satisfied")
    func cascades() throws {
        let plan = try CascadePlan(costs: [1, 10], qualityPerDollar: 0.03)
        var beliefs = [QualityBelief.right(withChance: 0.6), .right(withChance: 0.9)]
        #expect(plan.next(beliefs: beliefs, asked: []) == .ask(0))
        beliefs[0] = QualityBelief(mean: 0.95, deviation: 0.05)
        #expect(plan.next(beliefs: beliefs, asked: [0]) == .answer(0))
        beliefs[0] = QualityBelief(mean: 0.1, deviation: 0.05)
        #expect(plan.next(beliefs: beliefs, asked: [0]) == .ask(1))
        beliefs[1] = QualityBelief(mean: 0.05)
        #expect(plan.next(beliefs: beliefs, asked: [0, 1]) == .answer(0))
    }

    @Test("a dollar that need buy nothing asks everybody, one that must buy everything asks the cheapest that will do")
    func extremes() throws {
        let beliefs = [0.4, 0.5, 0.6].map { QualityBelief.right(withChance: $0) }
        let free = try CascadePlan(costs: [1, 2, 3], qualityPerDollar: 0)
        #expect(free.bestAddition(beliefs, asked: []) == [0, 1, 2])
        let dear = try CascadePlan(costs: [1, 2, 3], qualityPerDollar: 100)
        #expect(dear.bestAddition(beliefs, asked: []) == [0])
    }

    @Test("twenty models are decided among, and equal ones by their place")
    func twenty() throws {
        let plan = try CascadePlan(costs: [Double](repeating: 1, count: 20), qualityPerDollar: 1)
        let beliefs = [QualityBelief](repeating: .init(mean: 0.5), count: 20)
        #expect(plan.next(beliefs: beliefs, asked: []) == .ask(0))
        #expect(plan.next(beliefs: beliefs, asked: [7, 3]) == .answer(3))
    }

    @Test("impossible costs are refused")
    func refused() {
        for (costs, quality) in [([], 1), ([1], -1), ([-1], 1), ([.nan], 1), ([1], .infinity)] as [([Double], Double)] {
            #expect(throws: TurnoutError.self) { try CascadePlan(costs: costs, qualityPerDollar: quality) }
        }
        #expect(throws: TurnoutError.self) {
            try CascadePlan(costs: [Double](repeating: 1, count: 21), qualityPerDollar: 1)
        }
    }
}

@Suite("The plain cascade")
struct EscalationRuleTests {
    @Test("answers climb until one satisfies the verifier or the last model has answered")
    func climbs() throws {
        let rule = try EscalationRule(leastScores: [0.8, 0.5])
        let steps: [([Double?], CascadePlan.Action)] = [
            ([], .ask(0)), ([0.8], .answer(0)), ([0.79], .ask(1)), ([0.1, 0.5], .answer(1)), ([0.1, 0.4], .ask(2)),
            ([0.1, 0.4, 0], .answer(2)), ([nil], .ask(1)), ([nil, nil], .ask(2)), ([nil, nil, nil], .answer(2)),
        ]
        for (scores, action) in steps { #expect(rule.next(scores: scores) == action, "\(scores)") }
        #expect(throws: TurnoutError.self) { try EscalationRule(leastScores: [1.5]) }
    }

    @Test("it pays below the break-even escalation rate, and not at it")
    func pays() {
        #expect(EscalationRule.pays(escalationRate: 0.5, weak: 1, verify: 1, strong: 10) == (true, 0.8))
        #expect(EscalationRule.pays(escalationRate: 0.8, weak: 1, verify: 1, strong: 10).pays == false)
        #expect(EscalationRule.pays(escalationRate: 0, weak: 9, verify: 2, strong: 10).pays == false)
    }
}
