public import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Fits a ``LengthEstimator``: for each model a line on the logarithm of the prompt's length, the same slope for all.
///
/// Logistic regression where scores lie in 0…1, least squares where they are graded on another scale. With a slope
/// each, the order of prompts would turn on small differences between slopes.
public struct LengthTrainer: RouterTrainer {
    /// `length`.
    public static let kind = LengthEstimator.kind

    /// There are no settings.
    public init(settings: inout TrainerSettings) throws {}

    /// Fits the lines.
    public func fit(_ examples: TrainingExamples, _ context: TrainingContext) throws -> any Estimator {
        let kind = examples.scores.areProbabilities ? HeadKind.logistic : .ridge
        // A fit makes lines that would fall flat; where scores fall with length, shortness takes its place.
        let rising = lines(examples, kind, sign: 1)
        let fitted = rising.contains { $0.slope > 0 } ? rising : lines(examples, kind, sign: -1)
        return LengthEstimator(lines: fitted.map { .init(intercept: $0.intercept, slope: $0.slope) }, link: kind.link)
    }

    /// Fits the lines once and lets them estimate all rows.
    ///
    /// A slope and an intercept a model owe nothing to any single row. Lines for each fold, fitted on the others, would
    /// move a fold the more to one side the more its own outcomes lie to the other, and ruin the order across folds.
    public func crossFit(
        _ examples: TrainingExamples, folds: Folds, _ context: TrainingContext
    ) throws -> CrossFit {
        let estimator = try fit(examples, context)
        let estimates = examples.estimates(
            estimator, rows: Array(examples.rows.indices), threads: context.threads)
        return CrossFit(
            estimator: estimator, outOfFold: examples.models.indices.map { model in estimates.map { $0[model] } })
    }

    private func lines(_ examples: TrainingExamples, _ kind: HeadKind, sign: Double) -> [OutputCalibration] {
        OutputCalibration.fit(
            kind: kind,
            examples.scores.models.map { model in
                .init(
                    outputs: model.rows.map { sign * Double(examples.features.surface[$0, 0]) },
                    targets: model.rows.map { model.targets[$0] })
            }
        ).map { OutputCalibration(slope: sign * $0.slope, intercept: $0.intercept) }
    }
}
