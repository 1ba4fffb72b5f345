import TurnoutCore

/// How estimates become a choice: the user's wish, apart from what any router believes.
public enum Policy: Sendable, Equatable {
    /// The strongest candidate answers iff the score is at least this; 0…1.
    ///
    /// RouteLLM's alpha: Ong et al. 2024, section 3. The score is a ranking, not a price; the same threshold
    /// means different shares under different routers.
    case threshold(Double)

    /// The strongest candidate answers this share of queries, the hardest ones; 0…1.
    ///
    /// The threshold is the quantile `1 - share` of the router's reference scores, so the share holds for traffic
    /// like that which the router was trained on. 0 and 1 are exact on any traffic.
    case strongShare(Double)

    /// What a route does that names no policy.
    public static let `default` = Policy.strongShare(0.5)

    /// Refuses a parameter outside 0…1.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    public func validate() throws {
        let (name, value) =
            switch self {
            case .threshold(let value): ("threshold", value)
            case .strongShare(let value): ("strong_share", value)
            }
        guard value >= 0, value <= 1 else {
            throw TurnoutError(.invalidArgument, "\(name) is \(value), but must lie between 0 and 1")
        }
    }

    /// Where the ladder of candidates is cut: candidate `k` answers scores from `cuts[k - 1]` up to `cuts[k]`.
    ///
    /// The last cut guards the strongest candidate; the scores below it are shared out evenly among the others,
    /// by score for a threshold and by traffic for a share.
    ///
    /// - Parameters:
    ///   - candidateCount: At least one.
    ///   - referenceScores: Ascending; read by ``strongShare(_:)`` only.
    /// - Returns: `candidateCount - 1` ascending scores; ±infinity where a candidate answers all or nothing.
    func cuts(candidateCount: Int, referenceScores: [Double]) -> [Double] {
        let steps = (1..<max(candidateCount, 1)).map { Double($0) / Double(candidateCount - 1) }
        switch self {
        case .threshold(let threshold):
            return steps.map { threshold * $0 }
        case .strongShare(0):
            return lowerCuts(steps, upTo: 1, referenceScores) + (steps.isEmpty ? [] : [.infinity])
        case .strongShare(1):
            return steps.map { _ in -.infinity }
        case .strongShare(let share):
            return steps.map { Quantiles.value(at: (1 - share) * $0, in: referenceScores) }
        }
    }

    private func lowerCuts(_ steps: [Double], upTo share: Double, _ referenceScores: [Double]) -> [Double] {
        steps.dropLast().map { Quantiles.value(at: share * $0, in: referenceScores) }
    }
}

extension Policy: CustomStringConvertible {
    /// The policy as it would stand in a configuration file.
    public var description: String {
        switch self {
        case .threshold(let value): "threshold: \(value)"
        case .strongShare(let value): "strong_share: \(value)"
        }
    }
}
