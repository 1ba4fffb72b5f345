import Foundation
import TurnoutNumerics

/// A verifier that does not exist: it sees the true score through noise, and knows how noisy it is.
///
/// It stands in for a judge when there are outcomes but no judgements, and shows how good a judge would have to be. What
/// it sees is v = score + N(0, σ²), with σ such that it tells right from wrong with the wanted AUC; what it says is the
/// chance of a right answer given v and the router's estimate, by Bayes' rule.
public struct SimulatedVerifier: Sendable {
    private let deviation: Double
    private let seed: UInt64

    /// - Parameters:
    ///   - auc: The chance that a right answer looks better than a wrong one; above ½ and below 1.
    ///   - seed: Where random numbers start.
    public init(auc: Double, seed: UInt64) {
        precondition(auc > 0.5 && auc < 1, "an AUC of \(auc) is that of no useful or of a perfect verifier")
        // v of right less v of wrong is N(1, 2σ²), so that AUC = Φ(1 / (σ√2)).
        self.deviation = 1 / (Self.normalQuantile(auc) * 2.0.squareRoot())
        self.seed = seed
    }

    /// What it says of every answer; shape `[queries][models]`, 0 to 1.
    public func verdicts(scores: [[Double]], estimates: [[Double]]) -> [[Double]] {
        var random = SeededRandom(seed: seed)
        return zip(scores, estimates).map { scores, estimates in
            zip(scores, estimates).map { score, estimate in
                let seen = score + deviation * Self.normal(&random)
                let prior = min(max(estimate, 1e-6), 1 - 1e-6)
                // log φ((v − 1)/σ) − log φ(v/σ) = (v − ½)/σ²
                let odds = prior / (1 - prior) * exp((seen - 0.5) / (deviation * deviation))
                return odds.isFinite ? odds / (1 + odds) : 1
            }
        }
    }

    /// Box and Muller 1958.
    private static func normal(_ random: inout SeededRandom) -> Double {
        let radius = (-2 * log(1 - random.uniform())).squareRoot()
        return radius * cos(2 * Double.pi * random.uniform())
    }

    /// Bisection of Φ; far more exact than an AUC is known.
    private static func normalQuantile(_ p: Double) -> Double {
        var (low, high) = (0.0, 9.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if 0.5 * erfc(-middle / 2.0.squareRoot()) < p { low = middle } else { high = middle }
        }
        return low
    }
}
