public import TurnoutCore

/// Maps a query to an estimate per model: what each model would be worth on it.
///
/// A router knows nothing of prices, speeds or wishes; those are the policy's. Routers are pure:
/// the same text and candidates give the same assessment, bit for bit.
public protocol Router: Sendable {
    /// What the router is, what it was trained on and how well it did.
    var card: ArtifactCard { get }

    /// Estimates what each candidate would be worth on a text.
    ///
    /// - Parameters:
    ///   - text: The prompt to be routed.
    ///   - candidates: Names the router knows, weakest first. Validate them once with
    ///     ``validate(candidates:)``; an unknown name here is a programming error.
    /// - Returns: The score of the text and an estimate for each candidate.
    func assess(_ text: String, candidates: [ModelID]) -> Assessment

    /// Scores of a sample of training queries for these candidates, in ascending order.
    ///
    /// Each was predicted by a model that had not seen that query. Policies read their quantiles off it.
    func referenceScores(candidates: [ModelID]) -> [Double]

    /// Estimates for a sample of training queries, each by a model that had not seen that query; shape
    /// `[rows][candidates]`, and no rows where the router has none.
    ///
    /// Policies that promise something of the mean are tuned on it.
    func referenceEstimates(candidates: [ModelID]) -> [[Double]]

    /// Refuses candidates that the router cannot estimate.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`, naming the candidate and what is known.
    func validate(candidates: [ModelID]) throws
}

extension Router {
    /// No rows: a router that has no held-out estimates need not say so.
    public func referenceEstimates(candidates: [ModelID]) -> [[Double]] { [] }
}

/// What a router says about one query.
public struct Assessment: Sendable {
    /// How hard the query is for these candidates: 0 easy … 1 hard.
    ///
    /// With two candidates of known quality it is the win rate of the strong one, ties counting half.
    public let score: Double
    /// One estimate per candidate, in the order given.
    public let estimates: [Estimate]

    /// Bundles a score and the estimates behind it.
    public init(score: Double, estimates: [Estimate]) {
        self.score = score
        self.estimates = estimates
    }
}

/// What one model is expected to be worth on one query.
public struct Estimate: Sendable, Equatable {
    /// P(good enough), or the expected score where training scores were graded.
    public let value: Double
    /// Lower end of the 95 % interval for the mean outcome of queries that look like this one.
    public let low: Double
    /// Upper end of that interval.
    public let high: Double

    /// Sets value and interval; the interval is widened to contain the value.
    public init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = min(low, value)
        self.high = max(high, value)
    }
}
