/// Intervals for the figures of routers by resampling queries, the same resamples for all of them.
///
/// In each resample the queries are drawn again with replacement, thresholds and the gap between the models are
/// computed afresh, and so are all figures; the 2.5th and 97.5th percentiles are the ends of the interval
/// (Efron and Tibshirani 1993, chapter 13).
public struct PairedBootstrap: Sendable {
    /// What one router reached.
    public struct Result: Sendable {
        /// Average performance gap recovered.
        public let apgr: Interval
        /// Least strong share that recovers half of the gap.
        public let cpt50: Interval
        /// Least strong share that recovers four fifths of the gap.
        public let cpt80: Interval
        /// APGR minus that of the first router, on the same resamples.
        public let apgrOverFirst: Interval
    }

    /// Resamples to draw.
    public var resamples: Int
    /// Where the random numbers start.
    public var seed: UInt64

    /// Sets the number of resamples and the seed.
    public init(resamples: Int = 1000, seed: UInt64 = 0) {
        self.resamples = resamples
        self.seed = seed
    }

    /// Figures of several routers on the same queries.
    ///
    /// - Parameters:
    ///   - routers: The scores of each; the first is the one the others are compared with.
    ///   - outcomes: What both models scored.
    ///   - clusters: Queries with the same number are drawn together, such as the turns of a conversation.
    ///   - threads: The most threads to use.
    /// - Returns: One result for each router, in order.
    /// - Complexity: O(routers · (n log n + resamples · n))
    public func compare(
        _ routers: [[Double]], outcomes: PairOutcomes, clusters: [Int]? = nil, threads: Int = 1
    ) -> [Result] {
        let rankings = routers.map { RankedGains(scores: $0, outcomes: outcomes) }
        let resampling = Resampling(resamples: resamples, seed: seed, clusters: clusters, threads: threads)
        let drawn = resampling.map(count: outcomes.count) { counts in
            rankings.map { RankingFigures($0, counts: counts) }
        }
        let once = [UInt32](repeating: 1, count: outcomes.count)
        let full = rankings.map { RankingFigures($0, counts: once) }
        return full.indices.map { router in
            func interval(_ figure: ([RankingFigures]) -> Double) -> Interval {
                Percentiles.interval(of: drawn.map(figure), around: figure(full))
            }
            return Result(
                apgr: interval { $0[router].apgr }, cpt50: interval { $0[router].callShares[1] },
                cpt80: interval { $0[router].callShares[2] },
                apgrOverFirst: interval { $0[router].apgr - $0[0].apgr })
        }
    }
}
