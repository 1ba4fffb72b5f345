import Foundation
public import TurnoutCore
public import TurnoutEvaluation
import TurnoutRouting

extension PairTuning {
    /// What is learnt of two models.
    public enum Kind: Sendable, Equatable {
        /// Who wins, for a `classifier` router: three classes (strong wins, tie, weak wins) and cross-entropy.
        ///
        /// Ong et al. 2024, "RouteLLM", section 4.2, the BERT classifier.
        case classifier
        /// Whether the small model's answer suffices, for a `hybrid` router: soft labels and binary cross-entropy.
        ///
        /// Ding et al. 2024, "Hybrid LLM", section 3.
        case hybrid(HybridLabels.Kind)

        /// The kind of router.
        public var router: String {
            switch self {
            case .classifier: ClassifierEstimator.kind
            case .hybrid: HybridEstimator.kind
            }
        }

        /// Whether held-out prompts choose the best epoch; otherwise the last weights are kept.
        var choosesEpoch: Bool { self != .classifier }
    }

    /// How a router that tunes an encoder for two models is trained.
    public struct Options: Sendable {
        /// What is learnt.
        public var kind: Kind
        /// How the encoder is tuned: at a rate of 1e-5.
        ///
        /// A `classifier` learns for one epoch and 2,000 steps at most, as in RouteLLM, a `hybrid` router for five epochs, as
        /// in Hybrid LLM.
        public var tuning: FineTuningOptions
        /// The weak model and the strong one; those of the data when empty.
        public var models: [ModelID] = []
        /// The state is kept here, so that a run can be taken up again; `nil` for nowhere.
        public var checkpoint: CheckpointPlan?
        /// The most threads to use; the result is the same with any number.
        public var threads = ProcessInfo.processInfo.activeProcessorCount
        /// Bootstrap resamples behind the intervals on the card.
        public var resamples = 1000
        /// Date and time for the card, ISO 8601; the trainer has no clock.
        public var createdAt: String
        /// The licence of the data, for the card.
        public var licence: String?
        /// The name of the encoder before it was tuned, for the card.
        public var encoderName: String?

        /// All defaults of a kind.
        public init(_ kind: Kind, createdAt: String) {
            self.kind = kind
            self.createdAt = createdAt
            tuning = FineTuningOptions()
            tuning.learningRate = 1e-5
            tuning.seed = 0
            switch kind {
            case .classifier: tuning.maximalSteps = 2000
            case .hybrid: tuning.epochs = 5
            }
        }

        /// Reads settings of the form `name=value`; `nil` for a router that tunes no encoder for two models: any but
        /// `classifier`, and `hybrid` with `tune=true`.
        ///
        /// - Parameters:
        ///   - router: The kind of router.
        ///   - settings: Its settings.
        ///   - createdAt: Date and time for the card, ISO 8601.
        /// - Throws: ``TurnoutError`` with code `.invalidArgument` for an unknown setting or a bad value.
        public init?(router: String, settings: [String], createdAt: String) throws {
            var settings = try TrainerSettings(settings, kind: router)
            switch router {
            case ClassifierEstimator.kind: self.init(.classifier, createdAt: createdAt)
            case HybridEstimator.kind:
                guard try settings.flag(Self.tune, default: false) else { return nil }
                let labels: HybridLabels.Kind = try settings.choice("labels", default: .transformed)
                self.init(.hybrid(labels), createdAt: createdAt)
            default: return nil
            }
            try tuning.apply(&settings)
            tuning.maximalSteps = try settings.integer("steps", in: 1...1_000_000) ?? tuning.maximalSteps
            try settings.finish()
        }

        /// The setting that says whether a `hybrid` router tunes its encoder.
        static let tune = "tune"
    }
}
