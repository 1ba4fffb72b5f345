import TurnoutCore

/// Training rows without those that a test set gives away.
///
/// The same text is no test, and neither is the same question with other answers to choose from: two public benchmarks
/// share thousands of those.
public struct TransferSplit: Sendable {
    /// Rows to train on.
    public let kept: [OutcomeRow]
    /// Rows that were removed: same text or same question, by ``TextIdentity``.
    public let removed: Int

    /// Removes from `training` what stands in `test`.
    ///
    /// - Throws: ``TurnoutError`` with code `.insufficientData` when nothing is left to train on.
    /// - Complexity: O(characters)
    public init(training: [OutcomeRow], test: [OutcomeRow]) throws {
        let texts = Set(test.map { TextIdentity.normalised($0.prompt) })
        let questions = Set(test.map { TextIdentity.question($0.prompt) })
        self.kept = training.filter {
            !texts.contains(TextIdentity.normalised($0.prompt)) && !questions.contains(TextIdentity.question($0.prompt))
        }
        self.removed = training.count - kept.count
        guard !kept.isEmpty else {
            throw TurnoutError(
                .insufficientData,
                "all \(training.count) prompts to learn from are to be tested on as well: nothing is left to train on")
        }
    }
}
