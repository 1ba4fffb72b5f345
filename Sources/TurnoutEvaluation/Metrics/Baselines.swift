import Foundation
import TurnoutNumerics

/// Scores of routers that know nothing, or everything, to stand beside a trained one.
public enum Baselines {
    /// Uniform random scores; their APGR is ½ but for chance.
    public static func random(count: Int, seed: UInt64) -> [Double] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in random.uniform() }
    }

    /// The logarithm of one plus the number of characters: longer prompts to the strong model.
    public static func length(of prompts: [String]) -> [Double] {
        prompts.map { log(1 + Double($0.unicodeScalars.count)) }
    }

    /// What each query gains by going to the strong model: the best order there is, known only afterwards.
    public static func oracle(_ outcomes: PairOutcomes) -> [Double] { outcomes.gaps }

    /// The standard deviation of a random router's APGR: √(Var(gap) / 12 n) / mean gap.
    public static func randomDeviation(_ outcomes: PairOutcomes) -> Double {
        let gaps = outcomes.gaps
        let count = Double(gaps.count)
        let mean = gaps.reduce(0, +) / count
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        return (variance / (12 * count)).squareRoot() / mean
    }
}
