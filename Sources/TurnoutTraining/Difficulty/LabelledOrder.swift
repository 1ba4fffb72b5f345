public import TurnoutCore
public import TurnoutEvaluation
public import TurnoutRouting

/// How well a router orders labelled texts that it was not trained on.
public enum LabelledOrder {
    /// The AUC of a router's scores, and of length alone, for one label against all others.
    ///
    /// - Parameters:
    ///   - router: Its score is taken for any two candidates.
    ///   - candidates: Two names that the router knows; any will do for a ``DifficultyRouter``.
    ///   - rows: Labelled texts.
    ///   - hardLabel: The label that should score high.
    /// - Returns: The AUC of the router and that of length, with 95 % intervals.
    /// - Throws: ``TurnoutError`` with code `.insufficientData` unless both kinds are there.
    public static func auc(
        of router: any Router, candidates: [ModelID] = ["weak", "strong"], rows: [OutcomeRow], hardLabel: String
    ) throws -> (router: Interval, length: Interval) {
        let isHard = rows.map { $0.label == hardLabel }
        let scores = rows.map { router.assess($0.prompt, candidates: candidates).score }
        return (
            try RankAccuracy.auc(scores: scores, isPositive: isHard),
            try RankAccuracy.auc(scores: Baselines.length(of: rows.map(\.prompt)), isPositive: isHard)
        )
    }
}
