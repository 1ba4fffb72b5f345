import Foundation
import TurnoutCore
import TurnoutNumerics
public import TurnoutRouting

/// Routing, a plain cascade and cascade routing on the same outcomes, at the same budgets.
///
/// Every strategy is run over all queries at a range of settings (λ, or the score from which an answer is given), and may
/// also give all queries to one model, unjudged. Its quality at a budget is read off the upper hull of its settings'
/// (cost, quality), which mixing two settings reaches. Queries, or whole clusters of them, are resampled, the hull is
/// built anew in each resample, and strategies are compared on the same resamples.
public struct CascadeComparison: Sendable {
    /// A way of choosing whom to ask.
    public enum Strategy: String, Sendable, CaseIterable, Codable {
        /// One model a query, chosen by the router's estimates.
        case routing
        /// Cheapest first, the next one while the verifier is not satisfied.
        case cascade
        /// Both in one: ``CascadePlan``.
        case cascadeRouting = "cascade-routing"
    }

    /// What a strategy does at one setting.
    struct Setting: Sendable {
        /// One for each query.
        let quality: [Double]
        /// Dollars, one for each query.
        let cost: [Double]

        /// Mean cost and quality when query `q` stands `counts[q]` times in the data.
        func mean(counts: [UInt32]) -> CostQuality {
            var (total, sum) = (0.0, CostQuality(cost: 0, quality: 0))
            for query in counts.indices {
                let count = Double(counts[query])
                total += count
                sum.cost += count * cost[query]
                sum.quality += count * quality[query]
            }
            return CostQuality(cost: sum.cost / total, quality: sum.quality / total)
        }
    }

    /// Quality at one budget.
    public struct Point: Sendable {
        /// Mean dollars a query.
        public let budget: Double
        /// The quality of each strategy.
        public let quality: [Strategy: Interval]
        /// Quality above that of routing, on the same resamples.
        public let overRouting: [Strategy: Interval]
    }

    /// The cheapest and the dearest model as a plain cascade.
    public struct Escalation: Sendable {
        /// The share of the dearest model's quality that is kept.
        public let qualityKept: Double
        /// The least escalation rate that keeps it; `nil` when no rate does.
        public let rate: Interval?
        /// The rate at which the cascade costs as much as the dearest model alone.
        public let breakEven: Double
        /// Whether the whole interval of the rate is below it; section 6 of the project's notes on routing.
        public var pays: Bool { rate.map { $0.high < breakEven } ?? false }
    }

    private let data: CascadeData
    private let settings: [Strategy: [Setting]]
    private let resamples: Int
    private let seed: UInt64

    /// Runs every strategy over the data.
    ///
    /// - Parameters:
    ///   - data: Two or more models.
    ///   - resamples: Bootstrap resamples behind the intervals.
    ///   - seed: Where random numbers start.
    ///   - threads: The most threads to use; the result is the same with any number.
    /// - Throws: ``TurnoutError`` as ``CascadePlan/init(costs:qualityPerDollar:)`` does.
    /// - Complexity: O(settings · queries · 2ⁿ · n) for n models up to ten.
    public init(_ data: CascadeData, resamples: Int = 1000, seed: UInt64 = 0, threads: Int = 1) throws {
        self.data = data
        self.resamples = resamples
        self.seed = seed
        let spread = data.costs[data.costs.count - 1] - data.costs[0]
        let unit = spread > 0 ? spread : data.costs[data.costs.count - 1]
        let lambdas = [0] + (0..<24).map { pow(10, -2.5 + 5 * Double($0) / 23) / unit }
        let thresholds = (0...25).map { Double($0) / 25 }
        let judged = data.costs.map { $0 + data.verifyCost }
        let singles = data.models.indices.map { model in
            Self.run(data, threads) { _ in (model, data.costs[model]) }
        }
        let own: [Strategy: [Setting]] = [
            .routing: lambdas.map { lambda in
                Self.run(data, threads) { query in
                    let values = zip(data.estimates[query], data.costs).map { $0 - lambda * $1 }
                    let best = values.indices.max { (values[$0], $1) < (values[$1], $0) } ?? 0
                    return (best, data.costs[best])
                }
            },
            .cascade: try thresholds.map { threshold in
                let rule = try EscalationRule(
                    leastScores: [Double](repeating: threshold, count: data.models.count - 1))
                return Self.run(data, threads) { Self.climb(data, rule, query: $0) }
            },
            .cascadeRouting: try lambdas.map { lambda in
                let plan = try CascadePlan(costs: judged, qualityPerDollar: lambda)
                return Self.run(data, threads) { Self.follow(data, plan, query: $0) }
            },
        ]
        self.settings = own.mapValues { $0 + singles }
    }

    private static func run(
        _ data: CascadeData, _ threads: Int, _ choose: @Sendable (Int) -> (model: Int, cost: Double)
    ) -> Setting {
        let chosen = parallelMap(data.scores.count, threads: threads) { query -> (Double, Double) in
            let (model, cost) = choose(query)
            return (data.scores[query][model], cost)
        }
        return Setting(quality: chosen.map(\.0), cost: chosen.map(\.1))
    }

