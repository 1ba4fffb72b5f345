import Foundation
import TurnoutCore
public import TurnoutEncoders
public import TurnoutNumerics

/// A table of mean outcomes, one row for each kind of prompt, the kinds found by k-means.
///
/// With dⱼ the distance from the query to centre j, d₁ the least, and the p nearest centres:
/// estimateₘ = Σ wⱼ tⱼₘ / Σ wⱼ, wⱼ = exp(−s (dⱼ² − d₁²) / 2), tⱼₘ = (Σ y + κ ȳₘ) / (n + κ) over the prompts of cluster j.
/// Jitkrittum et al. 2025, "UniRoute", section 5, and Zhang et al. 2025, "Avengers-Pro". With p = 1 it is a plain table.
public struct ClusterEstimator: Estimator {
    /// `cluster`.
    public static let kind = "cluster"

    let space: SimilaritySpace
    /// Shape `[clusters, dimension]`.
    let centres: Matrix
    /// Shape `[clusters, models]`.
    let table: Matrix
    /// p, how many clusters are asked.
    let nearest: Int
    /// s.
    let sharpness: Float
    private let squaredLengths: [Float]

    /// Takes centres and what is known of each.
    ///
    /// - Parameters:
    ///   - space: Where prompts are compared.
    ///   - centres: Shape `[clusters, dimension]`, at least one.
    ///   - table: Mean outcomes, shape `[clusters, models]`.
    ///   - nearest: How many clusters are asked, at least one.
    ///   - sharpness: How fast farther ones lose weight; not negative.
    public init(space: SimilaritySpace, centres: Matrix, table: Matrix, nearest: Int, sharpness: Float) {
        precondition(centres.rows == table.rows && centres.rows > 0, "one row of outcomes a cluster")
        self.space = space
        self.centres = centres
        self.table = table
        self.nearest = nearest
        self.sharpness = sharpness
        self.squaredLengths = (0..<centres.rows).map { row in
            Float(centres[row: row].reduce(0) { $0 + Double($1) * Double($1) })
        }
    }

    /// One estimate per model.
    public func estimates(for query: QueryFeatures) -> [Double] {
        let vector = space.vector(embedding: query.embedding, surface: query.surface)
        // Minus half the squared distance, but for the query's own length, which is the same for all.
        let closeness = centres.storage.withUnsafeBufferPointer { all in
            vector.withUnsafeBufferPointer { vector in
                squaredLengths.indices.map { cluster in
                    let start = cluster * centres.columns
                    return dot(UnsafeBufferPointer(rebasing: all[start..<start + centres.columns]), vector)
                        - squaredLengths[cluster] / 2
                }
            }
        }
        let order = closeness.indices.sorted { (closeness[$1], $0) < (closeness[$0], $1) }.prefix(nearest)
        let greatest = closeness[order[0]]
        let weights = order.map { exp(Double(sharpness * (closeness[$0] - greatest))) }
        let total = weights.reduce(0, +)
        return (0..<table.columns).map { model in
            zip(order, weights).reduce(0) { $0 + $1.1 * Double(table[$1.0, model]) } / total
        }
    }

    /// Reads tensors `surface`, `surface_weight`, `centres`, `table` and `settings`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        let space = try SimilaritySpace(file: file)
        let centres = try file.finiteMatrix("centres", columns: space.dimension(embedding: encoder.dimension))
        let table = try file.finiteMatrix("table", rows: centres.rows, columns: card.models.count)
        let settings = try file.finite("settings")
        guard settings.count == 2, settings[0] >= 1, settings[0] <= 1e6, settings[1] >= 0, settings[1] <= 1e6 else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): tensor 'settings' must hold how many clusters are asked and the sharpness; train the router again"
            )
        }
        self.init(
            space: space, centres: centres, table: table, nearest: Int(settings[0]), sharpness: Float(settings[1]))
    }

    /// Adds what ``init(card:file:encoder:)`` reads.
    public func store(in file: inout SafetensorsBuilder) throws {
        try space.store(in: &file)
        try file.add("centres", matrix: centres)
        try file.add("table", matrix: table)
        try file.add("settings", floats: [Float(nearest), sharpness], shape: [2])
    }
}
