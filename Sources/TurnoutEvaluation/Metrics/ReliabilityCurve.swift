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
        let order = predictions.indices.sorted { (predictions[$0], $0) < (predictions[$1], $1) }
        let count = max(1, min(bins, order.count / 20))
        var pools: [Pool] = []
        var start = 0
        for bin in 0..<count {
            // Equal predictions belong to one bin, however many they are.
            var end = max(start, (bin + 1) * order.count / count)
            while end > start, end < order.count, predictions[order[end]] == predictions[order[end - 1]] { end += 1 }
            guard end > start else { continue }
            var pool = Pool()
            for query in order[start..<end] {
                pool.add(prediction: predictions[query], outcome: outcomes[query], weight: weights?[query] ?? 1)
            }
            start = end
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

/// Sums over the queries of a bin.
private struct Pool {
    private var weight = 0.0
    private var squaredWeights = 0.0
    private var predicted = 0.0
    private var sum = 0.0
    private var squares = 0.0

    var mean: Double { sum / weight }

    /// How many queries of equal weight would tell as much.
    private var count: Double { weight * weight / squaredWeights }

    mutating func add(prediction: Double, outcome: Double, weight: Double) {
        self.weight += weight
        squaredWeights += weight * weight
        predicted += weight * prediction
        sum += weight * outcome
        squares += weight * outcome * outcome
    }

    mutating func absorb(_ other: Pool) {
        weight += other.weight
        squaredWeights += other.squaredWeights
        predicted += other.predicted
        sum += other.sum
        squares += other.squares
    }

    func bin(isBinary: Bool) -> Reliability.Bin {
        let (low, high) = isBinary ? wilson : student
        return Reliability.Bin(predicted: predicted / weight, low: low, high: high)
    }

    /// Wilson 1927: the score interval of a proportion.
    private var wilson: (Double, Double) {
        let z = 1.959964
        let centre = (count * mean + z * z / 2) / (count + z * z)
        let width = z / (count + z * z) * (count * mean * (1 - mean) + z * z / 4).squareRoot()
        return (max(0, centre - width), min(1, centre + width))
    }

    /// Mean ± t · standard error; the quantile of t by its expansion in 1 / degrees of freedom.
    private var student: (Double, Double) {
        guard count > 1 else { return (mean, mean) }
        let freedom = count - 1
        let t =
            1.959964 + 2.372271 / freedom + 2.822502 / (freedom * freedom) + 2.555852 / (freedom * freedom * freedom)
        let variance = max(0, squares / weight - mean * mean) * count / freedom
        let width = t * (variance / count).squareRoot()
        return (mean - width, mean + width)
    }
}
