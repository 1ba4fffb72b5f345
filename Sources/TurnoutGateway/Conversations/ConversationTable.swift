import TurnoutCore
import TurnoutProviders
import TurnoutRouting

/// The conversations of late, by what they are known by: hashes, names of models and counts, no text.
///
/// When it is full, the conversation that has not gone on for longest makes room. Time is passed in.
struct ConversationTable {
    /// What is known of a conversation.
    private struct Entry {
        var model: ModelID
        /// The first message from which on ``model`` has issued all answers.
        var issuedFrom: Int
        var turns = 0
        /// Messages of the latest request.
        var messages: Int
        /// Tokens of the latest prompt and its answer, as the next prompt is to begin; 0 where the provider's cache
        /// was seen not to work.
        var cached = 0
        /// Prompt and answer of the latest turn.
        var context = 0
        /// New tokens of all turns after the first.
        var input = 0
        /// Tokens of all answers.
        var output = 0
        /// The least bytes of text by which a model's context window was overflowed.
        var overflowed: [ModelID: Int] = [:]
        /// When the latest answer was over.
        var time: Duration
        /// For how long after that it is remembered.
        let idle: Duration

        /// Takes an answer.
        mutating func take(_ outcome: ConversationOutcome, of turn: ConversationTurn, at time: Duration) {
            let isSame = turns > 0 && outcome.model == model
            let (prompt, answer) = (min(outcome.input, tokenLimit), min(outcome.output, tokenLimit))
            if !isSame { issuedFrom = turn.messages }
            if !outcome.isOfOneHand { issuedFrom = turn.messages + 1 }
            // A cache that should have been warm and was not read does not exist: the prompt is too short for it, say.
            let isCold = isSame && time - self.time <= cacheLifetime && outcome.cacheRead == 0
            if turns > 0 { input += max(0, prompt - context) }
            context = prompt + answer
            cached = isCold ? 0 : context
            output += answer
            turns += 1
            model = outcome.model ?? model
            self.time = time
        }
    }

    /// How long providers are taken to keep a prompt in their cache: the least that any of the large ones states.
    static let cacheLifetime: Duration = .seconds(300)
    /// More tokens than any turn has, so that what a provider says cannot overflow a sum.
    private static let tokenLimit = 1 << 32

    private var entries: RecencyTable<ConversationTurn.Key, Entry>

    /// - Parameter limit: Conversations at most.
    init(limit: Int = 10_000) { self.entries = RecencyTable(limit: limit) }

    /// Conversations in memory.
    var count: Int { entries.count }

    /// The conversation that a request goes on with; `nil` when it begins one or none is known.
    func conversation(of turn: ConversationTurn, at time: Duration) -> Conversation? {
        guard let entry = entry(of: turn, at: time) else { return nil }
        return Conversation(
            model: entry.model, cachedTokens: time - entry.time > Self.cacheLifetime ? 0 : entry.cached,
            turns: entry.turns, inputPerTurn: entry.turns > 1 ? entry.input / (entry.turns - 1) : 0,
            outputPerTurn: entry.output / entry.turns,
            overflowed: Set(entry.overflowed.filter { turn.bytes >= $0.value }.keys))
    }

    /// Who has issued the thoughts in a request; `nil` when its conversation is not known.
    func thoughtOrigin(of turn: ConversationTurn, at time: Duration) -> ThoughtOrigin? {
        entry(of: turn, at: time).map { .model($0.model, from: $0.issuedFrom) }
    }

    /// Takes what became of a turn that is over.
    ///
    /// - Parameters:
    ///   - outcome: Who answered and what was spent.
    ///   - turn: The request.
    ///   - idle: How long the conversation is remembered from now on.
    ///   - time: Now.
    mutating func record(_ outcome: ConversationOutcome, of turn: ConversationTurn, idle: Duration, at time: Duration) {
        let known = entry(of: turn, at: time)
        while let oldest = entries.oldest, time - oldest.time > oldest.idle { entries.removeOldest() }
        guard let model = outcome.model ?? known?.model else { return }
        var entry = known ?? Entry(model: model, issuedFrom: turn.messages, messages: 0, time: time, idle: idle)
        for model in outcome.overflowed { entry.overflowed[model] = min(entry.overflowed[model] ?? .max, turn.bytes) }
        entry.messages = turn.messages
        if outcome.model != nil { entry.take(outcome, of: turn, at: time) }
        entries.insert(entry, for: turn.key)
    }

    private func entry(of turn: ConversationTurn, at time: Duration) -> Entry? {
        guard !turn.isFirst, let entry = entries[turn.key], time - entry.time <= entry.idle else { return nil }
        // Conversations grow. What begins alike and does not is another one, such as the next item of a batch.
        return turn.isNamed || turn.messages > entry.messages ? entry : nil
    }
}
