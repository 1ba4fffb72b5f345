import TurnoutNumerics
import TurnoutRouting

/// Chooses the threshold that brings a mean, such as cost or quality, to a goal, and says how far it may miss.
///
/// Queries go to the strong model in descending order of score, those with equal scores together. The interval is
/// that of the whole procedure: on each bootstrap resample the threshold is chosen again, and what it would bring is
/// read off all the queries. A threshold chosen so misses its goal about half the time; a certificate is another thing.
public struct ThresholdSearch: Sendable {
    /// What is wished for.
    public enum Goal: Sendable {
        /// As many strong calls as a mean amount per query allows.
        case atMost(Double)
        /// As few strong calls as reach this share of what the strong model alone has.
        case shareOfStrong(Double)
    }

    /// What was found.
    public struct Result: Sendable, Equatable {
        /// Scores from here on go to the strong model.
        public let threshold: Double
        /// Queries that do.
        public let strongCount: Int
        /// The mean that this brings, in the goal's terms, with the interval for other queries of the same kind.
        public let reached: Interval
        /// The share of resamples whose threshold misses the goal on all the queries.
        public let missRate: Double
    }

    private let order: [Int]
    private let scores: [Double]
    private let weak: [Double]
    private let strong: [Double]
    /// Positions in `order` before which a threshold can cut, from none strong to all.
    private let cuts: [Int]

    /// Sorts queries by score.
    ///
    /// - Parameters:
    ///   - scores: One for each query, 0…1.
    ///   - weak: What each query brings on the weak model, such as its cost or its quality.
    ///   - strong: What each brings on the strong model.
    /// - Complexity: O(n log n)
    public init(scores: [Double], weak: [Double], strong: [Double]) {
        precondition(scores.count == weak.count && scores.count == strong.count, "lists of unequal length")
        let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
        self.order = order
        self.scores = scores
        self.weak = weak
        self.strong = strong
        // A threshold is at most 1, so that scores of 1 go to the strong model whatever it is.
        let first = order.firstIndex { scores[$0] < 1 } ?? order.count
        self.cuts = (first...order.count).filter { cut in
            cut == first || cut == order.count || scores[order[cut]] != scores[order[cut - 1]]
        }
    }

    /// Chooses a threshold.
    ///
    /// - Parameters:
    ///   - goal: What is wished for.
    ///   - resamples: Bootstrap resamples behind the interval.
    ///   - seed: Where the random numbers start.
    /// - Returns: The threshold; `nil` when no threshold reaches the goal.
    /// - Complexity: O(resamples · n)
    public func threshold(for goal: Goal, resamples: Int = 1000, seed: UInt64 = 0) -> Result? {
        let once = [UInt32](repeating: 1, count: order.count)
        guard !order.isEmpty, let cut = best(goal, counts: once) else { return nil }
        let means = means(counts: once)
        let whole = strong.reduce(0, +) / Double(order.count)
        func reached(_ cut: Int) -> Double {
            if case .shareOfStrong = goal { means[cut] / whole } else { means[cut] }
        }
        var random = SeededRandom(seed: seed)
        var drawn = ResampleCounts(count: order.count, clusters: nil)
        let others = (0..<resamples).map { _ in
            drawn.draw(using: &random)
            return reached(best(goal, counts: drawn.counts) ?? fallback(goal))
        }
        let misses = others.count { value in
            switch goal {
            case .atMost(let most): value > most * (1 + 1e-12)
            case .shareOfStrong(let least): value < least * (1 - 1e-12)
            }
        }
        return Result(
            threshold: cut == 0 || cut == cuts.first ? 1 : scores[order[cut - 1]], strongCount: cut,
            reached: Percentiles.interval(of: others, around: reached(cut)),
            missRate: Double(misses) / Double(max(resamples, 1)))
    }

    /// What is used when a resample cannot reach the goal: the nearest to it.
    private func fallback(_ goal: Goal) -> Int {
        switch goal {
        case .atMost: cuts.first ?? 0
        case .shareOfStrong: order.count
        }
    }

    /// The cut that meets the goal on a resample.
    private func best(_ goal: Goal, counts: [UInt32]) -> Int? {
        let means = means(counts: counts)
        switch goal {
        case .atMost(let most): return cuts.last { means[$0] <= most * (1 + 1e-12) }
        case .shareOfStrong(let share):
            let target = share * means[order.count]
            return cuts.first { means[$0] >= target - 1e-12 * abs(target) }
        }
    }

    /// The mean over all queries when the first `cut` of the order go to the strong model, for every `cut`.
    private func means(counts: [UInt32]) -> [Double] {
        var (total, sum) = (0.0, 0.0)
        for query in order {
            total += Double(counts[query])
            sum += Double(counts[query]) * weak[query]
        }
        var means = [sum / total]
        means.reserveCapacity(order.count + 1)
        for query in order {
            sum += Double(counts[query]) * (strong[query] - weak[query])
            means.append(sum / total)
        }
        return means
    }
}
