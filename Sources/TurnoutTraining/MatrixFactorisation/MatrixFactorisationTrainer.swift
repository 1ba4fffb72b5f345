import Foundation
import TurnoutCore
public import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Trains a ``MatrixFactorisationEstimator`` on comparisons: battles, or who scored higher than whom.
///
/// A tie is half a win each. The reference leaves ties out, and so learns who wins where somebody does; the
/// share of the gap that a router recovers depends on how often that is the case.
public struct MatrixFactorisationTrainer: RouterTrainer {
    /// `matrix-factorisation`.
    public static let kind = MatrixFactorisationEstimator.kind
    /// Yes.
    public static let usesWeights = true

    let rank: Int
    let search: PenaltySearch

    /// Reads `dimensions` and `penalty`.
    public init(settings: inout TrainerSettings) throws {
        self.rank = try settings.integer("dimensions", default: 8, in: 1...1024)
        self.search = try PenaltySearch(settings: &settings)
    }

    /// Fits the factors by maximum likelihood with a quadratic penalty on the projection.
    ///
    /// - Complexity: about fifty passes of O(rows · (dimensions · features + models²)), for each penalty and fold where
    ///   the penalty is chosen.
    public func fit(_ examples: TrainingExamples, _ context: TrainingContext) throws -> any Estimator {
        try search.fit(examples, context) { try estimator($0, penalty: $1, context) }
    }

    /// Fits at the penalty that the folds prefer.
    public func crossFit(
        _ examples: TrainingExamples, folds: Folds, _ context: TrainingContext
    ) throws -> CrossFit {
        try search.crossFit(examples, folds: folds, context) { try estimator($0, penalty: $1, context) }
    }

    private func estimator(
        _ examples: TrainingExamples, penalty: Double, _ context: TrainingContext
    ) throws -> MatrixFactorisationEstimator {
        let comparisons = examples.comparisons
        guard !comparisons.first.isEmpty else {
            throw TurnoutError(
                .insufficientData,
                "no row compares two of the models; give battles, or scores of at least two models on the same prompts")
        }
        let space = try FeatureSpace(examples.features)
        let features = space.matrix(examples.features)
        let models = examples.models.count
        var random = SeededRandom(seed: context.seed)
        let start = ModelFactors(
            models: models, rank: min(rank, models), columns: features.columns, using: &random)
        let loss = ComparisonLoss(
            layer: LinearLayer(features, threads: context.threads), comparisons: comparisons,
            penalties: space.penalties(penalty), start: start)
        guard let fitted = loss.minimised() else {
            throw TurnoutError(.insufficientData, "the factors cannot be determined from these rows; add rows")
        }
        return MatrixFactorisationEstimator(model: try space.model(heads: fitted.heads, encoder: context.encoder))
    }
}

/// Log-loss of comparisons under given factors, and what is minimised.
struct ComparisonLoss: Sendable {
    let layer: LinearLayer
    let comparisons: ModelComparisons
    /// One for each column of the projection's rows.
    let penalties: [Double]
    let start: ModelFactors

    /// Keeps what nothing else determines, such as a common offset, from drifting.
    private static let trace = 1e-3

    /// The factors at which the loss is least; `nil` when the numbers do not allow it.
    func minimised() -> ModelFactors? {
        let rows = layer.features.rows
        let total = comparisons.start.indices.dropLast().reduce(0.0) { sum, row in
            sum + Double(comparisons.weight[row]) * Double(comparisons.start[row + 1] - comparisons.start[row])
        }
        // A comparison bends the loss by at most ¼, spread over the axes along which two unit vectors differ.
        let curvature = 0.5 / Double(start.rank) * total / Double(max(rows, 1))
        let gram = Gram.matrix(layer.features, rows: Array(0..<rows), threads: layer.threads)
        let trace = (0..<gram.order).reduce(0) { $0 + gram[$1, $1] } / Double(gram.order)
        guard
            let factor = Cholesky(
                gram.scaled(by: curvature).addingDiagonal(penalties.map { $0 + 1e-9 * trace + Self.trace }))
        else { return nil }
        let (inner, columns) = (start.projection.count, layer.features.columns)
        let small = 1 / (0.1 * total / Double(start.vectors.count) + Self.trace)
        let found = QuasiNewton.minimise(
            from: start.parameters, tolerance: 1e-7 * Double(rows),
            metric: { gradient in
                stride(from: 0, to: inner, by: columns).flatMap { factor.solve(Array(gradient[$0..<$0 + columns])) }
                    + gradient[inner...].map { $0 * small }
            },
            objective: { evaluate(start.with($0)) })
        return found.map(start.with)
    }

    /// The loss and its gradient, in the order of ``ModelFactors/parameters``.
    func evaluate(_ factors: ModelFactors) -> (value: Double, gradient: [Double]) {
        let (rank, models) = (factors.rank, factors.vectors.count)
        let (directions, offsets) = (factors.directions, factors.offsets)
        // The other parameters are v̂, then c.
        let (loss, gradient) = layer.evaluate(
            weights: factors.projection, outputs: rank, others: models * (rank + 1)
        ) { row, projected, loss in
            add(row, projected, directions, offsets, to: &loss)
        }
        let columns = penalties.count
        var value = loss.value
        var result = gradient
        for index in result.indices {
            let (penalty, weight) = (penalties[index % columns] + Self.trace, factors.projection[index])
            value += 0.5 * penalty * weight * weight
            result[index] += penalty * weight
        }
        for model in 0..<models {
            let direct = Array(loss.others[model * rank..<(model + 1) * rank])
            result += throughLength(direct, vector: factors.vectors[model], direction: directions[model])
        }
        for model in 0..<models {
            value += 0.5 * Self.trace * offsets[model] * offsets[model]
            result.append(loss.others[models * rank + model] + Self.trace * offsets[model])
        }
        return (value, result)
    }

    /// Adds what the comparisons of one row contribute; projections are replaced by derivatives.
    private func add(
        _ row: Int, _ projected: UnsafeMutableBufferPointer<Double>, _ directions: [[Double]], _ offsets: [Double],
        to loss: inout LinearLayer.Loss
    ) {
        let rank = projected.count
        let strengths = directions.indices.map { model in
            zip(directions[model], projected).reduce(offsets[model]) { $0 + $1.0 * $1.1 }
        }
        var slopes = [Double](repeating: 0, count: strengths.count)
        let weight = Double(comparisons.weight[row])
        for index in comparisons.start[row]..<comparisons.start[row + 1] {
            let (a, b) = (Int(comparisons.first[index]), Int(comparisons.second[index]))
            let (z, share) = (strengths[a] - strengths[b], Double(comparisons.share[index]))
            loss.value += weight * (softplus(z) - share * z)
            let slope = weight * (1 / (1 + exp(-z)) - share)
            slopes[a] += slope
            slopes[b] -= slope
        }
        let values = Array(projected)
        for axis in 0..<rank { projected[axis] = 0 }
        for (model, slope) in slopes.enumerated() where slope != 0 {
            for axis in 0..<rank {
                projected[axis] += slope * directions[model][axis]
                loss.others[model * rank + axis] += slope * values[axis]
            }
            loss.others[slopes.count * rank + model] += slope
        }
    }

    /// The derivative with respect to v of what depends on v / |v|.
    private func throughLength(_ gradient: [Double], vector: [Double], direction: [Double]) -> [Double] {
        let length = max(vector.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
        let along = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
        return zip(gradient, direction).map { ($0 - along * $1) / length }
    }
}
