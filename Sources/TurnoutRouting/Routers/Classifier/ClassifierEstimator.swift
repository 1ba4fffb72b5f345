import TurnoutCore
public import TurnoutEncoders
package import TurnoutNumerics

/// The chance that a weak model's answer is at least as good as a strong one's, by a transformer that was tuned to tell
/// battles the strong model wins from ties and from those the weak one wins.
///
/// P(strong wins), P(tie), P(weak wins) are the softmax of a head over the first token's vector; the weak model's estimate
/// is P(tie) + P(weak wins), and the strong one's, which it is held against, is 1. Ong et al. 2024, "RouteLLM",
/// section 4.2, the BERT classifier. The tuned encoder is stored in the same file.
public struct ClassifierEstimator: Estimator {
    /// `classifier`.
    public static let kind = "classifier"
    /// Estimates are chances to suffice.
    public static let comparison = Comparison.sufficiency
    /// Strong wins, tie, weak wins.
    package static let classCount = 3

    /// Shape `[hidden, hidden]`, applied to the first token's vector.
    let dense: Matrix
    let denseBias: [Float]
    /// What follows it.
    let activation: Activation
    let head: SoftmaxRegression
    /// The tuned encoder, whose vector of a text is that of its first token.
    let encoder: TransformerEncoder?

    /// Takes the two layers of a head.
    ///
    /// - Parameters:
    ///   - dense: Shape `[hidden, hidden]`.
    ///   - denseBias: `hidden` numbers.
    ///   - activation: What follows the first layer.
    ///   - head: The second layer: strong wins, tie, weak wins.
    ///   - encoder: The tuned encoder.
    package init(
        dense: Matrix, denseBias: [Float], activation: Activation, head: SoftmaxRegression,
        encoder: TransformerEncoder?
    ) {
        precondition(dense.rows == denseBias.count && head.bias.count == Self.classCount, "a head over three classes")
        self.dense = dense
        self.denseBias = denseBias
        self.activation = activation
        self.head = head
        self.encoder = encoder
    }

    /// P(strong wins), P(tie), P(weak wins).
    ///
    /// - Complexity: O(hidden²)
    package func probabilities(of embedding: [Float]) -> [Double] {
        var inner = embedding.withUnsafeBufferPointer { x in
            dense.storage.withUnsafeBufferPointer { weights in
                denseBias.indices.map { row in
                    let first = row * dense.columns
                    return denseBias[row]
                        + dot(UnsafeBufferPointer(rebasing: weights[first..<first + dense.columns]), x)
                }
            }
        }
        inner.withUnsafeMutableBufferPointer { Kernels.best.apply(activation, to: $0) }
        return head.probabilities(of: inner)
    }

    /// P(tie) + P(weak wins), and 1 for the strong model.
    public func estimates(for query: QueryFeatures) -> [Double] {
        let shares = probabilities(of: query.embedding)
        return [shares[1] + shares[2], 1]
    }

    /// Reads tensors `dense`, `dense_bias`, `weights` and `bias`, and metadata `activation`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        let width = encoder.dimension
        let dense = try file.finiteMatrix("dense", rows: width, columns: width)
        let weights = try file.finiteMatrix("weights", rows: Self.classCount, columns: width)
        let denseBias = try file.finite("dense_bias"), bias = try file.finite("bias")
        let activation = Activation.allCases.first { "\($0)" == file.metadata["activation"] }
        guard card.models.count == 2, denseBias.count == width, bias.count == Self.classCount, let activation else {
            throw TurnoutError(
                .damagedFile,
                """
                \(file.name): a classifier router is for two models, with \(width) and \(Self.classCount) biases and \
                metadata 'activation', and this one has \(card.models.count), \(denseBias.count), \(bias.count) and \
                '\(file.metadata["activation"] ?? "")'; train the router again
                """)
        }
        self.init(
            dense: dense, denseBias: denseBias.map(Float.init), activation: activation,
            head: SoftmaxRegression(weights: weights, bias: bias.map(Float.init)),
            encoder: encoder as? TransformerEncoder)
    }

    /// Adds what ``init(card:file:encoder:)`` reads, and the encoder.
    public func store(in file: inout SafetensorsBuilder) throws {
        try file.add("dense", matrix: dense)
        try file.add("dense_bias", floats: denseBias, shape: [denseBias.count])
        try file.add("weights", matrix: head.weights)
        try file.add("bias", floats: head.bias, shape: [head.bias.count])
        file.metadata["activation"] = "\(activation)"
        try encoder?.store(in: &file)
    }
}
