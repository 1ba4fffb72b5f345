#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What the kernels compute, written down as in a textbook and summed in 64 bits: their oracle.
package enum NaiveKernels {
    /// activation(x·Wᵀ + b) + residual.
    ///
    /// - Parameters:
    ///   - x: Shape `[rows, inputs]`.
    ///   - weights: Shape `[outputs, inputs]`.
    ///   - bias: One for each output.
    ///   - activation: Applied before the residual is added.
    ///   - residual: Shape `[rows, outputs]`, or `nil`.
    /// - Returns: Shape `[rows, outputs]`.
    /// - Complexity: O(`rows` · `inputs` · `outputs`)
    package static func linear(
        _ x: Matrix, weights: Matrix, bias: [Float], activation: Activation = .none, residual: Matrix? = nil
    ) -> Matrix {
        var y = Matrix(rows: x.rows, columns: weights.rows)
        for i in 0..<x.rows {
            for o in 0..<weights.rows {
                var sum = Double(bias[o])
                for k in 0..<x.columns { sum += Double(x[i, k]) * Double(weights[o, k]) }
                y[i, o] = Float(activated(activation, sum) + Double(residual?[i, o] ?? 0))
            }
        }
        return y
    }

    /// One element through an activation.
    package static func activated(_ activation: Activation, _ x: Double) -> Double {
        switch activation {
        case .none: x
        case .gelu: 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
        case .geluTanh: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .relu: max(x, 0)
        case .tanh: tanh(x)
        }
    }

    /// exp(scale·x) divided by its sum.
    package static func softmax(_ x: some Sequence<Float>, scale: Float = 1) -> [Float] {
        let scaled = x.map { Double($0) * Double(scale) }
        let top = scaled.max() ?? 0
        let powers = scaled.map { exp($0 - top) }
        let total = powers.reduce(0, +)
        return powers.map { Float($0 / total) }
    }

    /// (x - mean)/√(variance + ε)·gain + shift.
    package static func layerNorm(_ x: some Collection<Float>, _ norm: LayerNorm) -> [Float] {
        let mean = x.reduce(0) { $0 + Double($1) } / Double(x.count)
        let variance = x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(x.count)
        let factor = 1 / (variance + Double(norm.epsilon)).squareRoot()
        return zip(x, zip(norm.gain, norm.shift)).map { x, parameters in
            Float((Double(x) - mean) * factor * Double(parameters.0) + Double(parameters.1))
        }
    }

    /// softmax(scale·Q·Kᵀ)·V for each head of one sequence.
    ///
    /// - Parameters:
    ///   - qkv: Shape `[rows, 3 · width]`.
    ///   - shape: The heads.
    ///   - positions: What is added to a query's product with a key; `nil` for nothing.
    /// - Returns: Shape `[rows, width]`.
    /// - Complexity: O(`rows`² · width)
    package static func attention(_ qkv: Matrix, _ shape: AttentionShape, positions: PositionVectors? = nil) -> Matrix {
        var out = Matrix(rows: qkv.rows, columns: shape.width)
        for head in 0..<shape.heads {
            let columns = head * shape.headWidth..<(head + 1) * shape.headWidth
            for i in 0..<qkv.rows {
                let scores = (0..<qkv.rows).map { j in
                    Float(
                        columns.reduce(0.0) { sum, c in
                            let query = Double(qkv[i, c]), key = Double(qkv[j, shape.width + c])
                            let place = positions?.places[i - j] ?? 0
                            let placeKey = Double(positions?.keys?[place, c] ?? 0)
                            let placeQuery = Double(positions?.queries?[place, c] ?? 0)
                            return sum + query * key + query * placeKey + key * placeQuery
                        })
                }
                let shares = softmax(scores, scale: shape.scale)
                for c in columns {
                    let sum = (0..<qkv.rows).reduce(0.0) {
                        $0 + Double(shares[$1]) * Double(qkv[$1, 2 * shape.width + c])
                    }
                    out[i, c] = Float(sum)
                }
            }
        }
        return out
    }

    /// The `k` rows with the greatest similarities, nearest first; of equal ones those with the least numbers.
    package static func nearest(_ k: Int, of similarities: [Float]) -> [NearestRow] {
        Array(
            similarities.enumerated().map { NearestRow(row: $0, similarity: $1) }
                .sorted(by: NearestRow.isNearer).prefix(k))
    }
}
