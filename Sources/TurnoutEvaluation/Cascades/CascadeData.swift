public import TurnoutCore

/// What a cascade would know and get on each query of a data set.
public struct CascadeData: Sendable {
    /// The models, the cheapest first.
    public let models: [ModelID]
    /// Mean cost of a call of each model, in dollars.
    public let costs: [Double]
    /// What judging one answer costs, in dollars.
    public let verifyCost: Double
    /// What each model's answer was worth, 0 to 1; shape `[queries][models]`.
    public let scores: [[Double]]
    /// What a router expected before anybody was asked, by a fit that did not see the query; shape as ``scores``.
    public let estimates: [[Double]]
    /// What a verifier would say of each answer, 0 to 1; shape as ``scores``.
    public let verdicts: [[Double]]
    /// Queries with the same number are drawn together in intervals; `nil` when each stands for itself.
    public let clusters: [Int]?

    /// Orders the models by cost and checks the numbers.
    ///
    /// - Parameters:
    ///   - models: Two or more.
    ///   - costs: One for each model, in dollars.
    ///   - verifyCost: What judging one answer costs, in dollars.
    ///   - scores: Shape `[queries][models]`.
    ///   - estimates: Shape `[queries][models]`; clipped to 0…1.
    ///   - verdicts: Shape `[queries][models]`; clipped to 0…1.
    ///   - clusters: A number for each query, the same for those that are drawn together.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` or `.insufficientData`.
    public init(
        models: [ModelID], costs: [Double], verifyCost: Double, scores: [[Double]], estimates: [[Double]],
        verdicts: [[Double]], clusters: [Int]? = nil
    ) throws {
        guard models.count >= 2, costs.count == models.count else {
            throw TurnoutError(.invalidArgument, "a cascade needs at least two models with a cost each")
        }
        guard (costs + [verifyCost]).allSatisfy({ $0 >= 0 && $0.isFinite }), let most = costs.max(), most > 0 else {
            throw TurnoutError(
                .invalidArgument, "costs must not be negative, and at least one model must cost something")
        }
        guard scores.count >= 20 else {
            throw TurnoutError(
                .insufficientData,
                "\(scores.count) prompts have a score of every model; at least 20 are needed to compare cascades")
        }
        guard scores.allSatisfy({ $0.allSatisfy { 0 <= $0 && $0 <= 1 } }) else {
            throw TurnoutError(
                .invalidArgument,
                "a score lies outside 0…1; cascades weigh chances to be right, so divide grades by the greatest")
        }
        let order = costs.indices.sorted { (costs[$0], models[$0]) < (costs[$1], models[$1]) }
        func ordered(_ rows: [[Double]]) -> [[Double]] {
            rows.map { row in order.map { min(max(row[$0], 0), 1) } }
        }
        self.models = order.map { models[$0] }
        self.costs = order.map { costs[$0] }
        self.verifyCost = verifyCost
        self.scores = ordered(scores)
        self.estimates = ordered(estimates)
        self.verdicts = ordered(verdicts)
        self.clusters = clusters
    }
}
