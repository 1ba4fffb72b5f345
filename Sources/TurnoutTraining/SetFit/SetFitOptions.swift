import Foundation
public import TurnoutCore

/// How a `setfit` router is trained; the defaults are those of the reference.
public struct SetFitOptions: Sendable {
    /// How the encoder is tuned.
    public var tuning = FineTuningOptions()
    /// How pairs are drawn.
    public var pairs = PairSampling()
    /// What learns the classes from the tuned encoder's vectors.
    public var head = Head.logistic(inversePenalty: 1)
    /// The share of rows that is held out, stratified: half of it to choose the best epoch by, half to test on.
    ///
    /// 0 when all rows are learnt from and nothing is measured.
    public var heldOutShare = 0.0
    /// The model of each class, the weakest first; when empty, classes are called after their models.
    public var classMap: [(className: String, model: ModelID)] = []
    /// The state is kept here, so that a run can be taken up again; `nil` for nowhere.
    public var checkpoint: CheckpointPlan?
    /// The most threads to use; the result is the same with any number.
    public var threads = ProcessInfo.processInfo.activeProcessorCount
    /// Date and time for the card, ISO 8601; the trainer has no clock.
    public var createdAt: String
    /// The licence of the data, for the card.
    public var licence: String?
    /// The name of the encoder before it was tuned, for the card.
    public var encoderName: String?

    /// What learns the classes from the tuned encoder's vectors.
    public enum Head: Sendable, Equatable {
        /// scikit-learn's logistic regression; C is the inverse of its penalty.
        case logistic(inversePenalty: Double)
        /// A linear layer that learns by gradient descent.
        case differentiable(DifferentiableHeadOptions)

        private enum Kind: String, CaseIterable {
            case logistic, differentiable
        }

        /// Reads the kind of head and the settings that this kind has.
        mutating func apply(_ settings: inout TrainerSettings) throws {
            switch try settings.choice("head", default: kind) {
            case .logistic:
                try settings.refuse(DifferentiableHeadOptions.names, withoutSetting: "head=differentiable")
                var inverse = 1.0
                if case .logistic(let given) = self { inverse = given }
                self = .logistic(inversePenalty: try settings.number("head_c", default: inverse, in: 1e-9...1e9))
            case .differentiable:
                try settings.refuse(["head_c"], withoutSetting: "head=logistic")
                var options = DifferentiableHeadOptions()
                if case .differentiable(let given) = self { options = given }
                try options.apply(&settings)
                self = .differentiable(options)
            }
        }

        private var kind: Kind {
            if case .logistic = self { .logistic } else { .differentiable }
        }
    }

    /// What share may be held out.
    public static let heldOutShares = 0...0.9

    /// Refuses what cannot be.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`, naming the option.
    func check() throws {
        try tuning.check()
        guard Self.heldOutShares ~= heldOutShare else {
            throw TurnoutError(
                .invalidArgument,
                "test_size is \(heldOutShare), but must lie between 0 and \(Self.heldOutShares.upperBound)")
        }
        guard tuning.patience == nil || heldOutShare > 0 else {
            throw TurnoutError(
                .invalidArgument, "patience has no use where nothing is held out; give test_size with it, such as 0.2")
        }
    }

    /// All defaults.
    public init(createdAt: String) { self.createdAt = createdAt }

    /// Reads settings of the form `name=value`.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for an unknown setting or a bad value.
    public mutating func apply(_ settings: [String]) throws {
        var settings = try TrainerSettings(settings, kind: "setfit")
        try tuning.apply(&settings)
        tuning.patience = try settings.integer("patience", in: FineTuningOptions.epochCounts) ?? tuning.patience
        pairs.strategy = try settings.choice("sampling", default: pairs.strategy)
        pairs.iterations = try settings.integer("iterations", in: 1...1_000_000) ?? pairs.iterations
        try head.apply(&settings)
        heldOutShare = try settings.number("test_size", default: heldOutShare, in: Self.heldOutShares)
        try settings.finish()
    }
}
