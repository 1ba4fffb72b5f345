public import TurnoutCore

/// How a router's scores lie on the user's own queries: what `strong_share` reads its threshold from.
///
/// Without it the shares are those of the queries that the router was trained on. Stored in the artifact's card.
public struct ScoreCalibration: Sendable, Codable, Equatable {
    /// The files that the queries came from.
    public var sources: [ArtifactCard.Source]
    /// How many queries there were.
    public var n: Int
    /// The pair whose scores these are, weak and strong; empty when the router's score is the same for all candidates.
    public var pair: [ModelID]
    /// Scores at evenly spaced quantiles from the least to the greatest, ascending; at least two.
    public var quantiles: [Double]

    /// The most quantiles that are kept.
    static let most = 501

    /// Summarises scores.
    ///
    /// - Parameters:
    ///   - scores: One for each query, in any order; finite.
    ///   - sources: The files that the queries came from.
    ///   - pair: The weak and the strong candidate; empty when the score does not depend on them.
    /// - Throws: ``TurnoutError`` with code `.insufficientData` for fewer than two scores.
    /// - Complexity: O(n log n)
    public init(scores: [Double], sources: [ArtifactCard.Source], pair: [ModelID]) throws {
        guard scores.count >= 2 else {
            throw TurnoutError(
                .insufficientData, "\(scores.count) queries: quantiles need at least two, and useful ones some hundreds"
            )
        }
        let sorted = scores.sorted()
        self.sources = sources
        self.n = scores.count
        self.pair = pair
        self.quantiles =
            scores.count <= Self.most
            ? sorted
            : (0..<Self.most).map { Quantiles.value(at: Double($0) / Double(Self.most - 1), in: sorted) }
    }

    /// The scores for these candidates, ascending; `nil` when they are of another pair, or cannot be used.
    func referenceScores(for candidates: [ModelID]) -> [Double]? {
        guard pair.isEmpty || pair == [candidates.first, candidates.last].compactMap({ $0 }), quantiles.count >= 2
        else { return nil }
        return quantiles
    }
}
