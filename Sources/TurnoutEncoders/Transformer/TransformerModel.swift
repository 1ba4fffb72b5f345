import Synchronization
import TurnoutCore
import TurnoutNumerics

/// The body of a BERT, RoBERTa, XLM-R or DeBERTa: from token ids to a vector for each token.
///
/// Sequences of a batch lie end to end and are never padded; a sequence gets the same vectors, bit for bit, whatever
/// the batch around it and the number of threads.
final class TransformerModel: Sendable {
    let configuration: TransformerConfiguration
    let attention: AttentionShape
    let kernels: Kernels
    let pool: ThreadPool?
    let layers: [TransformerLayer]

    private let words: EmbeddingTable
    /// Position (where a family adds it) plus token type 0, `[longestSequence, hidden]`.
    private let positions: [Float]
    private let embeddingNorm: LayerNorm
    private let workspaces = Mutex<[TransformerWorkspace]>([])

    /// Rows that one task normalises.
    private static let rowsPerTask = 16

    /// Packs the weights.
    ///
    /// - Throws: `TurnoutError` when a tensor is missing or of a wrong shape.
    init(
        _ configuration: TransformerConfiguration, _ weights: TransformerWeights, storage: WeightStorage, threads: Int,
        kernels: Kernels
    ) throws {
        let hidden = configuration.hiddenSize
        self.configuration = configuration
        self.attention = configuration.attention
        self.kernels = kernels
        self.words = EmbeddingTable(
            try weights.tensor("embeddings.word_embeddings.weight", shape: [configuration.vocabularyCount, hidden]))
        self.positions = try Self.positions(configuration, weights)
        self.embeddingNorm = try weights.norm(
            "embeddings.LayerNorm", width: hidden, epsilon: configuration.layerNormEpsilon)
        let relative = try RelativeEmbeddings(configuration, weights, kernels: kernels)
        self.layers = try (0..<configuration.layers).map {
            try TransformerLayer(
                $0, weights, configuration, relative: relative, storage: storage, kernels: kernels)
        }
        self.pool = threads > 1 ? try ThreadPool(threads: threads) : nil
    }

    /// What is added to the vectors of tokens.
    private static func positions(
        _ configuration: TransformerConfiguration, _ weights: TransformerWeights
    ) throws -> [Float] {
        let hidden = configuration.hiddenSize
        guard configuration.longestSequence <= 1 << 20, hidden <= 1 << 16 else {
            throw TurnoutError(.damagedFile, "config.json speaks of more positions than any model has; fetch it again")
        }
        var positions = [Float](repeating: 0, count: configuration.longestSequence * hidden)
        if configuration.disentangled?.hasPositionTable ?? true {
            positions = try weights.floats(
                weights.tensor("embeddings.position_embeddings.weight", shape: [configuration.positions, hidden]))
            positions.removeFirst(configuration.family.firstPosition * hidden)
        }
        if configuration.tokenTypes > 0 {
            let types = try weights.floats(
                weights.tensor("embeddings.token_type_embeddings.weight", shape: [configuration.tokenTypes, hidden]))
            for i in positions.indices { positions[i] += types[i % hidden] }
        }
        return positions
    }

    /// Computes the vectors of some sequences and lends them.
    ///
    /// - Parameters:
    ///   - sequences: Ids below the vocabulary's count; each sequence from 1 to `longestSequence` of them.
    ///   - body: Receives the vectors, `[tokens, hidden]`, and where each sequence begins and ends.
    /// - Returns: What `body` returns.
    /// - Complexity: O(tokens · parameters + Σ length² · hidden)
    func withTokenVectors<Result>(
        of sequences: [[Int32]], _ body: (_ vectors: UnsafeMutablePointer<Float>, _ offsets: [Int32]) -> Result
    ) -> Result {
        var offsets: [Int32] = [0]
        offsets.reserveCapacity(sequences.count + 1)
        for sequence in sequences { offsets.append((offsets.last ?? 0) + Int32(sequence.count)) }
        let tokens = Int(offsets.last ?? 0)
        let workspace = takeWorkspace(tokens: tokens, longest: sequences.map(\.count).max() ?? 0)
        defer { workspaces.withLock { $0.append(workspace) } }
        embed(sequences, offsets, workspace)
        for layer in layers { run(layer, tokens, offsets, workspace) }
        return body(workspace.hidden, offsets)
    }

    /// A workspace that is large enough: the last one put back, or a new one in its place.
    private func takeWorkspace(tokens: Int, longest: Int) -> TransformerWorkspace {
        let last = workspaces.withLock { $0.popLast() }
        if let last, last.tokens >= tokens, last.longest >= longest { return last }
        return TransformerWorkspace(
            tokens: max(tokens, last?.tokens ?? 0), longest: max(longest, last?.longest ?? 0), model: self)
    }

    private func embed(_ sequences: [[Int32]], _ offsets: [Int32], _ workspace: TransformerWorkspace) {
        let hidden = configuration.hiddenSize
        positions.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            forEach(sequences.count) { s in
                let start = workspace.hidden + Int(offsets[s]) * hidden
                for (i, id) in sequences[s].enumerated() {
                    words.add(Int(id), to: positions + i * hidden, into: start + i * hidden)
                }
                kernels.apply(embeddingNorm, to: start, rows: sequences[s].count, into: start)
            }
        }
    }

    private func run(
        _ layer: TransformerLayer, _ tokens: Int, _ offsets: [Int32], _ workspace: TransformerWorkspace
    ) {
        func multiply(
            _ linear: PackedLinear, _ x: UnsafeMutablePointer<Float>, into y: UnsafeMutablePointer<Float>,
            activation: Activation = .none, residual: UnsafeMutablePointer<Float>? = nil
        ) {
            linear.apply(
                to: x, rows: tokens, activation: activation, residual: residual, into: y, scratch: workspace.linear,
                pool: pool)
        }
        multiply(layer.qkv, workspace.hidden, into: workspace.qkv)
        kernels.attend(
            attention, positions: layer.positions, offsets: offsets, qkv: workspace.qkv, into: workspace.context,
            scratch: workspace.attention, scratchStride: workspace.attentionStride, pool: pool)
        multiply(layer.attentionOutput, workspace.context, into: workspace.hidden, residual: workspace.hidden)
        normalise(layer.attentionNorm, tokens, workspace.hidden)
        multiply(layer.up, workspace.hidden, into: workspace.inner, activation: configuration.activation)
        multiply(layer.down, workspace.inner, into: workspace.hidden, residual: workspace.hidden)
        normalise(layer.outputNorm, tokens, workspace.hidden)
    }

    private func normalise(_ norm: LayerNorm, _ rows: Int, _ x: UnsafeMutablePointer<Float>) {
        let size = Self.rowsPerTask
        forEach((rows + size - 1) / size) { task in
            let first = task * size
            let start = x + first * norm.width
            kernels.apply(norm, to: start, rows: min(size, rows - first), into: start)
        }
    }

    private func forEach(_ tasks: Int, _ body: (Int) -> Void) {
        guard let pool, tasks > 1 else {
            for task in 0..<tasks { body(task) }
            return
        }
        pool.run(tasks) { task, _ in body(task) }
    }
}
