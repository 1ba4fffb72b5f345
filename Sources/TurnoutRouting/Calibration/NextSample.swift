import Foundation

/// How many of the next queries a threshold will send to the strong model.
package enum NextSample {
    /// The central 95 % of the share among the next `m` queries, when `k` of `n` calibration queries lay beyond it.
    ///
    /// The share in the long run is beta distributed with parameters `k` and `n - k + 1` for a threshold at the `k`-th
    /// greatest score, and `k + 1` and `n - k` for one just below it; the count among `m` queries is then
    /// beta-binomial. The wider end of both is taken, so that the threshold may lie anywhere in between.
    /// David and Nagaraja 2003, "Order Statistics", section 2.3. It holds for queries that are exchangeable with
    /// the calibration queries and scores without ties.
    ///
    /// - Parameters:
    ///   - k: Calibration queries at or beyond the threshold, 0…`n`.
    ///   - n: Calibration queries, at least 1.
    ///   - m: Queries to come, at least 1.
    /// - Returns: Ends within 0…1.
    /// - Complexity: O(`m`)
    package static func strongShare(_ k: Int, of n: Int, next m: Int) -> (low: Double, high: Double) {
        let low = k == 0 ? 0 : quantile(0.025, of: m, a: k, b: n - k + 1)
        let high = k == n ? m : quantile(0.975, of: m, a: k + 1, b: n - k)
        return (Double(low) / Double(m), Double(high) / Double(m))
    }

    /// The least x with P(X <= x) >= q for the beta-binomial distribution; `a` and `b` at least 1.
    private static func quantile(_ q: Double, of m: Int, a: Int, b: Int) -> Int {
        func logBeta(_ a: Int, _ b: Int) -> Double {
            Binomial.logFactorial(a - 1) + Binomial.logFactorial(b - 1) - Binomial.logFactorial(a + b - 1)
        }
        let whole = logBeta(a, b)
        var sum = 0.0
        for x in 0..<m {
            sum += exp(Binomial.logChoose(m, x) + logBeta(a + x, b + m - x) - whole)
            if sum >= q { return x }
        }
        return m
    }
}
