import TurnoutNumerics

/// What quality is lost for each share of queries that the small model answers: cost advantage against quality drop.
///
/// Queries go to the small model in descending order of the router's P(small suffices). Equal estimates are cut
/// together; between two cuts lies the random mixture of both. Drops are percent of the large model's mean quality.
/// Ding et al. 2024, "Hybrid LLM".
public struct DropCurve: Sendable {
    /// Cost advantages at which the curve is read: 0, .05 … 1.
    public static let advantages = (0...20).map { Double($0) / 20 }

    /// A threshold and what it does.
    public struct Cut: Sendable, Equatable {
        /// Queries whose estimate reaches it go to the small model; infinite for none.
        public let threshold: Double
        /// Share of queries that go there.
        public let advantage: Double
        /// What is lost, percent.
        public let drop: Double
    }

    private let estimates: [Double]
    private let small: [Double]
    private let large: [Double]
    /// Queries by descending estimate; equals by number.
    private let order: [Int]

    /// Takes estimates and qualities of the same queries.
    ///
    /// - Parameters:
    ///   - estimates: P(small suffices) of each query.
    ///   - samples: Qualities of each query, whose means count.
    public init(estimates: [Double], samples: [QualitySamples]) {
        precondition(estimates.count == samples.count, "\(estimates.count) estimates for \(samples.count) queries")
        self.estimates = estimates
        self.small = samples.map(\.smallMean)
        self.large = samples.map(\.largeMean)
        self.order = estimates.indices.sorted { (estimates[$0], $1) > (estimates[$1], $0) }
    }

    /// Every cut, from none to all queries for the small model.
    public var cuts: [Cut] { cuts(counts: [UInt32](repeating: 1, count: order.count)) }

    /// The drop at each of ``advantages``, with 95 % bootstrap intervals.
    ///
    /// - Complexity: O(resamples · queries)
    public func drops(resamples: Int, seed: UInt64, threads: Int) -> [Interval] {
        let drawn = Resampling(resamples: resamples, seed: seed, clusters: nil, threads: threads)
            .map(count: order.count) { Self.read(cuts(counts: $0)) }
        return Self.read(cuts).enumerated().map { index, value in
            Percentiles.interval(of: drawn.map { $0[index] }, around: value)
        }
    }

    /// The cut with the greatest cost advantage whose drop is `most` percent at most; none for the small model where
    /// there is no such cut.
    public func cut(mostDrop most: Double) -> Cut {
        cuts.last { $0.drop <= most + 1e-9 } ?? Cut(threshold: .infinity, advantage: 0, drop: 0)
    }

    /// What a threshold that was chosen elsewhere does here.
    ///
    /// - Returns: Advantage and drop with 95 % bootstrap intervals.
    /// - Complexity: O(resamples · queries)
    public func outcome(
        ofThreshold threshold: Double, resamples: Int, seed: UInt64, threads: Int
    ) -> (advantage: Interval, drop: Interval) {
        let isSmall = estimates.map { $0 >= threshold }
        let drawn = Resampling(resamples: resamples, seed: seed, clusters: nil, threads: threads)
            .map(count: order.count) { outcome(isSmall, counts: $0) }
        let whole = outcome(isSmall, counts: [UInt32](repeating: 1, count: order.count))
        return (
            Percentiles.interval(of: drawn.map(\.advantage), around: whole.advantage),
            Percentiles.interval(of: drawn.map(\.drop), around: whole.drop)
        )
    }

    private func outcome(_ isSmall: [Bool], counts: [UInt32]) -> (advantage: Double, drop: Double) {
        var (total, sent, best, lost) = (0.0, 0.0, 0.0, 0.0)
        for query in isSmall.indices {
            let count = Double(counts[query])
            total += count
            best += count * large[query]
            guard isSmall[query] else { continue }
            sent += count
            lost += count * (large[query] - small[query])
        }
        return (sent / total, 100 * lost / abs(best))
    }

    private func cuts(counts: [UInt32]) -> [Cut] {
        var (total, best) = (0.0, 0.0)
        for query in order {
            total += Double(counts[query])
            best += Double(counts[query]) * large[query]
        }
        var cuts = [Cut(threshold: .infinity, advantage: 0, drop: 0)]
        var (sent, lost) = (0.0, 0.0)
        for (position, query) in order.enumerated() {
            sent += Double(counts[query])
            lost += Double(counts[query]) * (large[query] - small[query])
            let isLastOfTie = position + 1 == order.count || estimates[order[position + 1]] != estimates[query]
            if isLastOfTie {
                cuts.append(Cut(threshold: estimates[query], advantage: sent / total, drop: 100 * lost / abs(best)))
            }
        }
        return cuts
    }

    /// The drop at each of ``advantages``, on the line between neighbouring cuts.
    private static func read(_ cuts: [Cut]) -> [Double] {
        var next = 0
        return advantages.map { advantage in
            while next + 1 < cuts.count, cuts[next].advantage < advantage - 1e-12 { next += 1 }
            let (above, below) = (cuts[next], cuts[max(next - 1, 0)])
            let width = above.advantage - below.advantage
            guard width > 0, advantage < above.advantage else { return above.drop }
            return below.drop + (above.drop - below.drop) * (advantage - below.advantage) / width
        }
    }
}
