public import TurnoutCore
public import TurnoutRouting

/// Calibration queries with what each would lose on the weak model.
public struct CertificationData: Sendable {
    /// The rows that have a score of both models.
    public let rows: [OutcomeRow]
    /// What each row loses when it goes to the weak model, 0…1.
    public let losses: [Double]
    /// Rows without a score of one of the models.
    public let incomplete: Int
    /// Rows that were left out because the router has seen their prompts.
    public let seen: Int

    /// Takes the rows that the test can use; battles of the two models count as scores of 1, ½ and 0.
    ///
    /// - Parameters:
    ///   - table: The calibration queries.
    ///   - weak: The weak model.
    ///   - strong: The strong model.
    ///   - loss: What is counted as a loss.
    ///   - scale: The least and the greatest score that an answer can get; losses are shares of its width.
    ///   - seenPrompts: Normalised prompts that the router was trained on; rows with one of them are left out.
    /// - Throws: ``TurnoutError``: `.invalidArgument` for a model that no row has a score of, `.insufficientData` when
    ///   no row is left, `.invalidData` for a score outside the scale.
    public init(
        _ table: OutcomeTable, weak: ModelID, strong: ModelID, loss: RiskLoss, scale: ClosedRange<Double> = 0...1,
        seenPrompts: Set<String> = []
    ) throws {
        let table = table.scoringBattles(among: [weak, strong])
        for model in [weak, strong] where !table.rows.contains(where: { $0.scores[model] != nil }) {
            let known = table.models.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
            throw TurnoutError(
                .invalidArgument,
                "no row has a score of '\(model)'; the data has \(known.isEmpty ? "no scores" : known)")
        }
        let complete = table.rows.filter { $0.scores[weak] != nil && $0.scores[strong] != nil }
        let unseen =
            seenPrompts.isEmpty
            ? complete : complete.filter { !seenPrompts.contains(TextIdentity.normalised($0.prompt)) }
        self.rows = unseen
        self.incomplete = table.rows.count - complete.count
        self.seen = complete.count - unseen.count
        guard !unseen.isEmpty else {
            throw TurnoutError(
                .insufficientData,
                complete.isEmpty
                    ? "no row has scores of both '\(weak)' and '\(strong)'"
                    : "the router has seen all \(complete.count) prompts; a certificate needs prompts that it has not seen"
            )
        }
        self.losses = try unseen.map { row in
            let (low, high) = (row.scores[weak] ?? 0, row.scores[strong] ?? 0)
            guard loss == .harm || (scale.contains(low) && scale.contains(high)) else {
                throw TurnoutError(
                    .invalidData,
                    """
                    \(row.place): a score lies outside \(scale.lowerBound) to \(scale.upperBound); say which scores are \
                    possible with --score-range LOW,HIGH, or count harmed queries with --loss harm
                    """)
            }
            return loss.value(strong: high, weak: low, width: scale.upperBound - scale.lowerBound)
        }
    }
}
