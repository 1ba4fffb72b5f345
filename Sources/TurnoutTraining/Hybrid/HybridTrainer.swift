import TurnoutCore
public import TurnoutEvaluation
public import TurnoutRouting

/// Trains a ``HybridEstimator``: one logistic head on soft labels of whether the small model suffices.
///
/// The encoder stays as it is; ``PairTuning`` tunes it. The head is the linear kind's: the penalty is chosen by
/// cross-validation, and held-out rows calibrate it.
public struct HybridTrainer: RouterTrainer {
    /// `hybrid`.
    public static let kind = HybridEstimator.kind

    /// Which labels are learnt.
    let labels: HybridLabels.Kind
    private let linear: LinearTrainer

    /// Reads `labels`, and the settings of a linear router.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for a value out of range, and for `tune=true`.
    public init(settings: inout TrainerSettings) throws {
        guard try !settings.flag(PairTuning.Options.tune, default: false) else {
            throw TurnoutError(
                .invalidArgument, "with tune=true a hybrid router does not learn in folds; train it by itself")
        }
        self.labels = try settings.choice("labels", default: .transformed)
        self.linear = try LinearTrainer(settings: &settings)
    }

    /// Fits the head, the penalty chosen by five random folds.
    public func fit(_ examples: TrainingExamples, _ context: TrainingContext) throws -> any Estimator {
        let folds = try Folds.random(rows: examples.rows.count, folds: 5, seed: context.seed)
        return try crossFit(examples, folds: folds, context).estimator
    }

    /// Fits the head, the penalty chosen by the folds.
    ///
    /// - Throws: ``TurnoutError`` with code `.unsupported` for other than two models, `.insufficientData` when all labels
    ///   are the same.
    public func crossFit(
        _ examples: TrainingExamples, folds: Folds, _ context: TrainingContext
    ) throws -> CrossFit {
        guard examples.models.count == 2 else {
            throw TurnoutError(
                .unsupported,
                """
                a hybrid router chooses between two models, and these data have \(examples.models.count); name a small and \
                a large one with --models
                """)
        }
        let (small, large) = (examples.models[0], examples.models[1])
        let samples = examples.rows.map { QualitySamples($0, small: small, large: large) }
        let rows = samples.indices.filter { samples[$0] != nil }
        let made = HybridLabels(labels, samples.compactMap { $0 })
        var targets = [Double?](repeating: nil, count: samples.count)
        for (row, label) in zip(rows, made.values) { targets[row] = label }
        guard let low = made.values.min(), let high = made.values.max(), low < high else {
            throw TurnoutError(
                .insufficientData,
                "'\(small)' is as good on every query as it is on any other beside '\(large)': there is nothing to learn"
            )
        }
        let table = ScoreTable(targets: [targets, targets.map { $0.map { _ in 1 } }])
        let head = try linear.fitHeads(.logistic, [table.models[0]], examples.features, folds: folds, context)
        let estimator = HybridEstimator(model: head.model, labels: labels.rawValue, relaxation: made.relaxation)
        var fit = CrossFit(
            estimator: estimator,
            outOfFold: head.outOfFold + [[Double](repeating: 1, count: examples.rows.count)])
        fit.targets = table
        fit.note = "Labels: \(labels.rawValue), t* = \(made.relaxation)."
        return fit
    }
}
