/// Quality against the share of queries sent to the strong model, at every threshold a router can have.
///
/// Queries are sent to the strong model in descending order of score. Those with equal scores are cut together,
/// since no threshold can part them; in between, quality is the straight line that mixing at random gives. This is
/// the exact curve, where Ong et al. 2024 ("RouteLLM", section 3.2) use ten quantile bins.
public struct CostQualityCurve: Sendable {
    /// One threshold.
    public struct Point: Sendable, Equatable {
        /// Share of queries that go to the strong model, 0…1.
        public let strongShare: Double
        /// Mean score of the answers.
        public let quality: Double
        /// Performance gap recovered: 0 is the weak model alone, 1 the strong one alone.
        ///
        /// May leave 0…1.
        public let performanceGapRecovered: Double
    }

    /// All thresholds, from none to all queries strong; shares strictly ascending.
    public let points: [Point]

    /// Sorts queries by score.
    ///
    /// - Parameters:
    ///   - scores: One for each query; higher means the strong model is needed more. Not NaN.
    ///   - outcomes: What both models scored on these queries.
    /// - Complexity: O(n log n)
    public init(scores: [Double], outcomes: PairOutcomes) {
        let ranking = RankedGains(scores: scores, outcomes: outcomes)
        let count = Double(outcomes.count)
        let gap = outcomes.strongMean - outcomes.weakMean
        var points = [Point(strongShare: 0, quality: outcomes.weakMean, performanceGapRecovered: 0)]
        ranking.forEachCut(counts: [UInt32](repeating: 1, count: outcomes.count)) { taken, gained in
            points.append(
                Point(
                    strongShare: taken / count, quality: outcomes.weakMean + gained / count,
                    performanceGapRecovered: gained / count / gap))
        }
        self.points = points
    }

    /// APGR: the integral of the recovered gap over the strong share (trapezoids).
    ///
    /// Random scores give ½.
    public var averagePerformanceGapRecovered: Double {
        zip(points, points.dropFirst()).reduce(0) { sum, pair in
            let width = pair.1.strongShare - pair.0.strongShare
            return sum + width * (pair.0.performanceGapRecovered + pair.1.performanceGapRecovered) / 2
        }
    }

    /// CPT(x): the least strong share at which the recovered gap reaches `target`, the first crossing.
    ///
    /// - Parameter target: Share of the gap, such as 0.5; at 1 or below it is always reached.
    /// - Returns: A share in 0…1; `nil` when no threshold reaches the target.
    public func callShare(recovering target: Double) -> Double? {
        // Sums of many scores may fall short of 1 by rounding at the very end.
        points.first { $0.performanceGapRecovered >= target - 1e-12 }?.strongShare
    }

    /// The recovered gap at a strong share, on the line between the nearest thresholds.
    public func performanceGapRecovered(atShare share: Double) -> Double {
        guard let upper = points.firstIndex(where: { $0.strongShare >= share }) else { return 1 }
        guard upper > 0 else { return 0 }
        let (a, b) = (points[upper - 1], points[upper])
        let t = (share - a.strongShare) / (b.strongShare - a.strongShare)
        return a.performanceGapRecovered + t * (b.performanceGapRecovered - a.performanceGapRecovered)
    }
}
