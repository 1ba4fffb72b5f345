import TurnoutNumerics

/// One layer: attention over the sequence, then two linear layers for each token.
///
/// Each is added to what came in and normalised. Devlin et al. 2019, "BERT"; the arrangement of Vaswani et al. 2017.
struct TransformerLayer: Sendable {
    let qkv: PackedLinear
    /// What attention adds for distances; `nil` in families without.
    let positions: RelativePositions?
    let attentionOutput: PackedLinear
    let attentionNorm: LayerNorm
    let up: PackedLinear
    let down: PackedLinear
    let outputNorm: LayerNorm

    init(
        _ index: Int, _ weights: TransformerWeights, _ shape: TransformerConfiguration,
        relative: RelativeEmbeddings?, storage: WeightStorage, kernels: Kernels
    ) throws {
        let hidden = shape.hiddenSize, inner = shape.intermediateSize, epsilon = shape.layerNormEpsilon
        let name = "encoder.layer.\(index)"
        func pack(_ names: [String], outputs: Int, inputs: Int) throws -> PackedLinear {
            try PackedLinear(
                inputs: inputs, outputsPerPart: outputs, storage: storage, kernels: kernels,
                parts: names.map { weights.linear("\(name).\($0)", outputs: outputs, inputs: inputs) })
        }
        self.qkv = try pack(
            ["query", "key", "value"].map { "attention.self.\($0)\(shape.family.projectionSuffix)" },
            outputs: hidden, inputs: hidden)
        self.positions = try relative?.positions("\(name).attention.self", weights, kernels: kernels)
        self.attentionOutput = try pack(["attention.output.dense"], outputs: hidden, inputs: hidden)
        self.attentionNorm = try weights.norm("\(name).attention.output.LayerNorm", width: hidden, epsilon: epsilon)
        self.up = try pack(["intermediate.dense"], outputs: inner, inputs: hidden)
        self.down = try pack(["output.dense"], outputs: hidden, inputs: inner)
        self.outputNorm = try weights.norm("\(name).output.LayerNorm", width: hidden, epsilon: epsilon)
    }
}
