import TurnoutNumerics
public import TurnoutRouting

/// Makes a ``ClusterEstimator``: k-means on the prompts, then a mean outcome for each cluster and model.
public struct ClusterTrainer: RouterTrainer {
    /// `cluster`.
    public static let kind = ClusterEstimator.kind

    let clusters: Int
    let nearest: Int
    let sharpness: Double
    let shrinkage: Double
    let surfaceWeight: Double

    /// Reads `clusters`, `nearest`, `sharpness`, `shrinkage` and `surface_weight`.
    public init(settings: inout TrainerSettings) throws {
        self.clusters = try settings.integer("clusters", default: 64, in: 1...10_000)
        self.nearest = try settings.integer("nearest", default: 8, in: 1...10_000)
        self.sharpness = try settings.number("sharpness", default: 10, in: 0...1000)
        self.shrinkage = try settings.number("shrinkage", default: 10, in: 0...10_000)
        self.surfaceWeight = try settings.number("surface_weight", default: 0.2, in: 0...1000)
    }

    /// Finds the clusters and fills the table.
    public func fit(_ examples: TrainingExamples, _ context: TrainingContext) throws -> any Estimator {
        let space = try SimilaritySpace(examples.features, surfaceWeight: surfaceWeight)
        let points = space.matrix(examples.features)
        var random = SeededRandom(seed: context.seed)
        let start = KMeans.plusPlus(points, clusters: min(clusters, points.rows), using: &random)
        let means = try KMeans(points, centres: start, threads: context.threads)
        return ClusterEstimator(
            space: space, centres: means.centres,
            table: table(examples.scores, assignment: means.assignment, clusters: means.centres.rows),
            nearest: nearest, sharpness: Float(sharpness))
    }

    /// Mean score of each model on each cluster, shrunk to its mean on all; shape `[clusters, models]`.
    private func table(_ scores: ScoreTable, assignment: [Int], clusters: Int) -> Matrix {
        var table = Matrix(rows: clusters, columns: scores.models.count)
        for (column, model) in scores.models.enumerated() {
            let mean = scores.mean(ofModel: column)
            var sums = [Double](repeating: shrinkage * mean, count: clusters)
            var counts = [Double](repeating: shrinkage, count: clusters)
            for row in model.rows {
                sums[assignment[row]] += model.targets[row]
                counts[assignment[row]] += 1
            }
            for cluster in 0..<clusters {
                table[cluster, column] = Float(counts[cluster] > 0 ? sums[cluster] / counts[cluster] : mean)
            }
        }
        return table
    }
}
