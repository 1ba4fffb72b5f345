import Foundation
import TurnoutCore
public import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Trains a ``LinearEstimator``: a head for each model.
///
/// Heads are logistic where all scores lie in 0…1 (a share of successes is a soft label) and ridge where they are
/// graded on another scale. The penalty is chosen by cross-validation, and the predictions on held-out folds calibrate
/// the heads.
public struct LinearTrainer: RouterTrainer {
    /// `linear`.
    public static let kind = LinearEstimator.kind

    /// The penalties that are compared, from the least to the greatest.
    let penalties: [Double]

    /// Reads `least_penalty` and `greatest_penalty`; half powers of ten between them are compared.
    public init(settings: inout TrainerSettings) throws {
        let least = try settings.number("least_penalty", default: 1, in: 1e-6...1e9)
        let greatest = try settings.number("greatest_penalty", default: 1e5, in: 1e-6...1e9)
        guard least <= greatest else {
            throw TurnoutError(
                .invalidArgument, "least_penalty \(least) is above greatest_penalty \(greatest); exchange them")
        }
        let steps = Int((log10(greatest / least) * 2).rounded())
        self.penalties = (0...steps).map { least * pow(10, Double($0) / 2) }
    }

    /// Fits the heads, the penalty chosen by five random folds.
    public func fit(_ examples: TrainingExamples, _ context: TrainingContext) throws -> any Estimator {
        let folds = try Folds.random(rows: examples.rows.count, folds: 5, seed: context.seed)
        return try crossFit(examples, folds: folds, context).estimator
    }

    /// Fits the heads, the penalty chosen by the folds.
    ///
    /// - Complexity: O(rows · features²) for XᵀX, then about O(heads · folds · penalties · 5 · rows · features).
    public func crossFit(
        _ examples: TrainingExamples, folds: Folds, _ context: TrainingContext
    ) throws -> CrossFit {
        let (scores, kind) = (examples.scores, examples.scores.areProbabilities ? HeadKind.logistic : .ridge)
        let heads = try fitHeads(kind, scores.models, examples.features, folds: folds, context)
        return CrossFit(
            estimator: LinearEstimator(model: heads.model, link: kind.link),
            outOfFold: heads.outOfFold.map { $0.map(scores.clip) })
    }

    /// Fits calibrated heads to any targets.
    ///
    /// - Parameters:
    ///   - kind: What is minimised.
    ///   - targets: Of each head.
    ///   - features: Of all rows.
    ///   - folds: Which rows are held out together.
    ///   - context: Encoder, threads.
    /// - Returns: The heads, and held-out estimates of every row; shape `[heads][rows]`.
    /// - Throws: ``TurnoutError`` with code `.insufficientData` when the rows do not determine the weights.
    func fitHeads(
        _ kind: HeadKind, _ targets: [ModelScores], _ features: FeatureTable, folds: Folds, _ context: TrainingContext
    ) throws -> (model: LinearModel, outOfFold: [[Double]]) {
        let space = try FeatureSpace(features)
        let validator = CrossValidator(
            features: space.matrix(features), folds: folds, kind: kind, penalties: penalties,
            penaltyVector: space.penalties, threads: context.threads, progress: context.progress)
        guard let validated = validator.run(targets) else {
            throw TurnoutError(
                .insufficientData,
                "the weights cannot be determined from these rows; add rows or remove the smallest penalties")
        }
        let lines = OutputCalibration.fit(
            kind: kind,
            zip(validated.outOfFold, targets).map { outputs, head in
                .init(outputs: head.rows.map { outputs[$0] }, targets: head.rows.map { head.targets[$0] })
            })
        let heads = zip(lines, validated.weights).map { $0.apply(toWeights: $1) }
        let estimates = zip(lines, validated.outOfFold).map { line, outputs in
            outputs.map { kind.estimate(output: line.apply($0)) }
        }
        return (try space.model(heads: heads, encoder: context.encoder), estimates)
    }
}
