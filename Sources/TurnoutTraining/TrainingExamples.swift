public import TurnoutCore
import TurnoutEncoders
public import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// What a trainer learns from: prompts turned into numbers, and what each model made of them.
public struct TrainingExamples: Sendable {
    /// Distinct prompts, each with a score of at least one of the models.
    public let rows: [OutcomeRow]
    /// The models to estimate, from the worst mean score to the best.
    public let models: [ModelID]
    /// Embeddings and surface features of the rows.
    public let features: FeatureTable
    /// Scores of the models on the rows.
    public let scores: ScoreTable

    /// The features of one row as an estimator takes them.
    public func query(_ row: Int) -> QueryFeatures {
        QueryFeatures(
            text: rows[row].prompt, embedding: Array(features.embeddings[row: row]),
            surface: Array(features.surface[row: row]))
    }

    /// The rows with these numbers, in this order.
    func selecting(_ chosen: [Int]) -> TrainingExamples {
        TrainingExamples(
            rows: chosen.map { rows[$0] }, models: models, features: features.selecting(chosen),
            scores: scores.selecting(chosen))
    }

    /// Estimates of some rows, clipped to the range of scores; shape `[chosen][models]`.
    func estimates(_ estimator: any Estimator, rows chosen: [Int], threads: Int) -> [[Double]] {
        let block = 64
        let range = type(of: estimator).comparison.range(ofScores: scores.range)
        return parallelMap((chosen.count + block - 1) / block, threads: threads) { index in
            chosen[index * block..<min((index + 1) * block, chosen.count)].map { row in
                estimator.estimates(for: query(row)).map { min(max($0, range.lowerBound), range.upperBound) }
            }
        }.flatMap { $0 }
    }

    /// Estimates of every row by a fit to the rows of the other folds; shape `[models][rows]`.
    ///
    /// - Parameters:
    ///   - folds: Which rows are held out together.
    ///   - threads: The most threads to use for the estimates.
    ///   - fit: Is given the rows to learn from and the number of the fold that is held out.
    /// - Returns: The estimates, clipped to the range of scores.
    func outOfFold(
        _ folds: Folds, threads: Int, fit: (TrainingExamples, Int) throws -> any Estimator
    ) rethrows -> [[Double]] {
        var result = [[Double]](repeating: [Double](repeating: 0, count: rows.count), count: models.count)
        for fold in 0..<folds.count {
            let (held, kept) = folds.split(fold)
            let estimates = estimates(try fit(selecting(kept), fold), rows: held, threads: threads)
            for (row, values) in zip(held, estimates) {
                for (model, value) in values.enumerated() { result[model][row] = value }
            }
        }
        return result
    }

    /// Which model did better than which, row by row.
    var comparisons: ModelComparisons { ModelComparisons(scores, rows: rows, models: models) }

    /// What estimates of this kind are held against: scores, or the shares of comparisons that each model won.
    func judged(by comparison: Comparison) -> ScoreTable {
        switch comparison {
        case .difference, .sufficiency: scores
        case .odds: ScoreTable(targets: comparisons.winShares(models: models.count))
        }
    }
}
