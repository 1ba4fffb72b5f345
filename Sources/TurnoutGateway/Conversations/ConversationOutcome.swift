import TurnoutCore

/// What became of one turn, as far as the next one can use it.
struct ConversationOutcome: Sendable, Equatable {
    /// Who answered, or had begun to when the client went; `nil` when nobody did.
    var model: ModelID?
    /// Whether the answer is all of one hand, so that its thoughts are its model's.
    var isOfOneHand = true
    /// Tokens of the whole prompt.
    var input = 0
    /// Tokens of the answer.
    var output = 0
    /// Tokens that the provider says it had in its cache; `nil` when it says nothing.
    var cacheRead: Int?
    /// Models that could not take so many tokens.
    var overflowed: Set<ModelID> = []

    /// Reads what attempts came to.
    ///
    /// - Parameters:
    ///   - attempts: All attempts at the request.
    ///   - expectedInput: The tokens that a model's prompt was expected to have, for a provider that does not say.
    init(of attempts: [AttemptRecord], expectedInput: (ModelID) -> Int?) {
        overflowed = Set(attempts.filter { $0.failure == .contextLength }.map(\.model))
        let answer =
            attempts.last { $0.outcome == .answered } ?? attempts.last { $0.outcome == .clientGone && $0.events > 0 }
        guard let answer else { return }
        model = answer.model
        isOfOneHand = answer.mode == .fresh
        input = answer.usage?.totalInput ?? expectedInput(answer.model) ?? 0
        output = answer.usage?.output ?? answer.events
        cacheRead = answer.usage?.cacheRead
    }
}
