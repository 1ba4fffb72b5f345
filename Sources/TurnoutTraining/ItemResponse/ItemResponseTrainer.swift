import Foundation
import TurnoutCore
public import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Fits an ``ItemResponseEstimator`` by maximum likelihood with quadratic penalties.
public struct ItemResponseTrainer: RouterTrainer {
    /// `irt`.
    public static let kind = ItemResponseEstimator.kind

    let dimensions: Int
    let search: PenaltySearch

    /// Reads `dimensions` and `penalty`.
    public init(settings: inout TrainerSettings) throws {
        self.dimensions = try settings.integer("dimensions", default: 1, in: 1...64)
        self.search = try PenaltySearch(settings: &settings)
    }

    /// Fits abilities and the heads that predict difficulty and discrimination.
    ///
    /// - Complexity: about fifty passes of O(rows · (dimensions · features + models · dimensions)), for each penalty and
    ///   fold where the penalty is chosen.
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
    ) throws -> ItemResponseEstimator {
        let space = try FeatureSpace(examples.features)
        let features = space.matrix(examples.features)
        var random = SeededRandom(seed: context.seed)
        let loss = ResponseLoss(
            layer: LinearLayer(features, threads: context.threads), responses: Responses(examples.scores),
            penalties: space.penalties(penalty), dimensions: dimensions)
        guard let fitted = loss.minimised(from: loss.start(using: &random)) else {
            throw TurnoutError(.insufficientData, "abilities cannot be determined from these rows; add rows")
        }
        return ItemResponseEstimator(
            query: try space.model(heads: loss.heads(fitted), encoder: context.encoder),
            abilities: Matrix(
                rows: examples.models.count, columns: dimensions,
                storage: loss.abilities(fitted).map(Float.init)),
            range: examples.scores.range)
    }
}

/// Scores as shares of their scale, by rows.
struct Responses: Sendable {
    /// The responses to each row: row r has numbers `start[r]..<start[r + 1]`.
    private(set) var start: [Int] = [0]
    /// The model of each.
    private(set) var model: [Int32] = []
    /// Its score, 0…1.
    private(set) var share: [Float] = []
    /// The mean share of each model.
    let means: [Double]

    init(_ scores: ScoreTable) {
        let (low, width) = (scores.range.lowerBound, scores.range.upperBound - scores.range.lowerBound)
        func scaled(_ score: Double) -> Double { width > 0 ? (score - low) / width : 0.5 }
        let rows = scores.models.first?.targets.count ?? 0
        var table = [[(Int32, Float)]](repeating: [], count: rows)
        for (index, model) in scores.models.enumerated() {
            for row in model.rows { table[row].append((Int32(index), Float(scaled(model.targets[row])))) }
        }
        for responses in table {
            model += responses.map(\.0)
            share += responses.map(\.1)
            start.append(model.count)
        }
        self.means = scores.models.indices.map { scaled(scores.mean(ofModel: $0)) }
    }
}

/// Log-loss of responses, and what is minimised: the rows of A, then β, then θ, in one vector.
struct ResponseLoss: Sendable {
    let layer: LinearLayer
    let responses: Responses
    /// One for each column of the heads.
    let penalties: [Double]
    let dimensions: Int

    /// Pulls abilities and intercepts, which nothing else would hold where a model is always right.
    private static let trace = 1.0
    /// The output at which log(1 + eᶻ) is 1.
    private static let unit = log(M_E - 1)

    private var columns: Int { layer.features.columns }
    private var models: Int { responses.means.count }
    private var inner: Int { (dimensions + 1) * columns }

    /// Discriminations of 1, the mean difficulty, and abilities that yield the models' means.
    ///
    /// With several dimensions abilities are moved a little at random, or all dimensions would stay equal.
    func start(using random: inout SeededRandom) -> [Double] {
        let strengths = responses.means.map { mean in
            let safe = min(max(mean, 0.01), 0.99)
            return log(safe / (1 - safe))
        }
        let average = strengths.reduce(0, +) / Double(max(models, 1))
        var result = [Double](repeating: 0, count: inner)
        for head in 0..<dimensions { result[(head + 1) * columns - 1] = Self.unit }
        result[inner - 1] = -average
        for strength in strengths {
            for _ in 0..<dimensions {
                let shift = dimensions > 1 ? 0.2 * (random.uniform() - 0.5) : 0
                result.append((strength - average) / Double(dimensions) + shift)
            }
        }
        return result
    }

