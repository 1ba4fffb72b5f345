/// How long an answer is expected to be: a prior, before anything is known of the traffic.
///
/// Answers vary far more between prompts than between models, and not by the models' size: on chat prompts the figure
/// for a reply is off by a factor of 1.7 for half of the answers, and by twelve for one in twenty (docs/tokens.md). It
/// serves to compare costs, not to predict one.
public enum OutputLength {
    /// What is asked for, as far as it bears on the length of an answer.
    public enum Task: String, Hashable, Sendable, CaseIterable {
        /// A label, a name, a choice.
        case label
        /// A few facts, or a short text about a long one.
        case short
        /// A reply of some paragraphs; also when nothing is known.
        case reply
        /// Code, an essay, a translation of a page.
        case long

        /// Tokens that are visible to whoever asked.
        var visible: Double {
            switch self {
            case .label: 10
            case .short: 120
            case .reply: 300
            case .long: 700
            }
        }
    }

    /// The expected tokens of an answer, thought included.
    ///
    /// A model that thinks is taken to write three times the visible answer, but no fewer than 300 tokens, before it:
    /// an assumption, for no data at hand say how much was thought.
    ///
    /// - Parameters:
    ///   - task: What is asked for.
    ///   - reasons: Whether the model thinks before it answers; unknown counts as no.
    ///   - limit: The request's or the model's limit to the answer, whichever is less, where there is one.
    /// - Returns: One or more tokens, at most `limit`.
    public static func tokens(
        _ task: Task = .reply, reasons: Bool? = nil, limit: Int? = nil
    ) -> Int {
        let visible = task.visible
        let thought = reasons == true ? max(300, 3 * visible) : 0
        return max(1, min(Int((visible + thought).rounded()), limit ?? .max))
    }
}
