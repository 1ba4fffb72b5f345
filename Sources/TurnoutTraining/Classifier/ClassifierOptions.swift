import Foundation
public import TurnoutCore

extension ClassifierTraining {
    /// How a `classifier` router is trained; the defaults are those of RouteLLM.
    public struct Options: Sendable {
        /// How the encoder is tuned: at a rate of 1e-5 for one epoch, and for 2,000 steps at most.
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

        /// All defaults.
        public init(createdAt: String) {
            self.createdAt = createdAt
            tuning = FineTuningOptions()
            tuning.learningRate = 1e-5
            tuning.maximalSteps = 2000
            tuning.seed = 0
        }

        /// Reads settings of the form `name=value`.
        ///
        /// - Throws: ``TurnoutError`` with code `.invalidArgument` for an unknown setting or a bad value.
        public mutating func apply(_ settings: [String]) throws {
            var settings = try TrainerSettings(settings, kind: ClassifierTraining.kind)
            try tuning.apply(&settings)
            tuning.maximalSteps = try settings.integer("steps", default: 2000, in: 1...1_000_000)
            try settings.finish()
        }
    }
}
