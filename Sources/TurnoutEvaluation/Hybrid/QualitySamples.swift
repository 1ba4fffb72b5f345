public import TurnoutCore

/// What the answers of a small and a large model to one query were worth: one number a sampled answer.
public struct QualitySamples: Sendable, Equatable {
    /// The small model's, at least one.
    public let small: [Double]
    /// The large model's, at least one.
    public let large: [Double]

    /// Takes the samples of one query, at least one of each model.
    public init(small: [Double], large: [Double]) {
        precondition(!small.isEmpty && !large.isEmpty, "a query needs a sample of both models")
        self.small = small
        self.large = large
    }

    /// The samples of a row; `nil` unless it has scores of both models.
    public init?(_ row: OutcomeRow, small: ModelID, large: ModelID) {
        guard let s = row.scores[small], let l = row.scores[large] else { return nil }
        let ofSmall = row.samples[small] ?? [], ofLarge = row.samples[large] ?? []
        self.init(small: ofSmall.isEmpty ? [s] : ofSmall, large: ofLarge.isEmpty ? [l] : ofLarge)
    }

    /// The small model's mean.
    public var smallMean: Double { small.reduce(0, +) / Double(small.count) }
    /// The large model's mean.
    public var largeMean: Double { large.reduce(0, +) / Double(large.count) }
    /// H, how much better the small model is: the difference of the means.
    public var gap: Double { smallMean - largeMean }

    /// By how much the large model's answer is better, for all pairs of answers; ascending.
    var lags: [Double] { small.flatMap { s in large.map { $0 - s } }.sorted() }
}
