import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics
import TurnoutRouting

/// One weighted ridge fit of difficulty on rows of several sources.
struct DifficultyFit: Sendable {
    /// A row to learn from.
    struct Row: Sendable {
        /// Its number in the feature table.
        let feature: Int
        let target: Double
        let weight: Double
        /// The number of its source where that floats.
        let source: Int?
    }

    let space: FeatureSpace
    /// One number for each column of the space.
    let weights: [Double]

    /// Solves for the weights, floating sources having an intercept each that is not served.
    ///
    /// - Throws: ``TurnoutError`` with code `.insufficientData` when there are too few rows.
    init(_ rows: [Row], features: FeatureTable, recipe: TrainingRecipe, threads: Int) throws {
        guard rows.count >= 20 else {
            throw TurnoutError(.insufficientData, "\(rows.count) rows to learn difficulty from; at least 20 are needed")
        }
        let selected = features.selecting(rows.map(\.feature))
        let total = rows.reduce(0) { $0 + $1.weight }
        let rowWeights = rows.map { $0.weight * Double(rows.count) / total }
        let space = try FeatureSpace(selected, weights: rowWeights)
        let sources = Array(Set(rows.compactMap(\.source))).sorted()
        let design = Self.design(rows, rowWeights, space.matrix(selected), space, sources, quadratic: recipe.quadratic)
        let all = Array(rows.indices)
        let targets = zip(rows, rowWeights).map { $0.target * $1.squareRoot() }
        let moments = RidgeRegression.Moments(
            gram: Gram.matrix(design, rows: all, threads: threads),
            products: [RidgeRegression.product(design, targets, rows: all)])
        let penalties = space.penalties(recipe.penalty) + [Double](repeating: 1, count: sources.count)
        guard let solution = RidgeRegression.solve(moments, penalties: penalties)?.first else {
            throw TurnoutError(
                .insufficientData, "the weights cannot be determined from these rows; raise the recipe's penalty")
        }
        self.space = space
        self.weights = Array(solution.prefix(space.columns))
    }

    /// The linear output for rows of the feature table.
    func outputs(_ features: FeatureTable, rows: [Int]) -> [Double] {
        let matrix = space.matrix(features.selecting(rows))
        return (0..<rows.count).map { row in
            zip(matrix[row: row], weights).reduce(0) { $0 + Double($1.0) * $1.1 }
        }
    }

    /// Features and source intercepts, each row times the root of its weight.
    private static func design(
        _ rows: [Row], _ rowWeights: [Double], _ features: Matrix, _ space: FeatureSpace, _ sources: [Int],
        quadratic: Bool
    ) -> Matrix {
        let products = space.embeddingDimension + SurfaceFeatures.count..<space.columns - 1
        var storage: [Float] = []
        storage.reserveCapacity(rows.count * (space.columns + sources.count))
        for (index, row) in rows.enumerated() {
            let scale = Float(rowWeights[index].squareRoot())
            for (column, value) in features[row: index].enumerated() {
                storage.append(quadratic || !products.contains(column) ? scale * value : 0)
            }
            for source in sources { storage.append(source == row.source ? scale : 0) }
        }
        return Matrix(rows: rows.count, columns: space.columns + sources.count, storage: storage)
    }
}
