import TurnoutCore
import TurnoutNumerics
public import TurnoutRouting

/// Makes a ``NearestNeighboursEstimator``, which remembers every training prompt.
public struct NearestNeighboursTrainer: RouterTrainer {
    /// `knn`.
    public static let kind = NearestNeighboursEstimator.kind

    let neighbours: Int
    let sharpness: Double
    let shrinkage: Double
    let guardErrors: Double
    let margin: Double
    let surfaceWeight: Double

    /// Reads `neighbours`, `sharpness`, `shrinkage`, `guard`, `margin` and `surface_weight`.
    public init(settings: inout TrainerSettings) throws {
        self.neighbours = try settings.integer("neighbours", default: 100, in: 1...10_000)
        self.sharpness = try settings.number("sharpness", default: 5, in: 0...1000)
        self.shrinkage = try settings.number("shrinkage", default: 10, in: 0...10_000)
        self.guardErrors = try settings.number("guard", default: 1, in: 0...100)
        self.margin = try settings.number("margin", default: 0, in: 0...1e6)
        self.surfaceWeight = try settings.number("surface_weight", default: 0.2, in: 0...1000)
    }

    /// Remembers the examples; the default model is the one with the best mean score.
    public func fit(_ examples: TrainingExamples, _ context: TrainingContext) throws -> any Estimator {
        let space = try SimilaritySpace(examples.features, surfaceWeight: surfaceWeight)
        return NearestNeighboursEstimator(
            space: space, prompts: CosineTable(space.matrix(examples.features)),
            outcomes: examples.scores.matrix(),
            settings: .init(
                neighbours: neighbours, sharpness: Float(sharpness), shrinkage: Float(shrinkage),
                guardErrors: Float(guardErrors), margin: Float(margin), defaultModel: examples.models.count - 1))
    }
}

extension SimilaritySpace {
    /// Scales surface features by their mean and deviation in a table.
    init(_ table: FeatureTable, surfaceWeight: Double) throws {
        self.init(surface: try FeatureSpace(table).surface, surfaceWeight: Float(surfaceWeight))
    }

    /// The vectors of a table's texts, one in each row.
    func matrix(_ table: FeatureTable) -> Matrix {
        let columns = dimension(embedding: table.embeddings.columns)
        var storage: [Float] = []
        storage.reserveCapacity(table.rows * columns)
        for row in 0..<table.rows {
            storage.append(contentsOf: vector(embedding: table.embeddings[row: row], surface: table.surface[row: row]))
        }
        return Matrix(rows: table.rows, columns: columns, storage: storage)
    }
}

extension ScoreTable {
    /// Score of each model on each row, NaN where there is none; shape `[rows, models]`.
    func matrix() -> Matrix {
        var result = Matrix(rows: models.first?.targets.count ?? 0, columns: models.count)
        for index in result.storage.indices { result.storage[index] = .nan }
        for (column, model) in models.enumerated() {
            for row in model.rows { result[row, column] = Float(model.targets[row]) }
        }
        return result
    }
}
