import TurnoutRouting

/// Whether estimates mean what they say: in bins of equal counts, the mean estimate beside the mean outcome.
public struct CalibrationTable: Sendable, Equatable {
    /// Queries with estimates that are near each other.
    public struct Bin: Sendable, Equatable {
        /// How many queries.
        public let count: Int
        /// Their mean estimate.
        public let predicted: Double
        /// Their mean outcome, with Wilson's interval for right or wrong and Student's for grades.
        public let observed: Interval
    }

    /// Bins, estimates ascending.
    public let bins: [Bin]
    /// What the expected error would come to by chance, were each estimate exactly right.
    public let errorByChance: Double
    /// The bin of each query.
    let binOfQuery: [Int]

    /// Makes bins.
    ///
    /// - Parameters:
    ///   - predictions: One for each query, made without it; finite.
    ///   - outcomes: What came true; finite.
    ///   - most: The most bins; fewer when there are not 20 queries for each.
    /// - Complexity: O(n log n)
    public init(predictions: [Double], outcomes: [Double], most: Int = 10) {
        let isBinary = outcomes.allSatisfy { $0 == 0 || $0 == 1 }
        var binOfQuery = [Int](repeating: 0, count: predictions.count)
        var (bins, byChance) = ([Bin](), 0.0)
        for queries in OutcomePool.bins(of: predictions, most: most) {
            var pool = OutcomePool()
            for query in queries {
                pool.add(prediction: predictions[query], outcome: outcomes[query])
                binOfQuery[query] = bins.count
            }
            let ends = pool.bin(isBinary: isBinary)
            bins.append(
                Bin(
                    count: queries.count, predicted: pool.predicted,
                    observed: Interval(value: pool.mean, low: ends.low, high: ends.high)))
            // The mean absolute value of a normal variable is √(2 / π) of its deviation.
            byChance += Double(queries.count) * (2 / Double.pi).squareRoot() * pool.standardError
        }
        self.bins = bins
        self.errorByChance = byChance / Double(max(predictions.count, 1))
        self.binOfQuery = binOfQuery
    }

    /// ECE, the expected calibration error: |mean estimate - mean outcome| over the bins, weighted by their counts.
    ///
    /// Guo et al. 2017, "On calibration of modern neural networks", section 2, with bins of equal counts.
    public var expectedError: Double {
        let total = bins.reduce(0) { $0 + $1.count }
        return bins.reduce(0) { $0 + Double($1.count) * abs($1.predicted - $1.observed.value) } / Double(max(total, 1))
    }

    /// The same when query `q` stands `counts[q]` times in the data; `residuals` are estimates minus outcomes.
    func expectedError(residuals: [Double], counts: [UInt32]) -> Double {
        var sums = [Double](repeating: 0, count: bins.count)
        var total = 0.0
        for (query, residual) in residuals.enumerated() {
            let count = Double(counts[query])
            sums[binOfQuery[query]] += count * residual
            total += count
        }
        return sums.reduce(0) { $0 + abs($1) } / max(total, 1)
    }
}
