/// Finds the highest threshold whose mean loss is proved to be at most ε, with probability 1 − δ.
///
/// Angelopoulos et al. 2021, "Learn then Test", section 2: thresholds are tested in an order that was fixed before
/// any label was seen, here from all queries strong to all weak. Each is accepted while its p-value is at most δ;
/// the first failure ends the sequence (fixed-sequence testing, which costs no correction for the many thresholds).
/// A threshold that breaks the promise is then accepted with a probability of at most δ, if the queries to come are
/// exchangeable with the calibration queries.
package struct LearnThenTest: Sendable {
    /// The greatest mean loss that is allowed, between 0 and 1.
    package var epsilon: Double
    /// The probability that the promise may be broken, between 0 and 1.
    package var delta: Double
    /// What is lost, and how it is tested.
    package var loss: RiskLoss

    /// Sets the promise.
    package init(epsilon: Double, delta: Double, loss: RiskLoss) {
        self.epsilon = epsilon
        self.delta = delta
        self.loss = loss
    }

    /// The last threshold of the sequence that is accepted.
    ///
    /// - Parameters:
    ///   - curve: The losses of the calibration queries.
    ///   - thresholds: Ascending, chosen without looking at any loss.
    /// - Returns: A position in `thresholds`; `nil` when even the first is not accepted.
    /// - Complexity: O(`thresholds.count` · log n + distinct sums · √n)
    package func lastAccepted(_ curve: RiskCurve, thresholds: [Double]) -> Int? {
        var last: Int?
        var accepted = -1.0  // the sum that was tested last; most thresholds lose no more than the one before
        for (position, threshold) in thresholds.enumerated() {
            let sum = curve.lossSum(below: threshold)
            guard sum == accepted || loss.pValue(sum: sum, of: curve.count, epsilon: epsilon) <= delta else { break }
            accepted = sum
            last = position
        }
        return last
    }

    /// The fewest queries that could certify anything: none of them may lose.
    ///
    /// ⌈ln δ / ln(1 − ε)⌉; 59 for 5 % at 95 % confidence, 299 for 1 %.
    package var fewestQueries: Int {
        var n = 1
        while loss.pValue(sum: 0, of: n, epsilon: epsilon) > delta { n *= 2 }
        var low = n / 2
        while n - low > 1 {
            let middle = (n + low) / 2
            if loss.pValue(sum: 0, of: middle, epsilon: epsilon) > delta { low = middle } else { n = middle }
        }
        return n
    }

    /// The thresholds that are tested: the distinct reference scores of a router, and 1, above which nothing lies.
    package static func thresholds(referenceScores: [Double]) -> [Double] {
        var thresholds: [Double] = []
        for score in referenceScores.sorted() + [1] where score <= 1 && score != thresholds.last {
            thresholds.append(score)
        }
        return thresholds
    }
}

/// The summed loss of the queries that a threshold sends to the weak model, for any threshold.
package struct RiskCurve: Sendable {
    private let scores: [Double]
    /// Summed losses of the queries with the least scores; one more than there are queries.
    private let sums: [Double]

    /// Sorts queries by score.
    ///
    /// - Parameters:
    ///   - scores: One for each query; not NaN.
    ///   - losses: What each loses on the weak model, 0…1.
    /// - Complexity: O(n log n)
    package init(scores: [Double], losses: [Double]) {
        precondition(scores.count == losses.count, "\(scores.count) scores for \(losses.count) losses")
        let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
        self.scores = order.map { scores[$0] }
        var sums = [0.0]
        sums.reserveCapacity(order.count + 1)
        for query in order { sums.append(sums[sums.count - 1] + losses[query]) }
        self.sums = sums
    }

    /// How many queries.
    package var count: Int { scores.count }

    /// How many queries a threshold sends to the weak model; those with equal scores stay together.
    package func weakCount(below threshold: Double) -> Int {
        var (low, high) = (0, scores.count)
        while low < high {
            let middle = (low + high) / 2
            if scores[middle] < threshold { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// What those queries lose together.
    package func lossSum(below threshold: Double) -> Double { sums[weakCount(below: threshold)] }

    /// The share of queries that a threshold sends to the weak model.
    package func weakShare(below threshold: Double) -> Double {
        Double(weakCount(below: threshold)) / Double(max(count, 1))
    }

    /// The mean loss over all queries, those that go to the strong model included.
    package func meanLoss(below threshold: Double) -> Double {
        lossSum(below: threshold) / Double(max(count, 1))
    }
}
