import Foundation
import TurnoutNumerics

/// How a differentiable head learns; the defaults are those of the reference.
public struct DifferentiableHeadOptions: Sendable, Equatable {
    /// How often all texts are gone through.
    public var epochs = 16
    /// Texts of a step.
    public var batchSize = 2
    /// The learning rate of the first five epochs; it is halved after every five.
    public var learningRate = 0.01
    /// What share of a weight, biases included, is taken off in a step, times the learning rate.
    public var weightDecay = 0.01

    /// The names of its settings.
    static let names = ["head_epochs", "head_batch_size", "head_learning_rate", "head_weight_decay"]

    /// All defaults.
    public init() {}

    mutating func apply(_ settings: inout TrainerSettings) throws {
        epochs = try settings.integer("head_epochs", default: epochs, in: 1...1_000_000)
        batchSize = try settings.integer("head_batch_size", default: batchSize, in: 1...1_000_000)
        learningRate = try settings.number("head_learning_rate", default: learningRate, in: 1e-9...1)
        weightDecay = try settings.number("head_weight_decay", default: weightDecay, in: 0...1)
    }
}

/// A linear layer that learns classes from vectors by gradient descent: P = softmax((W e + b) / (1 + 10⁻⁵)).
///
/// Cross-entropy, AdamW. `SetFitHead` of setfit 1.2 with its usual trainer, which leaves the encoder as it is by then; the
/// divisor is that head's temperature. Two classes have two rows, as there.
final class DifferentiableHead {
    private static let temperature: Float = 1 + 1e-5

    /// W, shape `[classes, width]`, then b; and of the same shape gradients and moments.
    private let weights, gradients, first, second: FloatBlock
    private let width, classes: Int
    private let optimiser: AdamW
    private var steps = 0

    /// Starts from given weights.
    init(weights given: Matrix, bias: [Float], weightDecay: Double) {
        (width, classes) = (given.columns, given.rows)
        let count = classes * (width + 1)
        weights = FloatBlock(count: count)
        gradients = FloatBlock(count: count)
        first = FloatBlock(count: count)
        second = FloatBlock(count: count)
        optimiser = AdamW(weightDecay: weightDecay)
        weights.start.update(from: given.storage + bias, count: count)
    }

    /// Fits a head to vectors.
    ///
    /// - Parameters:
    ///   - vectors: Shape `[texts, width]`.
    ///   - labels: The class of each text.
    ///   - classes: How many classes there are.
    ///   - options: How it learns.
    ///   - seed: Where random numbers start: the first weights, and the order of the texts.
    /// - Returns: The head, its temperature multiplied out.
    /// - Complexity: O(epochs · texts · classes · width)
    static func fit(
        _ vectors: Matrix, labels: [Int], classes: Int, _ options: DifferentiableHeadOptions, seed: UInt64
    ) -> SoftmaxRegression {
        var random = SeededRandom(seed: seed)
        // Glorot & Bengio 2010, equation 16.
        let bound = (6 / Double(vectors.columns + classes)).squareRoot()
        let weights = (0..<classes * vectors.columns).map { _ in Float(bound * (2 * random.uniform() - 1)) }
        let head = DifferentiableHead(
            weights: Matrix(rows: classes, columns: vectors.columns, storage: weights),
            bias: [Float](repeating: 0.01, count: classes), weightDecay: options.weightDecay)
        for epoch in 0..<options.epochs {
            let order = random.permutation(of: vectors.rows)
            let rate = options.learningRate * pow(0.5, Double(epoch / 5))
            for start in stride(from: 0, to: order.count, by: options.batchSize) {
                let batch = order[start..<min(start + options.batchSize, order.count)]
                head.learn(batch.map { (Array(vectors[row: $0]), labels[$0]) }, rate: rate)
            }
        }
        return head.regression
    }

    /// One step.
    ///
    /// - Parameters:
    ///   - examples: Vectors and their classes.
    ///   - rate: The learning rate.
    /// - Returns: The mean loss of the examples before the step.
    @discardableResult
    func learn(_ examples: [(vector: [Float], label: Int)], rate: Double) -> Double {
        gradients.start.update(repeating: 0, count: gradients.count)
        let loss = examples.reduce(0.0) { $0 + addGradient($1.vector, label: $1.label) } / Double(examples.count)
        steps += 1
        Kernels.best.apply(
            optimiser.step(steps, rate: rate, gradientScale: 1 / Double(examples.count)), decays: true,
            weights: weights.start, gradients: gradients.start, first: first.start, second: second.start,
            count: weights.count)
        return loss
    }

    private func addGradient(_ vector: [Float], label: Int) -> Double {
        let targets = (0..<classes).map { $0 == label ? 1.0 : 0 }
        let (value, slopes) = ClassTask.loss(.crossEntropy, logits: logits(of: vector), targets: targets)
        vector.withUnsafeBufferPointer { vector in
            for (c, slope) in slopes.enumerated() {
                let slope = Float(slope) / Self.temperature
                let row = UnsafeMutableBufferPointer(start: gradients.start + c * width, count: width)
                addScaled(slope, vector, to: row)
                gradients.start[classes * width + c] += slope
            }
        }
        return value
    }

    /// What the softmax is taken of.
    private func logits(of vector: [Float]) -> [Double] {
        vector.withUnsafeBufferPointer { vector in
            (0..<classes).map { c in
                let row = UnsafeBufferPointer(start: weights.start + c * width, count: width)
                return Double((dot(row, vector) + weights.start[classes * width + c]) / Self.temperature)
            }
        }
    }

    /// The same head without a temperature.
    var regression: SoftmaxRegression {
        let scaled = weights.array(0..<weights.count).map { $0 / Self.temperature }
        return SoftmaxRegression(
            weights: Matrix(rows: classes, columns: width, storage: Array(scaled.prefix(classes * width))),
            bias: Array(scaled.suffix(classes)))
    }
}
