public import TurnoutRouting

/// Makes reliability curves of out-of-fold predictions.
public enum ReliabilityCurve {
    /// Bins of equal counts, merged until outcomes ascend, with 95 % intervals for the mean outcome of each.
    ///
    /// The intervals are Wilson's where outcomes are right or wrong and Student's where they are graded. Neighbours
    /// that are out of order are pooled (Ayer et al. 1955), so that a higher estimate never promises less.
    ///
    /// - Parameters:
    ///   - predictions: One for each query, made without it; finite.
    ///   - outcomes: What came true; finite.
    ///   - weights: What each query counts for, positive; the same for all when left out. The intervals are those of
    ///     the effective count (Σw)² / Σw² (Kish 1965).
    ///   - bins: The most bins; fewer when there are not 20 queries for each.
    /// - Returns: `nil` when there is no query.
    public static func make(
        predictions: [Double], outcomes: [Double], weights: [Double]? = nil, bins: Int = 20
    ) -> Reliability? {
        precondition(
            predictions.count == outcomes.count, "\(predictions.count) predictions for \(outcomes.count) outcomes")
        guard !predictions.isEmpty else { return nil }
        var pools: [OutcomePool] = []
        for queries in OutcomePool.bins(of: predictions, most: bins) {
            var pool = OutcomePool()
            for query in queries {
                pool.add(prediction: predictions[query], outcome: outcomes[query], weight: weights?[query] ?? 1)
            }
            while let last = pools.last, last.mean >= pool.mean {
                pool.absorb(last)
                pools.removeLast()
            }
            pools.append(pool)
        }
        let isBinary = outcomes.allSatisfy { $0 == 0 || $0 == 1 }
        return Reliability(bins: pools.map { $0.bin(isBinary: isBinary) })
    }
}
