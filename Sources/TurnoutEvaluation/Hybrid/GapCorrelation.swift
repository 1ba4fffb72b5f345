/// How alike two pairs of models are: the correlation of their quality gaps over the same queries.
///
/// A router trained on one pair can serve another only where the gaps go together (Ding et al. 2024, "Hybrid LLM": at
/// r = .76 it kept its promise).
public struct GapCorrelation: Sendable, Equatable {
    /// Below this, a router of one pair should not be used on the other.
    public static let least = 0.7

    /// Pearson's r with its 95 % bootstrap interval.
    public let interval: Interval
    /// Queries that have scores of all models.
    public let count: Int

    /// Whether r is below ``least``.
    public var isWeak: Bool { !(interval.value >= Self.least) }

    /// Correlates.
    ///
    /// - Parameters:
    ///   - first: The gap of the first pair on each query.
    ///   - second: That of the second pair on the same queries.
    ///   - resamples: Bootstrap resamples behind the interval.
    ///   - seed: Where random numbers start.
    ///   - threads: The most threads to use.
    /// - Complexity: O(resamples · queries)
    public init(_ first: [Double], _ second: [Double], resamples: Int = 1000, seed: UInt64 = 0, threads: Int = 1) {
        precondition(first.count == second.count, "gaps of \(first.count) and \(second.count) queries")
        let resampling = Resampling(resamples: resamples, seed: seed, clusters: nil, threads: threads)
        let drawn = resampling.map(count: first.count) { Self.correlation(first, second, counts: $0) }
        let whole = Self.correlation(first, second, counts: [UInt32](repeating: 1, count: first.count))
        self.interval = Percentiles.interval(of: drawn, around: whole)
        self.count = first.count
    }

    /// Not a number where one of them does not vary.
    static func correlation(_ x: [Double], _ y: [Double], counts: [UInt32]) -> Double {
        let total = counts.reduce(0.0) { $0 + Double($1) }
        var (mx, my) = (0.0, 0.0)
        for i in x.indices {
            mx += Double(counts[i]) * x[i] / total
            my += Double(counts[i]) * y[i] / total
        }
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for i in x.indices {
            let (dx, dy, weight) = (x[i] - mx, y[i] - my, Double(counts[i]))
            xx += weight * dx * dx
            yy += weight * dy * dy
            xy += weight * dx * dy
        }
        return xy / (xx * yy).squareRoot()
    }
}
