import TurnoutNumerics

/// The parameters of a matrix factorisation: s(M, x) = v̂_M · (U x) + c_M, v̂ = v / |v|.
///
/// The reference's classifier w₂ multiplies the rows of U and is folded into them. Lengths are taken out of the model
/// vectors as there, so that the penalty on U alone says how far apart models may be.
struct ModelFactors: Sendable {
    /// v; shape `[models, rank]`.
    var vectors: [[Double]]
    /// U; row-major, shape `[rank, columns]`.
    var projection: [Double]
    /// c; one for each model.
    var offsets: [Double]

    var rank: Int { vectors.first?.count ?? 0 }

    /// Model vectors on as many axes as there are models, or random where there are fewer; everything else zero.
    init(models: Int, rank: Int, columns: Int, using random: inout SeededRandom) {
        self.vectors = (0..<models).map { model in
            (0..<rank).map { axis in models <= rank ? (axis == model ? 1 : 0) : random.uniform() - 0.5 }
        }
        self.projection = [Double](repeating: 0, count: rank * columns)
        self.offsets = [Double](repeating: 0, count: models)
    }

    /// Takes given parameters.
    init(vectors: [[Double]], projection: [Double], offsets: [Double]) {
        self.vectors = vectors
        self.projection = projection
        self.offsets = offsets
    }

    /// v̂; a vector of zeros stays.
    var directions: [[Double]] { vectors.map { Self.normalised($0) } }

    /// The linear function that each model's strength is, of the columns of x; the last column is one.
    var heads: [[Double]] {
        let columns = projection.count / max(rank, 1)
        return zip(directions, offsets).map { direction, offset in
            var head = [Double](repeating: 0, count: columns)
            for (axis, share) in direction.enumerated() {
                for column in 0..<columns { head[column] += share * projection[axis * columns + column] }
            }
            head[columns - 1] += offset
            return head
        }
    }

    static func normalised(_ vector: [Double]) -> [Double] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? vector.map { $0 / length } : vector
    }

    // MARK: - As one vector, for the optimiser

    /// U, then v, then c.
    var parameters: [Double] { projection + vectors.flatMap { $0 } + offsets }

    /// The same shape with other numbers.
    func with(_ parameters: [Double]) -> ModelFactors {
        let (inner, models) = (projection.count, vectors.count)
        return ModelFactors(
            vectors: (0..<models).map { Array(parameters[inner + $0 * rank..<inner + ($0 + 1) * rank]) },
            projection: Array(parameters[..<inner]), offsets: Array(parameters[(inner + models * rank)...]))
    }
}
