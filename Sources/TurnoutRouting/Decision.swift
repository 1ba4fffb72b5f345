public import TurnoutCore

/// The choice made for one query, and why: the receipt.
public struct Decision: Sendable {
    /// One candidate as the decision saw it.
    public struct Option: Sendable {
        /// The candidate.
        public let model: ModelID
        /// What it charges, where known.
        public let price: Price?
        /// What was to be expected of it.
        public let prospect: Prospect
        /// What the policy's rule weighed, more being better: minus the distance on a ladder, minus dollars for
        /// `cheapest_above`, else estimate less weighted cost and time.
        public let utility: Double
        /// Position in the order of preference for this query: 1 is the choice, then the fallbacks in turn; `nil`
        /// for a candidate that is not tried.
        public let rank: Int?
    }

    /// The nearest change that would have sent the query elsewhere.
    public struct Counterfactual: Sendable {
        /// The score beyond which another model would have been chosen; `nil` where the score does not choose.
        public let score: Double?
        /// The model that would have been chosen.
        public let model: ModelID
        /// The change that would have done it for this very query, in words.
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
    /// How far the choice is from another one, 0 being a toss-up; `nil` when there is nothing to compare.
    public let margin: Double?
    /// What kind of task it is; `nil` when the policy does not look at that.
    public let task: TaskKind?
    /// The conversation that the query goes on with, as it was; `nil` when none is known.
    public let conversation: Conversation?
    /// All candidates, weakest first.
    public let options: [Option]
    /// What would have changed the choice; `nil` when nothing could.
    public let counterfactual: Counterfactual?
}
