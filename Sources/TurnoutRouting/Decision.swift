public import TurnoutCore

/// The choice made for one query, and why: the receipt.
public struct Decision: Sendable {
    /// One candidate as the decision saw it.
    public struct Option: Sendable {
        /// The candidate.
        public let model: ModelID
        /// What the router expects of it.
        public let estimate: Estimate
        /// What a million tokens cost, where known.
        public let price: Price?
        /// Position in the order of preference for this query: 1 is the choice, then the fallbacks in turn; `nil`
        /// for a candidate that the route's fallback order leaves out.
        public let rank: Int?
    }

    /// The nearest change that would have sent the query elsewhere.
    public struct Counterfactual: Sendable {
        /// The score beyond which another model would have been chosen.
        public let score: Double
        /// The model that would have been chosen.
        public let model: ModelID
        /// The change of policy that would have done it for this very query, in words.
        public let change: String
    }

    /// The chosen model.
    public let model: ModelID
    /// Those to be tried when it fails, best first.
    public let fallbacks: [ModelID]
    /// Why, in one line, without any part of the prompt.
    public let reason: String
    /// How hard the query is for these candidates: 0 easy … 1 hard.
    public let score: Double
    /// Distance of the score to the nearest cut, 0 being a toss-up; `nil` when there is nothing to cut.
    public let margin: Double?
    /// All candidates, weakest first.
    public let options: [Option]
    /// What would have changed the choice; `nil` when nothing could.
    public let counterfactual: Counterfactual?
}
