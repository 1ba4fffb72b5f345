public import TurnoutCore

/// What a conversation has been so far: who answers it, and what is in that model's prompt cache.
public struct Conversation: Sendable, Equatable {
    /// The candidate that answered last.
    public var model: ModelID
    /// Tokens of the prompt that are in its cache.
    public var cachedTokens: Int
    /// Answers so far.
    public var turns: Int
    /// New tokens that a turn after the first has brought on average, without the answer; 0 while there was none.
    public var inputPerTurn: Int
    /// Tokens that an answer has had on average.
    public var outputPerTurn: Int
    /// Candidates whose context window an earlier request of it overflowed.
    public var overflowed: Set<ModelID>

    /// Describes a conversation.
    public init(
        model: ModelID, cachedTokens: Int, turns: Int, inputPerTurn: Int, outputPerTurn: Int,
        overflowed: Set<ModelID> = []
    ) {
        self.model = model
        self.cachedTokens = cachedTokens
        self.turns = turns
        self.inputPerTurn = inputPerTurn
        self.outputPerTurn = outputPerTurn
        self.overflowed = overflowed
    }
}
