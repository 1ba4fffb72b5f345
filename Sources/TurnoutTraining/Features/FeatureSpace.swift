import TurnoutEncoders
import TurnoutNumerics
import TurnoutRouting

/// The columns that heads are fitted on: scaled embedding ‖ surface basis ‖ 1.
///
/// The embedding is scaled as one block, to unit variance on average. Scaling each of its dimensions by itself
/// would blow the least important ones up to the size of the first; ridge regression would then have to learn that
/// they are noise.
struct FeatureSpace: Sendable {
    let embeddingDimension: Int
    let embeddingScale: Float
    let surface: SurfaceBasis

    /// Columns in all.
    var columns: Int { embeddingDimension + SurfaceBasis.count + 1 }

    /// Measures the scales on a table.
    ///
    /// - Parameters:
    ///   - table: Embeddings and surface features.
    ///   - weights: What each row counts for; equal unless given.
    /// - Throws: `TurnoutError` when a scale is not a positive number.
    init(_ table: FeatureTable, weights: [Double]? = nil) throws {
        let weights = weights ?? [Double](repeating: 1, count: table.rows)
        let embedding = Self.moments(table.embeddings, weights)
        let surface = Self.moments(table.surface, weights)
        let variance = embedding.variance.reduce(0, +) / Double(max(table.embeddings.columns, 1))
        self.embeddingDimension = table.embeddings.columns
        self.embeddingScale = variance > 0 ? Float(1 / variance.squareRoot()) : 1
        self.surface = try SurfaceBasis(
            centre: surface.mean.map(Float.init),
            spread: surface.variance.map { $0 > 1e-12 ? Float($0.squareRoot()) : 1 })
    }

    /// Shape `[table.rows, columns]`.
    func matrix(_ table: FeatureTable) -> Matrix {
        var storage: [Float] = []
        storage.reserveCapacity(table.rows * columns)
        for row in 0..<table.rows {
            for value in table.embeddings[row: row] { storage.append(value * embeddingScale) }
            storage.append(contentsOf: surface.expand(Array(table.surface[row: row])))
            storage.append(1)
        }
        return Matrix(rows: table.rows, columns: columns, storage: storage)
    }

    /// λ for each column: `penalty` on the embedding, a hundredth of it on the surface basis, none on the intercept.
    ///
    /// A few dozen surface columns are far better determined than the embedding's hundreds.
    func penalties(_ penalty: Double) -> [Double] {
        [Double](repeating: penalty, count: embeddingDimension)
            + [Double](repeating: penalty / 100, count: SurfaceBasis.count) + [0]
    }

    /// What is served: the same heads on the encoder's own scale.
    ///
    /// - Parameters:
    ///   - heads: One weight vector of ``columns`` numbers for each head.
    ///   - encoder: The encoder that made the embeddings.
    /// - Returns: A model whose outputs are those of the heads.
    /// - Throws: `TurnoutError` when a weight is not finite.
    func model(heads: [[Double]], encoder: any TextEncoder) throws -> LinearModel {
        let width = embeddingDimension + SurfaceBasis.count
        var weights = Matrix(rows: heads.count, columns: width)
        for (head, values) in heads.enumerated() {
            for column in 0..<width {
                let scale = column < embeddingDimension ? Double(embeddingScale) : 1
                weights[head, column] = Float(values[column] * scale)
            }
        }
        return try LinearModel(
            encoder: encoder, surface: surface, weights: weights, bias: heads.map { Float($0[width]) })
    }

    private static func moments(_ matrix: Matrix, _ weights: [Double]) -> (mean: [Double], variance: [Double]) {
        let total = weights.reduce(0, +)
        var mean = [Double](repeating: 0, count: matrix.columns)
        var variance = mean
        guard total > 0 else { return (mean, variance) }
        for row in 0..<matrix.rows {
            for (column, value) in matrix[row: row].enumerated() {
                mean[column] += weights[row] / total * Double(value)
            }
        }
        for row in 0..<matrix.rows {
            for (column, value) in matrix[row: row].enumerated() {
                let offset = Double(value) - mean[column]
                variance[column] += weights[row] / total * offset * offset
            }
        }
        return (mean, variance)
    }
}
