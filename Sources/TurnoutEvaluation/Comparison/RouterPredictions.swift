import Foundation
public import TurnoutCore
import TurnoutNumerics
public import TurnoutRouting

/// What one router says of the prompts it is compared on.
public struct RouterPredictions: Sendable {
    /// What it is called in the report.
    public let name: String
    /// Estimates for each model of the data; shape `[models][rows]`.
    public let estimates: [[Double]]
    /// How much each prompt needs the strong model of the pair; higher means more.
    public let pairScores: [Double]
    /// Microseconds that a decision takes on one core, where it was measured.
    public let microsPerDecision: Double?
    /// Whether estimates are of scores, and not of which model wins.
    public let areScores: Bool

    /// Takes predictions of prompts that the router was not trained on.
    ///
    /// - Parameters:
    ///   - name: What it is called in the report.
    ///   - estimates: For each model of the data, from the worst to the best; shape `[models][rows]`.
    ///   - pairScores: How much each prompt needs the best model rather than the worst; the difference of their
    ///     estimates when left out.
    ///   - microsPerDecision: What a decision takes on one core, where it was measured.
    ///   - comparison: What the estimates are.
    /// - Throws: ``TurnoutError`` with code `.invalidData` for numbers that are not finite.
    public init(
        name: String, estimates: [[Double]], pairScores: [Double]? = nil, microsPerDecision: Double? = nil,
        comparison: Comparison = .difference
    ) throws {
        precondition(!estimates.isEmpty, "predictions need at least one model")
        self.name = name
        self.estimates = estimates
        self.pairScores = pairScores ?? zip(estimates[estimates.count - 1], estimates[0]).map { $0 - $1 }
        self.microsPerDecision = microsPerDecision
        self.areScores = comparison == .difference
        guard estimates.allSatisfy({ $0.allSatisfy(\.isFinite) }), self.pairScores.allSatisfy(\.isFinite) else {
            throw TurnoutError(.invalidData, "\(name): an estimate is not a finite number; train the router again")
        }
    }

    /// Asks a router about every prompt.
    ///
    /// - Parameters:
    ///   - router: An artifact that was loaded.
    ///   - name: What it is called in the report.
    ///   - data: The prompts.
    ///   - threads: The most threads to use.
    ///   - clock: Tells how long decisions take; the median of at most 500 on one thread.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` when the router does not know a model.
    public init(
        asking router: any Router, name: String, on data: EvaluationData, threads: Int, clock: some Clock<Duration>
    ) throws {
        do {
            try router.validate(candidates: data.models)
        } catch let error as TurnoutError {
            throw TurnoutError(error.code, "\(name): \(error.message)", cause: error)
        }
        let ends = [data.models[0], data.models[data.models.count - 1]]
        let asked = parallelMap(data.rows.count, threads: threads) { row in
            let text = data.rows[row].prompt
            let assessment = router.assess(text, candidates: data.models)
            let score = ends == data.models ? assessment.score : router.assess(text, candidates: ends).score
            return (estimates: assessment.estimates.map(\.value), score: score)
        }
        try self.init(
            name: name, estimates: data.models.indices.map { model in asked.map { $0.estimates[model] } },
            pairScores: asked.map(\.score),
            microsPerDecision: Self.micros(router, data.models, prompts: data.rows.prefix(500).map(\.prompt), clock),
            comparison: EstimateRouter.kinds.first { $0.kind == router.card.kind }?.comparison ?? .difference)
    }

    /// The median time of a decision in microseconds, one after the other on this thread.
    ///
    /// - Parameters:
    ///   - router: Decides.
    ///   - models: The candidates.
    ///   - prompts: At least one.
    ///   - clock: Tells how long decisions take.
    /// - Returns: Microseconds.
    public static func micros(
        _ router: any Router, _ models: [ModelID], prompts: [String], _ clock: some Clock<Duration>
    ) -> Double {
        let times = prompts.map { prompt in
            clock.measure { _ = router.assess(prompt, candidates: models) } / .microseconds(1)
        }
        return times.sorted()[times.count / 2]
    }
}
