import TurnoutEncoders
public import TurnoutNumerics
import TurnoutRouting

/// Embeddings and surface features of texts, computed once and used in every fold.
public struct FeatureTable: Sendable {
    /// Shape `[texts, encoder.dimension]`.
    public var embeddings: Matrix
    /// Shape `[texts, SurfaceFeatures.count]`, as extracted.
    public var surface: Matrix

    var rows: Int { embeddings.rows }

    /// Encodes texts on several threads.
    static func make(
        _ texts: [String], encoder: any TextEncoder, threads: Int, progress: TrainingProgress.Handler?
    ) -> FeatureTable {
        let block = 256
        let blocks = (texts.count + block - 1) / block
        let parts = parallelMap(blocks, threads: threads) { index -> (Matrix, [Float]) in
            let slice = Array(texts[index * block..<min((index + 1) * block, texts.count)])
            let embeddings = encoder.encode(slice)
            let surface = slice.flatMap { SurfaceFeatures.extract(from: $0) }
            progress?(TrainingProgress(stage: .encoding, completed: index + 1, total: blocks))
            return (embeddings, surface)
        }
        return FeatureTable(
            embeddings: Matrix(rows: texts.count, columns: encoder.dimension, storage: parts.flatMap(\.0.storage)),
            surface: Matrix(rows: texts.count, columns: SurfaceFeatures.count, storage: parts.flatMap(\.1)))
    }

    /// The rows with these numbers, in this order.
    func selecting(_ rows: [Int]) -> FeatureTable {
        func pick(_ matrix: Matrix) -> Matrix {
            Matrix(rows: rows.count, columns: matrix.columns, storage: rows.flatMap { matrix[row: $0] })
        }
        return FeatureTable(embeddings: pick(embeddings), surface: pick(surface))
    }

    /// One table after the other.
    static func + (a: FeatureTable, b: FeatureTable) -> FeatureTable {
        func join(_ x: Matrix, _ y: Matrix) -> Matrix {
            Matrix(rows: x.rows + y.rows, columns: x.columns, storage: x.storage + y.storage)
        }
        return FeatureTable(embeddings: join(a.embeddings, b.embeddings), surface: join(a.surface, b.surface))
    }
}
