import TurnoutNumerics

/// The memory of one forward pass; kept and used again, so that encoding allocates nothing that grows.
///
/// Unchecked, because it is raw memory. It is safe: whoever takes a workspace from the model's stack is its only user
/// until it is put back.
final class TransformerWorkspace: @unchecked Sendable {
    /// The vectors of tokens, `[tokens, hidden]`.
    let hidden: UnsafeMutablePointer<Float>
    /// Queries, keys and values, `[tokens, 3 · hidden]`.
    let qkv: UnsafeMutablePointer<Float>
    /// What attention gives, `[tokens, hidden]`.
    let context: UnsafeMutablePointer<Float>
    /// Between the two linear layers of a token, `[tokens, intermediate]`.
    let inner: UnsafeMutablePointer<Float>
    /// For each thread, `attentionStride` floats.
    let attention: UnsafeMutablePointer<Float>
    let attentionStride: Int
    /// For linear layers.
    let linear: UnsafeMutableRawPointer

    /// The number of tokens there is room for.
    let tokens: Int
    /// The longest sequence there is room for.
    let longest: Int
    private let all: UnsafeMutableRawPointer

    init(tokens: Int, longest: Int, model: TransformerModel) {
        let hiddenSize = model.configuration.hiddenSize, innerSize = model.configuration.intermediateSize
        self.tokens = tokens
        self.longest = longest
        let places = model.layers.first?.positions?.places.count ?? 0
        let stride = model.kernels.attentionScratch(longest: longest, shape: model.attention, places: places)
        self.attentionStride = (stride + 15) / 16 * 16
        let linearBytes =
            model.layers.map { layer in
                [layer.qkv, layer.attentionOutput, layer.up, layer.down].map { $0.scratchByteCount(rows: tokens) }.max()
                    ?? 0
            }.max() ?? 0
        let counts = [
            tokens * hiddenSize, tokens * 3 * hiddenSize, tokens * hiddenSize, tokens * innerSize,
            attentionStride * (model.pool?.threads ?? 1), (linearBytes + 3) / 4,
        ].map { ($0 + 15) / 16 * 16 }
        self.all = UnsafeMutableRawPointer.allocate(byteCount: 4 * counts.reduce(64, +), alignment: 64)
        let floats = all.bindMemory(to: Float.self, capacity: counts.reduce(64, +))
        var next = 0
        let starts = counts.map { count in
            defer { next += count }
            return floats + next
        }
        self.hidden = starts[0]
        self.qkv = starts[1]
        self.context = starts[2]
        self.inner = starts[3]
        self.attention = starts[4]
        self.linear = UnsafeMutableRawPointer(starts[5])
    }

    deinit { all.deallocate() }
}
