public import TurnoutCore
import TurnoutNumerics
public import TurnoutRouting

/// What policies would have done with prompts whose outcomes are known.
///
/// The choice is made by the ``Decider`` that decides live, which is told the held-out estimates and the prices, and
/// not what the answers were worth; then each prompt is charged what the chosen model's call did cost.
public struct PolicyReplay: Sendable {
    /// The prompts, what each model's answer was worth and what it cost.
    public let data: EvaluationData
    /// Dollars of each call; shape `[models][rows]`.
    public let costs: [[Double]]
    /// Decides under any policy.
    let decider: Decider
    let queries: [Query]
    private let estimates: [[Double]]
    private let scores: [Double]

    /// Makes candidates of the models.
    ///
    /// - Parameters:
    ///   - data: The prompts; the cost of every call must be known.
    ///   - predictions: What a router says of them that was not trained on them.
    ///   - prices: What models charge for tokens. For one that is not among them the policies are told the price for a
    ///     token, the same read or written, at which the expected cost has the mean of the data.
    /// - Throws: ``TurnoutError`` with code `.insufficientData` when costs are not known.
    public init(data: EvaluationData, predictions: RouterPredictions, prices: [ModelID: Price] = [:]) throws {
        guard let costs = data.costs else {
            let reason = data.notes.first { $0.hasPrefix("No dollars") }.map { " (\($0))" } ?? ""
            throw TurnoutError(
                .insufficientData,
                "policies weigh dollars, and what calls cost is not known\(reason); give --price MODEL=INPUT,OUTPUT or "
                    + "--cost MODEL=DOLLARS for each model")
        }
        self.data = data
        self.costs = costs
        self.estimates = predictions.estimates
        self.scores = predictions.pairScores
        let queries = data.rows.map { Query($0.prompt) }
        self.queries = queries
        let candidates = zip(data.models, costs).map { model, dollars in
            Candidate(model: model, price: prices[model] ?? Self.price(of: model, dollars: dollars, queries))
        }
        self.decider = try Decider(
            candidates: candidates, router: HeldOutRouter(predictions, on: data),
            policy: Policy(Policy.bestEstimate))
    }

    /// The model that a policy chooses for each prompt, by its number among the models of the data.
    ///
    /// - Throws: ``TurnoutError`` when the policy means nothing here; ``Refusal`` when a prompt has no candidate.
    public func choices(_ policy: Policy, threads: Int = 1) throws -> [Int] {
        let decider = try decider.with(policy: policy)
        let numbers = Dictionary(zip(data.models, 0...), uniquingKeysWith: { first, _ in first })
        return try parallelMap(queries.count, threads: threads) { row in
            Result { () throws(Refusal) in
                numbers[try decider.decide(queries[row], assessed: assessment(of: row)).model, default: 0]
            }
        }.map { try $0.get() }
    }

    /// What the router says of a prompt.
    func assessment(of row: Int) -> Assessment {
        Assessment(
            score: scores[row], estimates: estimates.map { Estimate(value: $0[row], low: $0[row], high: $0[row]) })
    }

    /// One price for all tokens, so that prompts of these lengths with answers of the expected length cost what was paid.
    private static func price(of model: ModelID, dollars: [Double], _ queries: [Query]) -> Price {
        let family = TokenFamily(ofModel: model.name)
        let tokens = queries.reduce(0) { $0 + $1.size.tokens(family) + OutputLength.tokens() }
        let rate = Money(dollars: dollars.reduce(0, +) / Double(max(tokens, 1)) * 1e6) ?? .zero
        return Price(inputPerMillion: rate, outputPerMillion: rate)
    }
}
