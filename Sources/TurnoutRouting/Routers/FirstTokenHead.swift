import TurnoutCore
import TurnoutEncoders
package import TurnoutNumerics

/// A head over the first token's vector, as BERT's own classifiers have it: a linear layer, what follows it (tanh, in
/// DeBERTa gelu), and a linear layer.
///
/// Devlin et al. 2019, "BERT", section 4.1.
package struct FirstTokenHead: Sendable {
    /// Shape `[hidden, hidden]`.
    let dense: Matrix
    let denseBias: [Float]
    /// What follows the first layer.
    let activation: Activation
    /// Shape `[outputs, hidden]`.
    let weights: Matrix
    let bias: [Float]

    /// Takes the two layers.
    ///
    /// - Parameters:
    ///   - dense: The first layer, shape `[hidden, hidden]`.
    ///   - denseBias: `hidden` numbers.
    ///   - activation: What follows the first layer.
    ///   - weights: The second layer, shape `[outputs, hidden]`.
    ///   - bias: A number for each output.
    package init(dense: Matrix, denseBias: [Float], activation: Activation, weights: Matrix, bias: [Float]) {
        precondition(
            dense.rows == denseBias.count && weights.columns == dense.rows && weights.rows == bias.count,
            "layers that fit together")
        self.dense = dense
        self.denseBias = denseBias
        self.activation = activation
        self.weights = weights
        self.bias = bias
    }

    /// The outputs for a first token's vector.
    ///
    /// - Complexity: O(hidden²)
    package func outputs(of vector: [Float]) -> [Double] {
        var inner = zip(Self.products(dense, vector), denseBias).map { $0 + $1 }
        inner.withUnsafeMutableBufferPointer { Kernels.best.apply(activation, to: $0) }
        return zip(Self.products(weights, inner), bias).map { Double($0) + Double($1) }
    }

    private static func products(_ matrix: Matrix, _ vector: [Float]) -> [Float] {
        vector.withUnsafeBufferPointer { x in
            matrix.storage.withUnsafeBufferPointer { all in
                (0..<matrix.rows).map { row in
                    dot(UnsafeBufferPointer(rebasing: all[row * matrix.columns..<(row + 1) * matrix.columns]), x)
                }
            }
        }
    }

    /// Reads tensors `dense`, `dense_bias`, `weights` and `bias`, and metadata `activation`.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile` for what does not fit an encoder of this width.
    init(file: SafetensorsFile, width: Int, outputs: Int) throws {
        let dense = try file.finiteMatrix("dense", rows: width, columns: width)
        let weights = try file.finiteMatrix("weights", rows: outputs, columns: width)
        let denseBias = try file.finite("dense_bias"), bias = try file.finite("bias")
        let activation = Activation.allCases.first { "\($0)" == file.metadata["activation"] }
        guard denseBias.count == width, bias.count == outputs, let activation else {
            throw TurnoutError(
                .damagedFile,
                """
                \(file.name): its head needs \(width) and \(outputs) biases and metadata 'activation', and has \
                \(denseBias.count), \(bias.count) and '\(file.metadata["activation"] ?? "")'; train the router again
                """)
        }
        self.init(
            dense: dense, denseBias: denseBias.map(Float.init), activation: activation, weights: weights,
            bias: bias.map(Float.init))
    }

    /// Adds what ``init(file:width:outputs:)`` reads.
    func store(in file: inout SafetensorsBuilder) throws {
        try file.add("dense", matrix: dense)
        try file.add("dense_bias", floats: denseBias, shape: [denseBias.count])
        try file.add("weights", matrix: weights)
        try file.add("bias", floats: bias, shape: [bias.count])
        file.metadata["activation"] = "\(activation)"
    }
}