    /// The last answer is given without being judged, and costs nothing to judge.
    private static func climb(_ data: CascadeData, _ rule: EscalationRule, query: Int) -> (Int, Double) {
        var scores: [Double?] = []
        var cost = 0.0
        while true {
            switch rule.next(scores: scores) {
            case .answer(let model): return (model, cost)
            case .ask(let model):
                cost += data.costs[model] + (model + 1 < data.models.count ? data.verifyCost : 0)
                scores.append(data.verdicts[query][model])
            }
        }
    }

    private static func follow(_ data: CascadeData, _ plan: CascadePlan, query: Int) -> (Int, Double) {
        var beliefs = data.estimates[query].map { QualityBelief.right(withChance: $0) }
        var asked: Set<Int> = []
        var cost = 0.0
        while true {
            switch plan.next(beliefs: beliefs, asked: asked) {
            case .answer(let model): return (model, cost)
            case .ask(let model):
                cost += plan.costs[model]
                asked.insert(model)
                beliefs[model] = .right(withChance: data.verdicts[query][model])
            }
        }
    }

    // MARK: - Figures

    /// Quality at budgets between the cheapest and the dearest model.
    ///
    /// - Parameter shares: How far along the way from the one's cost to the other's, 0 to 1.
    /// - Returns: One point for each share.
    /// - Complexity: O(`resamples` · settings · queries)
    public func points(at shares: [Double] = [0.25, 0.5, 0.75]) -> [Point] {
        let (cheap, dear) = (data.costs[0], data.costs[data.costs.count - 1])
        let budgets = shares.map { cheap + (dear - cheap) * $0 }
        let all = Strategy.allCases
        func qualities(_ counts: [UInt32]) -> [[Double]] {
            all.map { strategy in
                let hull = CostQualityHull(settings[strategy, default: []].map { $0.mean(counts: counts) })
                return budgets.map { hull.quality(atCost: $0) }
            }
        }
        let exact = qualities(once)
        let drawn = resampled { qualities($0) }
        return budgets.indices.map { budget in
            func interval(_ strategy: Int, over: Int?) -> Interval {
                func figure(_ table: [[Double]]) -> Double {
                    table[strategy][budget] - (over.map { table[$0][budget] } ?? 0)
                }
                return Percentiles.interval(of: drawn.map(figure), around: figure(exact))
            }
            return Point(
                budget: budgets[budget],
                quality: Dictionary(uniqueKeysWithValues: all.indices.map { (all[$0], interval($0, over: nil)) }),
                overRouting: Dictionary(
                    uniqueKeysWithValues: all.indices.dropFirst().map { (all[$0], interval($0, over: 0)) }))
        }
    }

    /// How often the cheapest model's answers must escalate to the dearest one to keep some of its quality.
    ///
    /// - Parameter kept: Shares of the dearest model's mean score.
    /// - Returns: One line for each share. The threshold is chosen anew in each resample.
    /// - Complexity: O(`resamples` · queries)
    public func escalations(keeping kept: [Double] = [0.95, 0.98, 1]) -> [Escalation] {
        let last = data.models.count - 1
        let order = data.verdicts.indices.sorted { (data.verdicts[$0][0], $0) < (data.verdicts[$1][0], $1) }
        func rates(_ counts: [UInt32]) -> [Double] {
            let counts = counts.map(Double.init)
            let total = counts.reduce(0, +)
            var quality = order.reduce(0) { $0 + counts[$1] * data.scores[$1][0] }
            let goals = kept.map { $0 * order.reduce(0) { $0 + counts[$1] * data.scores[$1][last] } }
            var (rates, escalated) = (goals.map { quality >= $0 - 1e-9 ? 0 : Double.nan }, 0.0)
            for (place, query) in order.enumerated() {
                escalated += counts[query]
                quality += counts[query] * (data.scores[query][last] - data.scores[query][0])
                // No threshold parts equal verdicts.
                if place + 1 < order.count, data.verdicts[order[place + 1]][0] == data.verdicts[query][0] { continue }
                for goal in goals.indices where rates[goal].isNaN && quality >= goals[goal] - 1e-9 {
                    rates[goal] = escalated / total
                }
            }
            return rates
        }
        let exact = rates(once)
        let drawn = resampled { rates($0) }
        let breakEven = EscalationRule.pays(
            escalationRate: 0, weak: data.costs[0], verify: data.verifyCost, strong: data.costs[last]
        ).breakEven
        return kept.indices.map { index in
            Escalation(
                qualityKept: kept[index],
                rate: exact[index].isNaN
                    ? nil : Percentiles.interval(of: drawn.map { $0[index] }, around: exact[index]),
                breakEven: breakEven)
        }
    }

    private var once: [UInt32] { [UInt32](repeating: 1, count: data.scores.count) }

    private func resampled<Result>(_ body: ([UInt32]) -> Result) -> [Result] {
        var random = SeededRandom(seed: seed)
        var resample = ResampleCounts(count: data.scores.count, clusters: data.clusters)
        return (0..<resamples).map { _ in
            resample.draw(using: &random)
            return body(resample.counts)
        }
    }
}
