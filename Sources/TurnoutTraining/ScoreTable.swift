import TurnoutCore
import TurnoutEvaluation

/// The scores of one model.
public struct ModelScores: Sendable {
    /// A score for each row; anything where there is none.
    public let targets: [Double]
    /// The numbers of the rows that have one, ascending.
    public let rows: [Int]
}

/// The scores of the chosen models, checked.
public struct ScoreTable: Sendable {
    /// One for each model, in the order of the models.
    public let models: [ModelScores]
    /// Whether all scores lie in 0…1, so that they are probabilities or shares of successes.
    public let areProbabilities: Bool
    /// The scale: 0…1 for probabilities, else from the least to the greatest score of any model.
    public let range: ClosedRange<Double>

    /// Collects the scores of some models.
    ///
    /// - Throws: ``TurnoutError`` with code `.insufficientData` for a model with too few scores or only one value,
    ///   `.invalidData` for a score that is not finite.
    init(rows: [OutcomeRow], models: [ModelID], folds: Int) throws {
        let least = max(20, 2 * folds)
        let scores = try models.map { model in
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
            return ModelScores(targets: targets, rows: scored)
        }
        let values = scores.flatMap { model in model.rows.lazy.map { model.targets[$0] } }
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        self.models = scores
        self.areProbabilities = low >= 0 && high <= 1
        self.range = areProbabilities ? 0...1 : low...high
    }

    /// Takes targets in 0…1, `nil` where a row has none; shape `[models][rows]`.
    init(targets: [[Double?]]) {
        self.init(
            models: targets.map { values in
                ModelScores(targets: values.map { $0 ?? 0 }, rows: values.indices.filter { values[$0] != nil })
            }, areProbabilities: true, range: 0...1)
    }

    private init(models: [ModelScores], areProbabilities: Bool, range: ClosedRange<Double>) {
        self.models = models
        self.areProbabilities = areProbabilities
        self.range = range
    }

    /// The rows with these numbers, in this order; the scale stays.
    func selecting(_ chosen: [Int]) -> ScoreTable {
        let selected = models.map { model in
            let scored = Set(model.rows)
            return ModelScores(
                targets: chosen.map { model.targets[$0] },
                rows: chosen.indices.filter { scored.contains(chosen[$0]) })
        }
        return ScoreTable(models: selected, areProbabilities: areProbabilities, range: range)
    }

    /// An estimate as the router will report it.
    func clip(_ estimate: Double) -> Double { min(max(estimate, range.lowerBound), range.upperBound) }

    /// The mean score of a model; that of all models where it has none.
    func mean(ofModel index: Int) -> Double {
        let own = models[index]
        guard own.rows.isEmpty else { return own.rows.reduce(0) { $0 + own.targets[$1] } / Double(own.rows.count) }
        let count = models.reduce(0) { $0 + $1.rows.count }
        let sum = models.reduce(0) { total, model in model.rows.reduce(total) { $0 + model.targets[$1] } }
        return count > 0 ? sum / Double(count) : range.lowerBound
    }
}
