import TurnoutNumerics

/// The vectors of relative positions, which a DeBERTa's layers share and each projects for itself.
///
/// They do not depend on the text, so that each layer's keys and queries of positions are computed once, when the model
/// is loaded, from weights of 32 bits whatever the storage of the others.
struct RelativeEmbeddings {
    private let places: RelativePlaces
    private let hiddenSize: Int
    private let shape: AttentionShape
    private let configuration: DisentangledConfiguration
    /// Shape `[places, hidden]`.
    private var vectors: [Float]

    /// Reads them; `nil` for families without.
    init?(_ model: TransformerConfiguration, _ weights: TransformerWeights, kernels: Kernels) throws {
        guard let configuration = model.disentangled, let places = model.places else { return nil }
        let hidden = model.hiddenSize
        self.configuration = configuration
        self.places = places
        self.hiddenSize = hidden
        self.shape = model.attention
        self.vectors = try weights.floats(
            weights.tensor("encoder.rel_embeddings.weight", shape: [places.count, hidden]))
        if configuration.normalises {
            let norm = try weights.norm("encoder.LayerNorm", width: hidden, epsilon: model.layerNormEpsilon)
            vectors.withUnsafeMutableBufferPointer { vectors in
                guard let start = vectors.baseAddress else { return }
                kernels.apply(norm, to: start, rows: places.count, into: start)
            }
        }
    }

    /// The keys and queries that one layer makes of them.
    ///
    /// - Parameters:
    ///   - name: What the layer's tensors begin with, such as `encoder.layer.0.attention.self`.
    ///   - weights: Where they are.
    ///   - kernels: Who multiplies.
    /// - Returns: The positions of the layer, packed.
    /// - Throws: `TurnoutError` when a tensor is missing or of a wrong shape.
    func positions(_ name: String, _ weights: TransformerWeights, kernels: Kernels) throws -> RelativePositions {
        let prefix = configuration.sharesProjections ? "" : "pos_"
        func project(_ projection: String) throws -> Matrix {
            let linear = try PackedLinear(
                inputs: hiddenSize, outputsPerPart: hiddenSize, storage: .float32, kernels: kernels,
                parts: [weights.linear("\(name).\(prefix)\(projection)", outputs: hiddenSize, inputs: hiddenSize)])
            var projected = Matrix(rows: places.count, columns: hiddenSize)
            linear.apply(to: vectors, rows: places.count, into: &projected.storage)
            return projected
        }
        let projected = PositionVectors(
            places: places,
            keys: configuration.usesPositionKeys ? try project("key_proj") : nil,
            queries: configuration.usesPositionQueries ? try project("query_proj") : nil)
        return try RelativePositions(projected, shape, kernels: kernels)
    }
}
