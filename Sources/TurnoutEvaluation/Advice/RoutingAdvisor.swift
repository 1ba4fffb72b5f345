public import TurnoutCore
import TurnoutNumerics
import TurnoutRouting

/// Says whether routing is worth it: which models to route between and what that saves, or which one to use for all.
///
/// A plan sends each query to the model of a set that maximises estimated quality − λ · mean cost; with a value v per
/// unit of quality, λ = 1/v is the rule "weak iff v · E[q_s − q_w | x] < c_s − c_w". Plans and single models are
/// chosen on all folds but one and measured on that one, with estimates that were made without it, so that no figure
/// is of rows that had a say in the choice.
public struct RoutingAdvisor: Sendable {
    /// What is known of the models.
    public struct Outcomes: Sendable {
        /// The models.
        public var models: [ModelID]
        /// Scores; shape `[models][rows]`.
        public var scores: [[Double]]
        /// Dollars; shape `[models][rows]`.
        public var costs: [[Double]]
        /// What a router that had not seen a row's fold expects of each model on it; shape `[models][rows]`.
        public var estimates: [[Double]]
        /// The folds that the estimates were made in.
        public var folds: Folds
        /// Rows with the same number are drawn together in intervals; `nil` when each stands for itself.
        public var clusters: [Int]?

        /// Bundles lists of the shapes above.
        public init(
            models: [ModelID], scores: [[Double]], costs: [[Double]], estimates: [[Double]], folds: Folds,
            clusters: [Int]? = nil
        ) {
            self.models = models
            self.scores = scores
            self.costs = costs
            self.estimates = estimates
            self.folds = folds
            self.clusters = clusters
        }
    }

    /// What makes a plan good.
    public enum Wish: Sendable, Equatable {
        /// The cheapest whose quality is that of the best single model, less at most this share of it.
        case cheapest(maxDrop: Double)
        /// The greatest of value times quality minus cost, in dollars per unit of score.
        case value(Double)
    }

    /// What makes a plan good.
    public var wish: Wish
    /// Bootstrap resamples behind the intervals.
    public var resamples = 1000
    /// Where the random numbers start.
    public var seed: UInt64 = 0

    /// Sets the wish.
    public init(wish: Wish) { self.wish = wish }

    /// Weighs routing against every single model.
    ///
    /// - Parameter outcomes: Scores, costs and held-out estimates of two models or more on the same rows.
    /// - Returns: What to do, and what it brings.
    /// - Complexity: O(folds · sets · 100 · rows · models + resamples · rows · models)
    public func advise(_ outcomes: Outcomes) -> RoutingAdvice {
        let catalogue = PlanCatalogue(outcomes, rows: Array(outcomes.folds.foldOfRow.indices))
        let models = outcomes.models.indices.map { index in
            RoutingAdvice.Model(
                model: outcomes.models[index], quality: mean(outcomes.scores[index], outcomes),
                costPerThousand: mean(outcomes.costs[index].map { $0 * 1000 }, outcomes),
                isOnFrontier: catalogue.frontier.contains(index))
        }
        let route = catalogue.best(.routes, wish).map { plan in
            RoutingAdvice.Route(
                models: plan.models.map { outcomes.models[$0] }, lambda: plan.lambda,
                shares: catalogue.shares(of: plan),
                effect: HeldOutPlans(outcomes, wish: wish)
                    .effect(resamples: resamples, seed: seed, clusters: outcomes.clusters, wish: wish))
        }
        let single = catalogue.best(.singles, wish)?.models[0] ?? 0
        return RoutingAdvice(
            wish: wish, rows: outcomes.folds.foldOfRow.count, models: models, single: outcomes.models[single],
            route: route)
    }

    private func mean(_ values: [Double], _ outcomes: Outcomes) -> Interval {
        BootstrapMeans([values], resamples: resamples, seed: seed, clusters: outcomes.clusters).interval { $0[0] }
    }
}

/// Means of several columns of the same rows, over all rows and over each bootstrap resample.
struct BootstrapMeans {
    private let whole: [Double]
    private let drawn: [[Double]]

    init(_ columns: [[Double]], resamples: Int, seed: UInt64, clusters: [Int]?) {
        let rows = columns.first?.count ?? 0
        func means(_ counts: [UInt32]) -> [Double] {
            let total = Double(counts.reduce(0) { $0 + Int($1) })
            return columns.map { column in
                var sum = 0.0
                for row in 0..<rows { sum += Double(counts[row]) * column[row] }
                return sum / total
            }
        }
        var random = SeededRandom(seed: seed)
        var counts = ResampleCounts(count: rows, clusters: clusters)
        self.whole = means([UInt32](repeating: 1, count: rows))
        self.drawn = (0..<resamples).map { _ in
            counts.draw(using: &random)
            return means(counts.counts)
        }
    }

    /// A figure made of the columns' means, with its 95 % interval.
    func interval(_ figure: ([Double]) -> Double) -> Interval {
        Percentiles.interval(of: drawn.map(figure), around: figure(whole))
    }
}
