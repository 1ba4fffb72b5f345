public import TurnoutRouting

/// Makes a ``RandomEstimator``, which learns nothing but the range of scores.
public struct RandomTrainer: RouterTrainer {
    /// `random`.
    public static let kind = RandomEstimator.kind

    /// There are no settings.
    public init(settings: inout TrainerSettings) throws {}

    /// The same for all rows; the seed is the context's.
    public func fit(_ examples: TrainingExamples, _ context: TrainingContext) throws -> any Estimator {
        RandomEstimator(seed: context.seed, models: examples.models.count, range: examples.scores.range)
    }
}
