import Foundation
import TurnoutCore

/// How an encoder is tuned; the defaults are those of SetFit.
public struct FineTuningOptions: Sendable, Codable, Equatable {
    /// The learning rate at its highest.
    public var learningRate = 2e-5
    /// Examples of one step.
    public var batchSize = 16
    /// Batches whose gradients are averaged before a step.
    public var accumulation = 1
    /// How often all examples are gone through.
    public var epochs = 1
    /// Steps after which learning ends, however many examples are left; `nil` for no such end.
    public var maximalSteps: Int?
    /// The share of steps over which the learning rate rises.
    public var warmupShare = 0.1
    /// What share of a weight is taken off in a step, times the learning rate; biases and layer norms are spared.
    public var weightDecay = 0.01
    /// The greatest length of the gradient; a longer one is shortened to it.
    public var maximalNorm = 1.0
    /// The share of numbers that are left out while learning.
    ///
    /// Default `nil`: what the encoder's `config.json` says.
    public var dropout: Double?
    /// Layers from the first on that stay as they are, the embeddings with them; 0 for none.
    public var frozenLayers = 0
    /// Epochs without a better score after which learning stops; `nil` for never.
    public var patience: Int?
    /// Where random numbers start.
    public var seed: UInt64 = 42

    /// How large a batch may be, and how many batches a step may have.
    public static let batchSizes = 1...1_000_000
    /// How many epochs there may be.
    public static let epochCounts = 1...1000

    /// All defaults.
    public init() {}

    /// Reads those settings that any kind of router that tunes an encoder has.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for a bad value.
    mutating func apply(_ settings: inout TrainerSettings) throws {
        learningRate = try settings.number("learning_rate", default: learningRate, in: 1e-9...1)
        batchSize = try settings.integer("batch_size", default: batchSize, in: Self.batchSizes)
        accumulation = try settings.integer("accumulation", default: accumulation, in: Self.batchSizes)
        epochs = try settings.integer("epochs", default: epochs, in: Self.epochCounts)
        warmupShare = try settings.number("warmup", default: warmupShare, in: 0...1)
        weightDecay = try settings.number("weight_decay", default: weightDecay, in: 0...1)
        maximalNorm = try settings.number("clip", default: maximalNorm, in: 1e-6...1e6)
        dropout = try settings.number("dropout", in: 0...0.99) ?? dropout
        frozenLayers = try settings.integer("frozen_layers", default: frozenLayers, in: 0...1000)
    }

    /// Refuses more frozen layers than an encoder has.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    func check(layers: Int) throws {
        guard frozenLayers <= layers else {
            throw TurnoutError(
                .invalidArgument, "frozen_layers is \(frozenLayers), and the encoder has \(layers) layers")
        }
    }

    /// Refuses what cannot be.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`, naming the option.
    func check() throws {
        func words(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound) to \(range.upperBound)" }
        let rules: [(Bool, String)] = [
            (learningRate > 0 && learningRate.isFinite, "the learning rate is \(learningRate), but must be above 0"),
            (Self.batchSizes ~= batchSize, "the batch size is \(batchSize), but must be \(words(Self.batchSizes))"),
            (Self.batchSizes ~= accumulation, "accumulation is \(accumulation), but must be \(words(Self.batchSizes))"),
            (Self.epochCounts ~= epochs, "epochs are \(epochs), but must be \(words(Self.epochCounts))"),
            (maximalSteps ?? 1 > 0, "steps are \(maximalSteps ?? 0), but must be at least 1"),
            ((0...1).contains(warmupShare), "the warm-up is \(warmupShare), but must be a share of all steps, 0 to 1"),
            (weightDecay >= 0, "the weight decay is \(weightDecay), but must not be negative"),
            (maximalNorm > 0, "the greatest length of the gradient is \(maximalNorm), but must be above 0"),
            (dropout.map { (0..<1).contains($0) } ?? true, "dropout is \(dropout ?? 0), but must be from 0 to below 1"),
            (frozenLayers >= 0, "frozen layers are \(frozenLayers), but must not be negative"),
            (patience ?? 1 > 0, "patience is \(patience ?? 0), but must be at least 1 epoch"),
        ]
        for (holds, message) in rules where !holds { throw TurnoutError(.invalidArgument, message) }
    }
}

/// Where and how often the state of learning is written, so that it can be taken up after a crash.
public struct CheckpointPlan: Sendable, Equatable {
    /// The file; it is removed once the router is written.
    public var path: String
    /// Steps between two writings.
    public var everySteps: Int

    /// Sets file and distance.
    public init(path: String, everySteps: Int) {
        self.path = path
        self.everySteps = everySteps
    }
}

/// How far tuning has come.
public struct FineTuningProgress: Sendable, Equatable {
    /// Steps that are done, and in all.
    public var step, steps: Int
    /// The loss of the step, before the weights moved.
    public var loss: Double
    /// Epochs that are done.
    public var epoch: Int
    /// What was measured at the end of the last epoch, such as accuracy; `nil` where nothing was.
    public var score: Double?

    /// Is told of progress after every step.
    public typealias Handler = @Sendable (FineTuningProgress) -> Void
}
