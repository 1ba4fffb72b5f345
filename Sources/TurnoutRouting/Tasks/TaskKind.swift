public import TurnoutCore

/// What a prompt asks for: the tasks that the `capability` policy tells apart.
///
/// A prompt is of the task whose result it asks for, not of the subject it speaks of: a poem about sorting algorithms
/// is creative, a function that summarises is code. Where a request is several things at once, the hardest counts.
public enum TaskKind: String, Sendable, CaseIterable, Codable {
    /// Labels, tags, sentiment, intents, moderation: one of a few answers.
    case classification
    /// Fields, names, keywords or answers taken from a text that is given.
    case extraction
    /// A given text, shorter.
    case summarisation
    /// A text or a phrase in another language.
    case translation
    /// Programs written, mended, explained, reviewed, or carried into another programming language.
    case code
    /// Mathematics, logic, planning under constraints, proofs, examination questions.
    case reasoning
    /// Texts of one's own, and analysis: stories, letters, essays, ideas, critique, rewriting.
    case creative
    /// Conversation, small talk, commands to an assistant, advice and plain questions of knowledge.
    case chat

    /// The smallest class of models that does the task well.
    ///
    /// Sizes grow from labels, which 1 to 3 thousand million parameters do well, to writing and analysis, which want
    /// 32 and more. Two are this project's choice. Translation is put at 7, below which languages other than English
    /// suffer first. Chat is put at 3: models below 7 answer at once, and what is hard in a conversation is mostly
    /// another task.
    public var leastSize: SizeClass {
        switch self {
        case .classification: .under3B
        case .extraction, .summarisation, .chat: .from3B
        case .translation, .code: .from7B
        case .reasoning: .from14B
        case .creative: .from32B
        }
    }
}
