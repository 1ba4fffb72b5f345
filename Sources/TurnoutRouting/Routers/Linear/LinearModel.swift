import TurnoutCore
public import TurnoutEncoders
public import TurnoutNumerics

/// A stack of linear heads over an encoder's vector and the surface features of a text.
///
/// The embedding's scale and the calibration of probabilities are folded into the weights when it is trained, so that
/// serving a head is one dot product: `weights[h] · (embedding ‖ basis(surface)) + bias[h]`.
public struct LinearModel: Sendable {
    /// Makes the first part of the feature vector.
    public let encoder: any TextEncoder
    /// Makes the second part of the feature vector.
    public let surface: SurfaceBasis
    /// Shape `[heads, encoder.dimension + SurfaceBasis.count]`.
    public let weights: Matrix
    /// One intercept per head.
    public let bias: [Float]

    /// Beyond this, a sum of products could overflow; no training comes near it.
    private static let greatestWeight: Float = 1e9

    /// Checks shapes and finiteness.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile`.
    public init(encoder: any TextEncoder, surface: SurfaceBasis, weights: Matrix, bias: [Float]) throws {
        let expected = encoder.dimension + SurfaceBasis.count
        guard weights.columns == expected, bias.count == weights.rows, !bias.isEmpty else {
            throw TurnoutError(
                .damagedFile,
                """
                the weights have shape [\(weights.rows), \(weights.columns)] with \(bias.count) intercepts, \
                but encoder '\(encoder.name)' needs \(expected) columns and one intercept a row; train the router again
                """)
        }
        guard (weights.storage + bias).allSatisfy({ abs($0) <= Self.greatestWeight }) else {
            throw TurnoutError(
                .damagedFile, "a weight is not a number or beyond ±\(Self.greatestWeight); train the router again")
        }
        self.encoder = encoder
        self.surface = surface
        self.weights = weights
        self.bias = bias
    }

    /// The linear output of every head for one text.
    ///
    /// - Complexity: one encoding plus O(heads · features).
    public func outputs(for text: String) -> [Double] {
        let embedding = encoder.encode(text)
        return outputs(embedding: embedding, surface: surface.expand(SurfaceFeatures.extract(from: text)))
    }

    /// The linear output of every head for an embedding and a surface basis that were computed before.
    func outputs(embedding: [Float], surface: [Float]) -> [Double] {
        let width = embedding.count
        return (0..<bias.count).map { head in
            let row = head * weights.columns
            return weights.storage.withUnsafeBufferPointer { all in
                embedding.withUnsafeBufferPointer { e in
                    surface.withUnsafeBufferPointer { s in
                        Double(bias[head])
                            + Double(dot(UnsafeBufferPointer(rebasing: all[row..<row + width]), e))
                            + Double(dot(UnsafeBufferPointer(rebasing: all[row + width..<row + weights.columns]), s))
                    }
                }
            }
        }
    }
}
