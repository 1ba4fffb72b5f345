import TurnoutCore
import TurnoutRouting

/// A way to answer queries: one model for all, or the model of a set with the greatest estimate − λ · mean cost.
struct Plan: Sendable, Equatable {
    /// Numbers of the models, by mean cost.
    let models: [Int]
    let lambda: Double
}

/// Every plan that is considered on some rows, with its quality and cost there; no other row has a say in any of it.
///
/// Sets are the pairs of models on the frontier (those that no other is both cheaper and better than), and the whole
/// frontier. A hundred values of λ are tried for each: the quantiles of those at which single queries change sides.
struct PlanCatalogue {
    enum Part { case singles, routes }

    /// Numbers of the models on the frontier, by mean cost.
    let frontier: [Int]
    private let outcomes: RoutingAdvisor.Outcomes
    private let rows: [Int]
    private let meanCosts: [Double]
    private let singles: [(plan: Plan, worth: CostQuality)]
    private let routes: [(plan: Plan, worth: CostQuality)]

    init(_ outcomes: RoutingAdvisor.Outcomes, rows: [Int]) {
        func means(_ table: [[Double]]) -> [Double] {
            table.map { values in rows.reduce(0) { $0 + values[$1] } / Double(max(rows.count, 1)) }
        }
        let meanCosts = means(outcomes.costs), qualities = means(outcomes.scores)
        let byCost = outcomes.models.indices.sorted {
            (meanCosts[$0], -qualities[$0], $0) < (meanCosts[$1], -qualities[$1], $1)
        }
        var frontier: [Int] = []
        for model in byCost where frontier.last.map({ qualities[model] > qualities[$0] }) ?? true {
            frontier.append(model)
        }
        self.outcomes = outcomes
        self.rows = rows
        self.frontier = frontier
        self.meanCosts = meanCosts
        func weighed(_ plan: Plan) -> (plan: Plan, worth: CostQuality) {
            var sum = CostQuality(cost: 0, quality: 0)
            for row in rows {
                let model = Self.choice(plan, row: row, outcomes, meanCosts)
                sum.cost += outcomes.costs[model][row]
                sum.quality += outcomes.scores[model][row]
            }
            let count = Double(max(rows.count, 1))
            return (plan, CostQuality(cost: sum.cost / count, quality: sum.quality / count))
        }
        self.singles = outcomes.models.indices.map { weighed(Plan(models: [$0], lambda: 0)) }
        var sets = frontier.indices.flatMap { a in
            frontier.indices.dropFirst(a + 1).map { [frontier[a], frontier[$0]] }
        }
        if frontier.count > 2 { sets.append(frontier) }
        self.routes = sets.flatMap { set in
            Self.lambdas(set, outcomes, rows, meanCosts).map { weighed(Plan(models: set, lambda: $0)) }
        }
    }

    /// The plan that serves a wish best; `nil` when none does.
    func best(_ part: Part, _ wish: RoutingAdvisor.Wish) -> Plan? {
        let candidates = part == .singles ? singles : routes
        switch wish {
        case .value(let value):
            func worth(_ at: CostQuality) -> Double { value * at.quality - at.cost }
            return candidates.max { worth($0.worth) < worth($1.worth) }?.plan
        case .cheapest(let maxDrop):
            // Half of the drop is left to what these rows do not show.
            let best = singles.map(\.worth.quality).max() ?? 0
            let least = best - maxDrop / 2 * abs(best)
            return candidates.filter { $0.worth.quality >= least }.min { $0.worth.cost < $1.worth.cost }?.plan
        }
    }

    /// The single model with the greatest mean score.
    var bestByQuality: Int { singles.max { $0.worth.quality < $1.worth.quality }?.plan.models[0] ?? 0 }

    /// The model that answers any row of the data under a plan.
    func choice(_ plan: Plan, row: Int) -> Int { Self.choice(plan, row: row, outcomes, meanCosts) }

    /// The share of the rows that each model of a plan answers.
    func shares(of plan: Plan) -> [Double] {
        var counts = [Int](repeating: 0, count: outcomes.models.count)
        for row in rows { counts[choice(plan, row: row)] += 1 }
        return plan.models.map { Double(counts[$0]) / Double(max(rows.count, 1)) }
    }

    private static func choice(
        _ plan: Plan, row: Int, _ outcomes: RoutingAdvisor.Outcomes, _ meanCosts: [Double]
    ) -> Int {
        var best = plan.models[0]
        var bestWorth = outcomes.estimates[best][row] - plan.lambda * meanCosts[best]
        for model in plan.models.dropFirst() {
            let worth = outcomes.estimates[model][row] - plan.lambda * meanCosts[model]
            if worth > bestWorth { (best, bestWorth) = (model, worth) }
        }
        return best
    }

    /// Zero, and quantiles of the λ at which a query changes from a dearer to a cheaper model of the set.
    private static func lambdas(
        _ set: [Int], _ outcomes: RoutingAdvisor.Outcomes, _ rows: [Int], _ meanCosts: [Double]
    ) -> [Double] {
        var turns: [Double] = []
        for (position, cheap) in set.enumerated() {
            for dear in set.dropFirst(position + 1) where meanCosts[dear] > meanCosts[cheap] {
                let price = meanCosts[dear] - meanCosts[cheap]
                for row in rows {
                    let gain = outcomes.estimates[dear][row] - outcomes.estimates[cheap][row]
                    if gain > 0 { turns.append(gain / price) }
                }
            }
        }
        turns.sort()
        guard !turns.isEmpty else { return [0] }
        return [0] + (0...100).map { Quantiles.value(at: Double($0) / 100, in: turns) }
    }
}
