import Foundation

/// What a query costs in quality when it is sent to the weak model, and the test that keeps its mean in check.
public enum RiskLoss: String, Sendable, Codable, CaseIterable {
    /// 1 when the strong model's score is higher, else 0: the mean is the share of queries that are made worse.
    case harm
    /// By how much the strong model's score is higher, as a share of the scale: the mean is what is lost on average.
    case drop

    /// The loss of one query that goes to the weak model.
    ///
    /// - Parameters:
    ///   - strong: The strong model's score.
    ///   - weak: The weak model's score.
    ///   - width: Greatest possible score minus the least.
    /// - Returns: A number in 0…1. A query on which the weak model is better earns no credit.
    package func value(strong: Double, weak: Double, width: Double) -> Double {
        switch self {
        case .harm: strong > weak ? 1 : 0
        case .drop: min(max(0, strong - weak) / width, 1)
        }
    }

    /// A p-value for the hypothesis that the mean loss exceeds `epsilon`.
    ///
    /// For ``harm`` the exact tail P(Bin(n, ε) <= losses). For ``drop`` the inequality of Hoeffding and Bentkus: the
    /// smaller of exp(-n·h(r, ε)) and e·P(Bin(n, ε) <= ⌈n·r⌉), where r is the mean loss, at most ε, and h the relative
    /// entropy of two coins. Bates et al. 2021, "Distribution-free, risk-controlling prediction sets", section 3.1.
    ///
    /// - Parameters:
    ///   - sum: The summed loss of all `n` queries; those that go to the strong model lose nothing.
    ///   - n: Queries, at least 1.
    ///   - epsilon: The greatest mean loss that is allowed, between 0 and 1.
    /// - Returns: A number in 0…1; a small one speaks against the hypothesis.
    package func pValue(sum: Double, of n: Int, epsilon: Double) -> Double {
        // Sums of many losses may exceed a whole number by rounding alone.
        let count = Int((sum - 1e-9 * max(1, sum)).rounded(.up))
        let tail = Binomial.cumulative(count, of: n, p: epsilon)
        guard self == .drop else { return tail }
        let mean = sum / Double(n)
        guard mean < epsilon else { return 1 }
        return min(exp(-Double(n) * Self.relativeEntropy(mean, epsilon)), M_E * tail, 1)
    }

    /// The least ε that these losses would certify: where the p-value comes down to `delta`.
    package func upperBound(sum: Double, of n: Int, delta: Double) -> Double {
        Binomial.bisection { pValue(sum: sum, of: n, epsilon: $0) <= delta }
    }

    private static func relativeEntropy(_ a: Double, _ b: Double) -> Double {
        (a > 0 ? a * log(a / b) : 0) + (a < 1 ? (1 - a) * log((1 - a) / (1 - b)) : 0)
    }
}
