import Foundation

/// What is believed of the quality of one model's answer to one query: a normal distribution.
public struct QualityBelief: Sendable, Equatable {
    /// The expected quality.
    public var mean: Double
    /// The standard deviation, not negative; 0 where the quality is known.
    public var deviation: Double

    /// Sets mean and deviation.
    public init(mean: Double, deviation: Double = 0) {
        self.mean = mean
        self.deviation = deviation
    }

    /// The belief in an answer that is right with a known chance: the moments of a coin.
    ///
    /// - Parameter chance: 0 to 1; what lies outside counts as the nearer end.
    /// - Returns: Mean p and deviation √(p (1 − p)).
    public static func right(withChance chance: Double) -> QualityBelief {
        let p = min(max(chance, 0), 1)
        return QualityBelief(mean: p, deviation: (p * (1 - p)).squareRoot())
    }
}

/// The expected quality of the best of several answers.
///
/// E[max] = c + ∫ (1 − Π Φ((x − μᵢ) / σᵢ)) dx from c up, c being the greatest quality that is known for certain, or a
/// point below which no answer can be. The distribution functions are tabled once, so that each set of answers costs a
/// product along the table. Beliefs are taken as independent. Dekoninck et al. 2024, "A Unified Approach to Routing and
/// Cascading for LLMs", section 4.
struct ExpectedMaximum {
    private let beliefs: [QualityBelief]
    private let start: Double
    private let step: Double
    /// One row for each belief with a deviation, `points` numbers each; empty for the others.
    private let table: [[Double]]

    private static let points = 129
    /// Where a normal distribution is as good as over.
    private static let reach = 8.0

    init(_ beliefs: [QualityBelief]) {
        self.beliefs = beliefs
        let low = beliefs.map { $0.mean - Self.reach * $0.deviation }.min() ?? 0
        let high = beliefs.map { $0.mean + Self.reach * $0.deviation }.max() ?? 0
        let step = (high - low) / Double(Self.points - 1)
        (self.start, self.step) = (low, step)
        self.table = beliefs.map { belief in
            guard belief.deviation > 0 else { return [] }
            return (0..<Self.points).map { point in
                0.5 * erfc((belief.mean - low - Double(point) * step) / (belief.deviation * 2.0.squareRoot()))
            }
        }
    }

    /// The expected quality of the best answer of some models; at least one.
    ///
    /// - Complexity: O(`models.count`)
    func of(_ models: [Int]) -> Double {
        let known = models.filter { table[$0].isEmpty }.map { beliefs[$0].mean }.max()
        let uncertain = models.filter { !table[$0].isEmpty }
        let floor = known ?? start
        guard !uncertain.isEmpty else { return floor }
        var survival = [Double](repeating: 1, count: Self.points)
        for model in uncertain {
            for point in 0..<Self.points { survival[point] *= table[model][point] }
        }
        for point in 0..<Self.points { survival[point] = 1 - survival[point] }
        return floor + integral(of: survival, from: floor)
    }

    /// The trapezoid rule from `lower` on, the cell in which it lies cut in proportion.
    private func integral(of values: [Double], from lower: Double) -> Double {
        let position = (lower - start) / step
        var total = 0.0
        for cell in 0..<Self.points - 1 where Double(cell + 1) > position {
            let from = max(position - Double(cell), 0)
            let left = values[cell] + (values[cell + 1] - values[cell]) * from
            total += (left + values[cell + 1]) / 2 * (1 - from) * step
        }
        return total
    }
}
