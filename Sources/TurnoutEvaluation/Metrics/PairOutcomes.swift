import TurnoutCore

/// What a strong and a weak model scored on the same queries.
public struct PairOutcomes: Sendable {
    /// Scores of the strong model, one for each query.
    public let strong: [Double]
    /// Scores of the weak model, one for each query.
    public let weak: [Double]
    /// Mean score of the strong model.
    public let strongMean: Double
    /// Mean score of the weak model.
    public let weakMean: Double

    /// Takes scores of the same queries in the same order.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for lists of unequal length or scores that are not
    ///   finite, `.insufficientData` when there is no query or the strong model is not better on average: there is no
    ///   gap to recover then.
    public init(strong: [Double], weak: [Double]) throws {
        guard strong.count == weak.count, strong.allSatisfy(\.isFinite), weak.allSatisfy(\.isFinite) else {
            throw TurnoutError(.invalidArgument, "a pair needs one finite score of each model for every query")
        }
        guard !strong.isEmpty else { throw TurnoutError(.insufficientData, "no query has a score of both models") }
        self.strong = strong
        self.weak = weak
        self.strongMean = strong.reduce(0, +) / Double(strong.count)
        self.weakMean = weak.reduce(0, +) / Double(weak.count)
        guard strongMean > weakMean else {
            throw TurnoutError(
                .insufficientData,
                """
                the strong model's mean score is \(strongMean), the weak one's \(weakMean): there is no gap to recover; \
                exchange them, or send everything to the better one
                """)
        }
    }

    /// How many queries.
    public var count: Int { strong.count }

    /// What each query gains by going to the strong model.
    var gaps: [Double] { zip(strong, weak).map { $0 - $1 } }
}
