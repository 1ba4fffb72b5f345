import TurnoutRouting

/// The threshold beyond which a share of queries lies, and how far other samples of them stray from it.
public enum StrongShareThreshold {
    /// The threshold that the policy `strong_share` would use on these scores.
    ///
    /// - Parameters:
    ///   - share: The share of queries for the strong model, 0…1.
    ///   - scores: One for each query, in any order; at least one.
    /// - Returns: A score within 0…1; 1 for a share of 0, 0 for a share of 1.
    /// - Complexity: O(n log n)
    public static func value(share: Double, scores: [Double]) -> Double {
        switch share {
        case 0: 1
        case 1: 0
        default: Quantiles.value(at: 1 - share, in: scores.sorted())
        }
    }

    /// The exact 95 % interval for the share of traffic beyond a threshold with `count` of `n` queries beyond it.
    ///
    /// - Parameters:
    ///   - count: Queries at or beyond the threshold.
    ///   - n: Queries, at least 1.
    ///   - next: How many queries to come the interval is for; `nil` for the long run.
    /// - Returns: Ends within 0…1.
    public static func interval(_ count: Int, of n: Int, next: Int? = nil) -> (low: Double, high: Double) {
        next.map { NextSample.strongShare(count, of: n, next: $0) } ?? Binomial.interval(count, of: n)
    }
}
