import TurnoutCore
public import TurnoutEncoders
public import TurnoutEvaluation
public import TurnoutRouting

/// How one kind of router learns: the counterpart of an ``Estimator``.
///
/// Everything else (reading, folds, intervals, figures, the card) is the same for all kinds and stands in
/// ``RouterTraining``. A new kind is a type that conforms and a line in ``RouterTrainers/all``.
public protocol RouterTrainer: Sendable {
    /// The name of the kind, that of its estimator.
    static var kind: String { get }
    /// Whether the kind heeds the weights of rows; rows of different weights are refused where it does not.
    static var usesWeights: Bool { get }

    /// Reads the kind's own settings, all of which have defaults.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for a value out of range.
    init(settings: inout TrainerSettings) throws

    /// Learns from all the examples.
    ///
    /// - Throws: ``TurnoutError`` with code `.insufficientData` when nothing can be learnt from them.
    func fit(_ examples: TrainingExamples, _ context: TrainingContext) throws -> any Estimator

    /// Learns from all the examples and, for each fold, from the others.
    ///
    /// Kinds that can share work between the folds implement it; the others get it from ``fit(_:_:)``.
    ///
    /// - Throws: ``TurnoutError`` as ``fit(_:_:)`` does.
    func crossFit(_ examples: TrainingExamples, folds: Folds, _ context: TrainingContext) throws -> CrossFit
}

/// An estimator, and what fits like it said of rows they had not seen.
public struct CrossFit: Sendable {
    /// Fitted to all rows.
    public var estimator: any Estimator
    /// Estimates of every row by a fit that did not see the row's fold; shape `[models][rows]`.
    public var outOfFold: [[Double]]
    /// What the estimates are of, where that is neither scores nor wins.
    var targets: ScoreTable?
    /// A sentence for the card on what the kind chose by itself.
    var note: String?

    /// Bundles estimator and estimates.
    public init(estimator: any Estimator, outOfFold: [[Double]]) {
        self.estimator = estimator
        self.outOfFold = outOfFold
    }
}

/// What every trainer is given beside the examples.
public struct TrainingContext: Sendable {
    /// Made the embeddings.
    public var encoder: any TextEncoder
    /// Where random numbers start.
    public var seed: UInt64
    /// The most threads to use; the result is the same with any number.
    public var threads: Int
    /// Is told how far training has come.
    public var progress: TrainingProgress.Handler?

    /// Bundles all four.
    public init(encoder: any TextEncoder, seed: UInt64, threads: Int, progress: TrainingProgress.Handler? = nil) {
        self.encoder = encoder
        self.seed = seed
        self.threads = threads
        self.progress = progress
    }
}

extension RouterTrainer {
    /// Most kinds count every row the same.
    public static var usesWeights: Bool { false }

    /// One fit for each fold and one for all rows.
    public func crossFit(
        _ examples: TrainingExamples, folds: Folds, _ context: TrainingContext
    ) throws -> CrossFit {
        let outOfFold = try examples.outOfFold(folds, threads: context.threads) { kept, fold in
            context.progress?(TrainingProgress(stage: .validating, completed: fold, total: folds.count))
            return try fit(kept, context)
        }
        context.progress?(TrainingProgress(stage: .fitting, completed: 0, total: 1))
        return CrossFit(estimator: try fit(examples, context), outOfFold: outOfFold)
    }
}

/// The kinds of router that learn from outcomes or battles.
public enum RouterTrainers {
    /// Every one of them.
    public static let all: [any RouterTrainer.Type] = [
        RandomTrainer.self, LengthTrainer.self, NearestNeighboursTrainer.self, ClusterTrainer.self, LinearTrainer.self,
        MatrixFactorisationTrainer.self, ItemResponseTrainer.self, EnsembleTrainer.self,
        SimilarityWeightedTrainer.self, HybridTrainer.self,
    ]

    /// How estimates of a kind compare; `nil` for an unknown kind.
    public static func comparison(of kind: String) -> Comparison? {
        EstimateRouter.kinds.first { $0.kind == kind }?.comparison
    }

    /// A trainer by the name of its kind.
    ///
    /// - Parameters:
    ///   - kind: Such as `linear`.
    ///   - settings: The kind's own settings as `name=value`.
    /// - Returns: The trainer.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for an unknown kind, an unknown setting or a bad value.
    public static func trainer(_ kind: String, settings: [String] = []) throws -> any RouterTrainer {
        guard let type = all.first(where: { $0.kind == kind }) else {
            let known = all.map { $0.kind }.joined(separator: ", ")
            throw TurnoutError(.invalidArgument, "'\(kind)' is no kind of router that can be trained; known: \(known)")
        }
        var settings = try TrainerSettings(settings, kind: kind)
        let trainer = try type.init(settings: &settings)
        try settings.finish()
        return trainer
    }
}
