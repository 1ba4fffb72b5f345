import Foundation

/// Exact probabilities of the binomial distribution, and the intervals that follow from them.
package enum Binomial {
    /// P(X <= k) for X ~ Bin(n, p).
    ///
    /// The terms on the thinner side of `k` are summed from `k` outwards, each made from the one before.
    ///
    /// - Parameters:
    ///   - k: Any whole number.
    ///   - n: Trials, at least 0.
    ///   - p: Probability of success, 0…1.
    /// - Returns: A probability; the relative error of small ones is below 1e-9 for `n` up to a million.
    /// - Complexity: O(√`n`)
    package static func cumulative(_ k: Int, of n: Int, p: Double) -> Double {
        guard k >= 0, p < 1 else { return k >= n ? 1 : 0 }
        guard k < n, p > 0 else { return 1 }
        let odds = p / (1 - p)
        if Double(k) <= Double(n) * p {
            var (term, sum) = (probability(k, of: n, p: p), 0.0)
            for i in stride(from: k, through: 0, by: -1) {
                sum += term
                guard term > sum * 1e-17 else { break }
                term *= Double(i) / (Double(n - i + 1) * odds)
            }
            return min(sum, 1)
        }
        var (term, sum) = (probability(k + 1, of: n, p: p), 0.0)
        for i in (k + 1)...n {
            sum += term
            guard term > sum * 1e-17 else { break }
            term *= Double(n - i) / Double(i + 1) * odds
        }
        return max(1 - sum, 0)
    }

    /// The exact interval for a proportion: Clopper and Pearson 1934.
    ///
    /// It is also the interval for the share of future queries beyond a threshold that was put at a fixed rank of `n`
    /// calibration scores: those shares are beta distributed, and the ends are the quantiles of that distribution.
    ///
    /// - Parameters:
    ///   - k: Successes, 0…`n`.
    ///   - n: Trials, at least 1.
    ///   - confidence: Such as 0.95.
    /// - Returns: Ends within 0…1.
    package static func interval(_ k: Int, of n: Int, confidence: Double = 0.95) -> (low: Double, high: Double) {
        let tail = (1 - confidence) / 2
        return (1 - upperBound(n - k, of: n, delta: tail), upperBound(k, of: n, delta: tail))
    }

    /// The least p at which `k` successes or fewer have a probability of at most `delta`.
    package static func upperBound(_ k: Int, of n: Int, delta: Double) -> Double {
        guard k < n else { return 1 }
        return bisection { cumulative(k, of: n, p: $0) <= delta }
    }

    /// The least x in 0…1 from which on a condition holds, to the last bit but a few.
    static func bisection(_ holds: (Double) -> Bool) -> Double {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle }
        }
        return high
    }

    /// P(X = k), 0 < p < 1.
    private static func probability(_ k: Int, of n: Int, p: Double) -> Double {
        exp(logChoose(n, k) + Double(k) * log(p) + Double(n - k) * log1p(-p))
    }

    static func logChoose(_ n: Int, _ k: Int) -> Double {
        logFactorial(n) - logFactorial(k) - logFactorial(n - k)
    }

    /// ln n!, by Stirling's series from 16 on.
    static func logFactorial(_ n: Int) -> Double {
        guard n >= 16 else { return (1...max(n, 1)).reduce(0) { $0 + log(Double($1)) } }
        let x = Double(n)
        let inverse = 1 / (x * x)
        let series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x
        return x * log(x) - x + 0.5 * log(2 * Double.pi * x) + series
    }
}
