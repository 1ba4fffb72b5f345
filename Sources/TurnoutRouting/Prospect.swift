public import TurnoutCore

/// What is to be expected of one candidate for one query, and what speaks against it.
public struct Prospect: Sendable, Equatable {
    /// What the router expects of it.
    public let estimate: Estimate
    /// Tokens that it is expected to read and write.
    public let tokens: TokenUsage
    /// What it is expected to cost; `nil` when its price is unknown.
    public let cost: Money?
    /// What it may cost at most: with an answer as long as the request or the model allows, or four times the expected
    /// length where neither says; `nil` when its price is unknown.
    public let ceiling: Money?
    /// Seconds to the first token.
    public let firstToken: Double
    /// Seconds to the last.
    public let total: Double
    /// Why it may not answer, or should not.
    public internal(set) var filters: Filter
}
