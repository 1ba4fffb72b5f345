import TurnoutCore
import TurnoutEvaluation

/// The scores of the chosen models, checked, one head each.
struct ScoreTable: Sendable {
    let models: [ModelID]
    let heads: [Head]
    let kind: HeadKind
    /// Least and greatest score of any model.
    let range: ClosedRange<Double>

    /// - Throws: ``TurnoutError`` with code `.insufficientData` or `.invalidData`.
    init(rows: [OutcomeRow], models: [ModelID], folds: Int) throws {
        let least = max(20, 2 * folds)
        self.models = models
        self.heads = try models.map { model in
            let scored = rows.indices.filter { rows[$0].scores[model] != nil }
            let targets = rows.map { $0.scores[model] ?? 0 }
            guard targets.allSatisfy(\.isFinite) else {
                throw TurnoutError(
                    .invalidData, "a score of '\(model)' is not a finite number; remove the row or give it null")
            }
            guard scored.count >= least else {
                throw TurnoutError(
                    .insufficientData,
                    "'\(model)' has a score on \(scored.count) distinct prompts; at least \(least) are needed for \(folds) folds"
                )
            }
            let values = scored.map { targets[$0] }
            guard let low = values.min(), let high = values.max(), low < high else {
                throw TurnoutError(
                    .insufficientData,
                    """
                    every score of '\(model)' is \(values.first ?? 0): there is nothing to tell prompts apart by; add rows \
                    on which it did better or worse, or leave it out of --models
                    """)
            }
            return Head(targets: targets, rows: scored)
        }
        let values = heads.flatMap { head in head.rows.lazy.map { head.targets[$0] } }
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        self.range = low...high
        self.kind = low >= 0 && high <= 1 ? .logistic : .ridge
    }

    /// An estimate as the router will report it.
    func clip(_ estimate: Double) -> Double {
        kind == .logistic ? estimate : min(max(estimate, range.lowerBound), range.upperBound)
    }

    /// Models from the worst mean score to the best; equals by name.
    static func byMeanScore(_ rows: [OutcomeRow], models: [ModelID]) -> [ModelID] {
        let means = models.map { model -> (Double, ModelID) in
            let values = rows.compactMap { $0.scores[model] }
            return (values.reduce(0, +) / Double(max(values.count, 1)), model)
        }
        return means.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.1)
    }
}