    /// Rows of A, then β.
    func heads(_ parameters: [Double]) -> [[Double]] {
        (0...dimensions).map { Array(parameters[$0 * columns..<($0 + 1) * columns]) }
    }

    /// θ; row-major, shape `[models, dimensions]`.
    func abilities(_ parameters: [Double]) -> [Double] { Array(parameters[inner...]) }

    /// The parameters at which the loss is least, near to where it starts; `nil` when the numbers do not allow it.
    func minimised(from start: [Double], tolerance: Double = 1e-7) -> [Double]? {
        let rows = layer.features.rows
        let gram = Gram.matrix(layer.features, rows: Array(0..<rows), threads: layer.threads)
        let trace = 1e-9 * (0..<gram.order).reduce(0) { $0 + gram[$1, $1] } / Double(gram.order)
        let answers = Double(responses.model.count) / Double(max(rows, 1))
        // How much a discrimination bends the loss depends on how far abilities are apart.
        let squares = abilities(start).reduce(0) { $0 + $1 * $1 } / Double(max(abilities(start).count, 1))
        let diagonal = penalties.map { $0 + trace + Self.trace }
        guard
            let difficulty = Cholesky(gram.scaled(by: 0.2 * answers).addingDiagonal(diagonal)),
            let discrimination = Cholesky(
                gram.scaled(by: 0.2 * answers * max(0.4 * squares, 0.01)).addingDiagonal(diagonal))
        else { return nil }
        let small = 1 / (0.2 * Double(responses.model.count) / Double(max(models, 1)) + Self.trace)
        return QuasiNewton.minimise(
            from: start, tolerance: tolerance * Double(rows),
            metric: { gradient in
                (0...dimensions).flatMap { head in
                    let part = Array(gradient[head * columns..<(head + 1) * columns])
                    return head < dimensions ? discrimination.solve(part) : difficulty.solve(part)
                } + gradient[inner...].map { $0 * small }
            },
            objective: evaluate)
    }

    /// The loss and its gradient.
    func evaluate(_ parameters: [Double]) -> (value: Double, gradient: [Double]) {
        let abilities = abilities(parameters)
        let (loss, gradient) = layer.evaluate(
            weights: Array(parameters[..<inner]), outputs: dimensions + 1, others: models * dimensions
        ) { row, projected, loss in
            add(row, projected, abilities, to: &loss)
        }
        var (value, result) = (loss.value, gradient + loss.others)
        for index in result.indices {
            let isHead = index < inner
            let penalty = (isHead ? penalties[index % columns] : 0) + Self.trace
            // Discriminations are pulled to 1, not to log 2.
            let isUnit = isHead && index % columns == columns - 1 && index / columns < dimensions
            let offset = parameters[index] - (isUnit ? Self.unit : 0)
            value += 0.5 * penalty * offset * offset
            result[index] += penalty * offset
        }
        return (value, result)
    }

    private func add(
        _ row: Int, _ projected: UnsafeMutableBufferPointer<Double>, _ abilities: [Double],
        to loss: inout LinearLayer.Loss
    ) {
        let outputs = (0..<dimensions).map { projected[$0] }
        let discriminations = outputs.map(softplus)
        let difficulty = projected[dimensions]
        for index in projected.indices { projected[index] = 0 }
        for index in responses.start[row]..<responses.start[row + 1] {
            let (model, share) = (Int(responses.model[index]), Double(responses.share[index]))
            var z = -difficulty
            for k in 0..<dimensions { z += discriminations[k] * abilities[model * dimensions + k] }
            loss.value += softplus(z) - share * z
            let slope = 1 / (1 + exp(-z)) - share
            projected[dimensions] -= slope
            for k in 0..<dimensions {
                projected[k] += slope * abilities[model * dimensions + k]
                loss.others[model * dimensions + k] += slope * discriminations[k]
            }
        }
        // The derivative of log(1 + eᶻ).
        for k in 0..<dimensions { projected[k] /= 1 + exp(-outputs[k]) }
    }
}
