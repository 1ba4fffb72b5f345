import TurnoutCore
public import TurnoutEvaluation
public import TurnoutRouting

/// Trains both members of an ``EnsembleEstimator`` on the same examples and folds.
public struct EnsembleTrainer: RouterTrainer {
    /// `ensemble`.
    public static let kind = EnsembleEstimator.kind

    let linear: LinearTrainer
    let neighbours: NearestNeighboursTrainer

    /// Reads the settings of both members.
    public init(settings: inout TrainerSettings) throws {
        self.linear = try LinearTrainer(settings: &settings)
        self.neighbours = try NearestNeighboursTrainer(settings: &settings)
    }

    /// Fits both members to all examples.
    public func fit(_ examples: TrainingExamples, _ context: TrainingContext) throws -> any Estimator {
        try Self.combined(linear.fit(examples, context), neighbours.fit(examples, context))
    }

    /// Fits both members and averages their held-out estimates.
    public func crossFit(
        _ examples: TrainingExamples, folds: Folds, _ context: TrainingContext
    ) throws -> CrossFit {
        let (a, b) = (
            try linear.crossFit(examples, folds: folds, context),
            try neighbours.crossFit(examples, folds: folds, context)
        )
        return CrossFit(
            estimator: try Self.combined(a.estimator, b.estimator),
            outOfFold: zip(a.outOfFold, b.outOfFold).map { zip($0, $1).map { ($0 + $1) / 2 } })
    }

    private static func combined(_ a: any Estimator, _ b: any Estimator) throws -> any Estimator {
        guard let linear = a as? LinearEstimator, let neighbours = b as? NearestNeighboursEstimator else {
            throw TurnoutError(.unsupported, "an ensemble is made of a linear and a knn router")
        }
        return EnsembleEstimator(linear: linear, neighbours: neighbours)
    }
}
