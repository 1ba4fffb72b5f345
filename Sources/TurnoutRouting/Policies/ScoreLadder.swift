/// The rule of `threshold` and `strong_share`: candidates form a ladder, and the score of a query picks the rung.
///
/// Ong et al. 2024, "RouteLLM", section 3: strong iff P(strong wins) ≥ α. With more than two candidates the last cut
/// guards the strongest, and what lies below is shared out evenly among the others.
struct ScoreLadder: Sendable {
    /// How the cuts are found.
    enum Kind: Sendable {
        /// At shares of this score.
        case threshold(Double)
        /// At quantiles of the reference scores.
        case strongShare(Double)
    }

    let kind: Kind
    let candidateCount: Int
    /// Ascending, at least two.
    let referenceScores: [Double]

    /// The lowest score that candidate `index` answers; ±infinity where a candidate answers all or nothing.
    ///
    /// - Parameters:
    ///   - index: 1 to the number of candidates less 1.
    ///   - correction: Added to the share.
    /// - Returns: The score.
    func cut(below index: Int, correction: Double) -> Double {
        let step = Double(index) / Double(candidateCount - 1)
        switch kind {
        case .threshold(let threshold):
            return threshold * step
        case .strongShare(let wanted):
            // Exact ends: no score, however far from the reference, goes the other way.
            let share = wanted == 0 || wanted == 1 ? wanted : wanted + correction
            if share >= 1 { return -.infinity }
            if share <= 0, index == candidateCount - 1 { return .infinity }
            return Quantiles.value(at: (1 - max(share, 0)) * step, in: referenceScores)
        }
    }

    /// All cuts, ascending; one fewer than there are candidates.
    func cuts(correction: Double) -> [Double] {
        (1..<max(candidateCount, 1)).map { cut(below: $0, correction: correction) }
    }

    /// The rung of a score.
    static func rung(of score: Double, cuts: [Double]) -> Int { cuts.reduce(0) { score >= $1 ? $0 + 1 : $0 } }

    /// What each candidate is worth when `rung` is the choice: 0 for it, less the farther away, the stronger of two
    /// equally near ones before the weaker.
    static func merits(rung: Int, candidateCount: Int) -> [Double] {
        (0..<candidateCount).map { index in
            index >= rung ? -Double(index - rung) : -Double(rung - index) - 0.5
        }
    }
}
