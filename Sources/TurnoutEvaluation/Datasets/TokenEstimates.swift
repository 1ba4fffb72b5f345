public import TurnoutCore
import TurnoutRouting

extension OutcomeTable {
    /// Characters that a token of an answer has on average: English prose and reasoning, as docs/tokens.md measures it.
    private static let charactersPerToken = 4.4

    /// Fills in the tokens of calls that the rows do not count, where they say how long the answer was: the prompt's by
    /// the model's family (``TokenFamily``), the answer's by its characters.
    public mutating func estimateTokens(of models: some Sequence<ModelID>) {
        let families = models.map { ($0, TokenFamily(ofModel: $0.name)) }
        guard !families.isEmpty else { return }
        for index in rows.indices where !rows[index].answerLengths.isEmpty {
            let size = PromptSize(text: TextCounts(rows[index].prompt))
            for (model, family) in families where rows[index].tokens[model] == nil {
                guard let characters = rows[index].answerLengths[model], characters >= 0, characters < 1e12 else {
                    continue
                }
                rows[index].tokens[model] = TokenUsage(
                    input: size.tokens(family), output: Int((characters / Self.charactersPerToken).rounded(.up)))
            }
        }
    }
}
