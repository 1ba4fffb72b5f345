import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics

/// The head of a `setfit` router: from vectors to a probability for each class.
enum SetFitHead {
    /// Fits it to the vectors of some texts.
    ///
    /// - Parameters:
    ///   - vectors: Shape `[texts, features]`.
    ///   - labels: The class of each text.
    ///   - classes: How many classes there are.
    ///   - options: Which kind of head, and where random numbers start.
    /// - Returns: The head.
    /// - Throws: `TurnoutError` with code `.insufficientData` when the numbers do not allow a solution.
    static func fit(
        _ vectors: Matrix, labels: [Int], classes: Int, _ options: SetFitOptions
    ) throws -> SoftmaxRegression {
        let head: SoftmaxRegression?
        switch options.head {
        case .logistic(let inversePenalty):
            head = SoftmaxRegression.fit(vectors, classes: labels, count: classes, inverse: inversePenalty)
        case .differentiable(let settings):
            head = DifferentiableHead.fit(
                vectors, labels: labels, classes: classes, settings, seed: options.tuning.seed)
        }
        guard let head, (head.weights.storage + head.bias).allSatisfy(\.isFinite) else {
            throw TurnoutError(
                .insufficientData, "no head can be fitted to these vectors; lower the learning rate or add rows")
        }
        return head
    }
}

extension SetFitOptions.Head: CustomStringConvertible {
    /// What a checkpoint must agree on.
    public var description: String {
        switch self {
        case .logistic(let inversePenalty): "\(inversePenalty)"
        case .differentiable(let options): "\(options)"
        }
    }
}

extension ClassificationHead {
    /// A head as folders of SetFit have it: classes are numbers, and two of them have one output, the difference.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` for weights that are beyond any training.
    init(_ head: SoftmaxRegression) throws {
        var (weights, bias) = (head.weights, head.bias)
        if bias.count == 2 {
            weights = Matrix(
                rows: 1, columns: weights.columns, storage: zip(weights[row: 1], weights[row: 0]).map { $0 - $1 })
            bias = [bias[1] - bias[0]]
        }
        try self.init(classes: head.bias.indices.map(ClassLabel.integer), weights: weights, bias: bias)
    }
}
