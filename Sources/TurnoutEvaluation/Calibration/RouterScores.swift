public import TurnoutCore
import TurnoutNumerics
public import TurnoutRouting

/// A router's scores of many texts, on several threads.
public enum RouterScores {
    /// The score of each text between two models.
    ///
    /// - Parameters:
    ///   - texts: The prompts.
    ///   - router: Where scores come from.
    ///   - weak: The weak candidate.
    ///   - strong: The strong candidate.
    ///   - threads: The most threads; the result is the same with any number.
    ///   - progress: Is told how many of how many blocks are done, from any thread.
    /// - Returns: One finite score for each text.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` when the router does not know a model.
    public static func make(
        _ texts: [String], router: any Router, weak: ModelID, strong: ModelID, threads: Int,
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) throws -> [Double] {
        try router.validate(candidates: [weak, strong])
        let block = 64
        let blocks = (texts.count + block - 1) / block
        return parallelMap(blocks, threads: threads) { index -> [Double] in
            defer { progress?(index + 1, blocks) }
            return texts[index * block..<min((index + 1) * block, texts.count)].map {
                router.assess($0, candidates: [weak, strong]).score
            }
        }.flatMap { $0 }
    }
}
