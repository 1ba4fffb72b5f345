import TurnoutRouting

/// Sums over the queries of a bin of predictions.
struct OutcomePool {
    private(set) var weight = 0.0
    private var squaredWeights = 0.0
    private var predictions = 0.0
    private var sum = 0.0
    private var squares = 0.0

    /// Mean outcome.
    var mean: Double { sum / weight }

    /// Mean prediction.
    var predicted: Double { predictions / weight }

    /// The standard error of the mean outcome.
    var standardError: Double { (max(0, squares / weight - mean * mean) / count).squareRoot() }

    /// How many queries of equal weight would tell as much.
    private var count: Double { weight * weight / squaredWeights }

    /// Cuts queries into bins of equal counts by prediction, equal predictions always in one bin.
    ///
    /// - Parameters:
    ///   - predictions: One for each query; finite.
    ///   - bins: The most bins; fewer when there are not 20 queries for each.
    /// - Returns: The query numbers of each bin, predictions ascending.
    static func bins(of predictions: [Double], most bins: Int) -> [[Int]] {
        let order = predictions.indices.sorted { (predictions[$0], $0) < (predictions[$1], $1) }
        let count = max(1, min(bins, order.count / 20))
        var (result, start) = ([[Int]](), 0)
        for bin in 0..<count {
            var end = max(start, (bin + 1) * order.count / count)
            while end > start, end < order.count, predictions[order[end]] == predictions[order[end - 1]] { end += 1 }
            guard end > start else { continue }
            result.append(Array(order[start..<end]))
            start = end
        }
        return result
    }

    mutating func add(prediction: Double, outcome: Double, weight: Double = 1) {
        self.weight += weight
        squaredWeights += weight * weight
        predictions += weight * prediction
        sum += weight * outcome
        squares += weight * outcome * outcome
    }

    mutating func absorb(_ other: OutcomePool) {
        weight += other.weight
        squaredWeights += other.squaredWeights
        predictions += other.predictions
        sum += other.sum
        squares += other.squares
    }

    /// Mean prediction, and the 95 % interval of the mean outcome: Wilson's for right or wrong, else Student's.
    func bin(isBinary: Bool) -> Reliability.Bin {
        let (low, high) = isBinary ? wilson : student
        return Reliability.Bin(predicted: predicted, low: low, high: high)
    }

    /// Wilson 1927: the score interval of a proportion.
    private var wilson: (Double, Double) {
        let z = 1.959964
        let centre = (count * mean + z * z / 2) / (count + z * z)
        let width = z / (count + z * z) * (count * mean * (1 - mean) + z * z / 4).squareRoot()
        return (max(0, centre - width), min(1, centre + width))
    }

    /// Mean ± t · standard error.
    private var student: (Double, Double) {
        guard count > 1 else { return (mean, mean) }
        let freedom = count - 1
        let variance = max(0, squares / weight - mean * mean) * count / freedom
        let width = StudentT.upperQuantile(degreesOfFreedom: freedom) * (variance / count).squareRoot()
        return (mean - width, mean + width)
    }
}
