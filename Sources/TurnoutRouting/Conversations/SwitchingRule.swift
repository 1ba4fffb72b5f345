import TurnoutCore

/// Whether a conversation moves to another model.
///
/// Upwards it may move at any new question, since quality is at stake. Downwards it moves only when the saving pays for
/// the prompt cache that is thrown away. Amid a tool loop it stays in either case: the model at work has made the calls,
/// and some providers refuse a loop without the thoughts that led to them, which only their issuer can read.
enum SwitchingRule {
    /// Says whether a conversation moves to another candidate.
    ///
    /// - Parameters:
    ///   - old: The candidate that answers now.
    ///   - new: The one that the policy prefers.
    ///   - isDowngrade: Whether no more is expected of the new one.
    ///   - conversation: What has been so far.
    ///   - isInToolLoop: Whether the request goes on with calls of tools.
    /// - Returns: Why it stays where it is; `nil` when it moves.
    static func reasonToStay(
        old: Candidate, new: Candidate, isDowngrade: Bool, _ conversation: Conversation, isInToolLoop: Bool
    ) -> String? {
        if isInToolLoop { return "amid a tool loop" }
        guard isDowngrade else { return nil }
        guard let oldPrice = old.price, let newPrice = new.price else { return nil }
        guard let turns = breakEvenTurns(from: oldPrice, to: newPrice, conversation) else {
            return "the other would cost more from here on"
        }
        // As many turns are to be expected as there have been: what is known of a conversation is that it has lasted.
        return turns <= Double(max(conversation.turns, 1)) ? nil : "its prompt cache is worth more than the saving"
    }

    /// After how many turns, the one that moves included, a move has paid for itself; `nil` when it never does.
    ///
    /// With T tokens in the old model's cache, u new and o written tokens a turn, rates r for reading the cache, w for
    /// reading a prompt and storing it, and a for answers, `n` turns cost
    ///
    ///     stay: n · (T·r_old + u·w_old + o·a_old)
    ///     move: T·w_new + (n − 1) · T·r_new + n · (u·w_new + o·a_new)
    ///
    /// and are equal at
    ///
    ///     n = T·(w_new − r_new) / [T·(r_old − r_new) + u·(w_old − w_new) + o·(a_old − a_new)].
    ///
    /// T is held constant. It grows, and each turn's saving with it where the old cache is the dearer one to read, so
    /// that the move then pays a little sooner than this says.
    static func breakEvenTurns(from old: Price, to new: Price, _ conversation: Conversation) -> Double? {
        let (t, u, o) = (
            Double(conversation.cachedTokens), Double(conversation.inputPerTurn), Double(conversation.outputPerTurn)
        )
        let prompt = conversation.cachedTokens + conversation.inputPerTurn
        let (a, b) = (Rates(old.rates(forInput: prompt)), Rates(new.rates(forInput: prompt)))
        let once = t * (b.write - b.read)
        let saving = t * (a.read - b.read) + u * (a.write - b.write) + o * (a.answer - b.answer)
        guard once > 0 else { return saving >= 0 ? 0 : nil }
        return saving > 0 ? once / saving : nil
    }

    /// Dollars for a million tokens; what is not said of the cache costs what any input does.
    private struct Rates {
        let read: Double
        let write: Double
        let answer: Double

        init(_ rates: TokenRates) {
            read = (rates.cacheReadPerMillion ?? rates.inputPerMillion).dollars
            write = (rates.cacheWritePerMillion ?? rates.inputPerMillion).dollars
            answer = rates.outputPerMillion.dollars
        }
    }
}
