import TurnoutCore
import TurnoutRouting

/// A way to answer queries: one model for all, or the model of a set with the greatest estimate − λ · mean cost.
struct Plan: Sendable, Equatable {
    /// Numbers of the models, by mean cost.
    let models: [Int]
    let lambda: Double
}

/// Every plan that is considered, with its quality and cost in each fold.
///
/// Sets are the pairs of models on the frontier (those that no other is both cheaper and better than), and the whole
/// frontier. A hundred values of λ are tried for each: the quantiles of those at which single queries change sides.
struct PlanCatalogue {
    enum Part { case singles, routes }

    /// Sums over the rows of a fold.
    private struct Sums {
        var (count, quality, cost) = (0.0, 0.0, 0.0)

        mutating func add(_ other: Sums) {
            count += other.count
            quality += other.quality
            cost += other.cost
        }
    }

    let outcomes: RoutingAdvisor.Outcomes
    /// Numbers of the models on the frontier, by mean cost.
    let frontier: [Int]
    private let meanCosts: [Double]
    private let singles: [(plan: Plan, folds: [Sums])]
    private let routes: [(plan: Plan, folds: [Sums])]

    init(_ outcomes: RoutingAdvisor.Outcomes) {
        let meanCosts = outcomes.costs.map(Self.mean), qualities = outcomes.scores.map(Self.mean)
        let byCost = outcomes.models.indices.sorted {
            (meanCosts[$0], -qualities[$0], $0) < (meanCosts[$1], -qualities[$1], $1)
        }
        var frontier: [Int] = []
        for model in byCost where frontier.last.map({ qualities[model] > qualities[$0] }) ?? true {
            frontier.append(model)
        }
        self.outcomes = outcomes
        self.frontier = frontier
        self.meanCosts = meanCosts
        let sums = { (plan: Plan) in
            (plan: plan, folds: Self.sums(outcomes) { Self.choice(plan, row: $0, outcomes, meanCosts) })
        }
        self.singles = outcomes.models.indices.map { sums(Plan(models: [$0], lambda: 0)) }
        var sets = frontier.indices.flatMap { a in
            frontier.indices.dropFirst(a + 1).map { [frontier[a], frontier[$0]] }
        }
        if frontier.count > 2 { sets.append(frontier) }
        self.routes = sets.flatMap { set in
            Self.lambdas(set, outcomes, meanCosts).map { sums(Plan(models: set, lambda: $0)) }
        }
    }

    /// The plan that serves a wish best on some folds; `nil` when none does.
    func best(_ part: Part, on folds: Set<Int>, _ wish: RoutingAdvisor.Wish) -> Plan? {
        let singleQuality = singles.map { mean($0.folds, folds).quality }.max() ?? 0
        let candidates = (part == .singles ? singles : routes).map { ($0.plan, mean($0.folds, folds)) }
        switch wish {
        case .value(let value):
            return candidates.max { value * $0.1.quality - $0.1.cost < value * $1.1.quality - $1.1.cost }?.0
        case .cheapest(let maxDrop):
            // Half of the drop is left to what these folds do not show.
            let least = singleQuality - maxDrop / 2 * abs(singleQuality)
            return candidates.filter { $0.1.quality >= least }.min { $0.1.cost < $1.1.cost }?.0
        }
    }

    /// The single model with the greatest mean score on some folds.
    func bestByQuality(on folds: Set<Int>) -> Int {
        let means = singles.map { mean($0.folds, folds).quality }
        return means.indices.max { means[$0] < means[$1] } ?? 0
    }

    /// The model that answers a row under a plan.
    func choice(_ plan: Plan, row: Int) -> Int { Self.choice(plan, row: row, outcomes, meanCosts) }

    /// The share of all rows that each model of a plan answers.
    func shares(of plan: Plan) -> [Double] {
        let rows = outcomes.folds.foldOfRow.count
        var counts = [Int](repeating: 0, count: outcomes.models.count)
        for row in 0..<rows { counts[choice(plan, row: row)] += 1 }
        return plan.models.map { Double(counts[$0]) / Double(rows) }
    }

    private func mean(_ sums: [Sums], _ folds: Set<Int>) -> (quality: Double, cost: Double) {
        var total = Sums()
        for (fold, part) in sums.enumerated() where folds.contains(fold) { total.add(part) }
        return (total.quality / max(total.count, 1), total.cost / max(total.count, 1))
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

    private static func sums(_ outcomes: RoutingAdvisor.Outcomes, _ choice: (Int) -> Int) -> [Sums] {
        var sums = [Sums](repeating: Sums(), count: outcomes.folds.count)
        for (row, fold) in outcomes.folds.foldOfRow.enumerated() {
            let model = choice(row)
            sums[fold].add(Sums(count: 1, quality: outcomes.scores[model][row], cost: outcomes.costs[model][row]))
        }
        return sums
    }

    /// Zero, and quantiles of the λ at which a query changes from a dearer to a cheaper model of the set.
    private static func lambdas(
        _ set: [Int], _ outcomes: RoutingAdvisor.Outcomes, _ meanCosts: [Double]
    ) -> [Double] {
        var turns: [Double] = []
        for (position, cheap) in set.enumerated() {
            for dear in set.dropFirst(position + 1) where meanCosts[dear] > meanCosts[cheap] {
                let price = meanCosts[dear] - meanCosts[cheap]
                for (high, low) in zip(outcomes.estimates[dear], outcomes.estimates[cheap]) where high > low {
                    turns.append((high - low) / price)
                }
            }
        }
        turns.sort()
        guard !turns.isEmpty else { return [0] }
        return [0] + (0...100).map { Quantiles.value(at: Double($0) / 100, in: turns) }
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
}
