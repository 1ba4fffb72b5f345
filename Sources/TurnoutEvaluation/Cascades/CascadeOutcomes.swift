public import TurnoutCore

/// Rows of a data file as a cascade sees them: costs, estimates and verdicts put together.
public struct CascadeOutcomes: Sendable {
    private let models: [ModelID]
    private let costs: [Double]
    private let scores, estimates, verdicts: [[Double]]
    private let clusters: [Int]?
    /// Whether the verdicts were made up, because the data have none.
    public let isSimulated: Bool

    /// Takes the rows that have a score of every model.
    ///
    /// - Parameters:
    ///   - rows: Outcomes.
    ///   - models: The models.
    ///   - estimates: A router's, made without the row; shape `[models][rows]`.
    ///   - costs: What a call costs; the mean over the rows counts.
    ///   - verifierAUC: How good the verifier is that is simulated unless every row has a verdict on every model.
    ///   - seed: Where random numbers start.
    ///   - keepsGroupsTogether: Whether rows of one group are drawn together in intervals.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for a cost of no model, and as ``RequestCosts`` and
    ///   ``Clusters`` do.
    public init(
        rows: [OutcomeRow], models: [ModelID], estimates: [[Double]], costs: RequestCosts, verifierAUC: Double,
        seed: UInt64, keepsGroupsTogether: Bool = false
    ) throws {
        let named = Set(costs.flat.keys).union(costs.prices.keys)
        if let stranger = named.sorted().first(where: { !models.contains($0) }) {
            throw TurnoutError(
                .invalidArgument,
                "a cost is given for '\(stranger)', but the models are \(models.map(\.name).joined(separator: ", "))")
        }
        let whole = rows.indices.filter { row in models.allSatisfy { rows[row].scores[$0] != nil } }
        func table(_ value: (OutcomeRow) -> [ModelID: Double]) -> [[Double]] {
            whole.map { row in models.map { value(rows[row])[$0, default: 0] } }
        }
        self.models = models
        self.costs = try models.map { model in
            let dollars = try whole.map { try costs.dollars(for: rows[$0], on: model) }
            return dollars.reduce(0, +) / Double(max(dollars.count, 1))
        }
        self.clusters = keepsGroupsTogether ? try Clusters.numbers(of: whole.map { rows[$0] }) : nil
        self.scores = table(\.scores)
        let guesses = whole.map { row in estimates.map { min(max($0[row], 0), 1) } }
        self.estimates = guesses
        self.isSimulated = !whole.allSatisfy { row in models.allSatisfy { rows[row].verdicts[$0] != nil } }
        self.verdicts =
            isSimulated
            ? SimulatedVerifier(auc: verifierAUC, seed: seed).verdicts(scores: scores, estimates: guesses)
            : table(\.verdicts)
    }

    /// What a cascade of these models would know and get.
    ///
    /// - Throws: ``TurnoutError`` as ``CascadeData`` does.
    public func data(verifyCost: Double) throws -> CascadeData {
        try CascadeData(
            models: models, costs: costs, verifyCost: verifyCost, scores: scores, estimates: estimates,
            verdicts: verdicts, clusters: clusters)
    }
}
