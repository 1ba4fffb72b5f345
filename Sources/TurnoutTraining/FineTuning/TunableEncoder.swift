import TurnoutEncoders
import TurnoutNumerics

/// A transformer of the BERT family or a DeBERTa that learns: the same arithmetic as `TransformerModel`, forward with
/// what the way back needs, and back.
///
/// It holds no numbers, only where they lie in a table of parameters. Devlin et al. 2019, "BERT".
struct TunableEncoder: Sendable {
    let shape: TransformerBlueprint
    let embeddings: TunableEmbeddings
    let relative: TunableRelativeEmbeddings?
    let layers: [TunableLayer]
    let pool: SentencePool
    /// Layers that stay as they are, the embeddings with them; 0 when everything learns.
    let frozenLayers: Int

    /// Adds the encoder's tensors to a table.
    init(_ shape: TransformerBlueprint, frozenLayers: Int = 0, in table: inout ParameterTable) {
        self.shape = shape
        self.frozenLayers = min(frozenLayers, shape.layers)
        embeddings = TunableEmbeddings(shape, in: &table, isFrozen: frozenLayers > 0)
        relative = TunableRelativeEmbeddings(shape, in: &table, isFrozen: frozenLayers > 0)
        layers = (0..<shape.layers).map {
            TunableLayer($0, shape, in: &table, isFrozen: $0 < frozenLayers)
        }
        pool = SentencePool(pooling: shape.pooling, normalises: shape.normalises, width: shape.hidden)
    }

    /// Reads the model's own weights.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when a tensor is missing or not what it should be.
    func load(into state: LearningState) throws {
        for tensor in state.table.tensors where isOwn(tensor.name) {
            state.set(tensor, to: try shape.floats(tensor.name, shape: tensor.shape))
        }
    }

    /// Whether a tensor is the encoder's, not a head's.
    func isOwn(_ name: String) -> Bool { name.hasPrefix("embeddings.") || name.hasPrefix("encoder.") }

    /// What the way back needs.
    struct Activations {
        let embeddings: TunableEmbeddings.Activations
        let layers: [TunableLayer.Activations]
        /// The vectors of tokens, `[tokens, hidden]`.
        let out: UnsafeMutablePointer<Float>
    }

    func forward(_ batch: TokenBatch, _ plan: DropoutPlan, _ bench: Workbench) -> Activations {
        let first = embeddings.forward(batch, plan.hidden(0), bench)
        let vectors = relative?.forward(bench)
        var x = first.out
        let rest = layers.map { layer in
            let a = layer.forward(x, relative: vectors, batch, plan, bench)
            x = a.out
            return a
        }
        return Activations(embeddings: first, layers: rest, out: x)
    }

    /// The way back; `d` is the gradient of the vectors of tokens, `[tokens, hidden]`, and is overwritten.
    func backward(
        _ a: Activations, _ batch: TokenBatch, _ plan: DropoutPlan, _ d: UnsafeMutablePointer<Float>, _ bench: Workbench
    ) {
        bench.arena.lending {
            let learnt = frozenLayers == 0 ? relative : nil
            let drelative = learnt.map { bench.arena.takeZeros($0.places.count * shape.hidden) }
            for (layer, activations) in zip(layers, a.layers).reversed() where !layer.isFrozen {
                layer.backward(activations, batch, plan, d, drelative: drelative, bench)
            }
            if let drelative { learnt?.backward(drelative, bench) }
        }
        if frozenLayers == 0 { embeddings.backward(a.embeddings, batch, plan.hidden(0), d, bench) }
    }

    /// The vectors of some texts, without dropout; shape `[texts.count, hidden]`.
    func encode(_ texts: [[Int32]], _ bench: Workbench) -> Matrix {
        let batch = TokenBatch(texts)
        return bench.arena.lending {
            let a = forward(batch, .none, bench)
            let vectors = pool.forward(a.out, batch, bench).out
            return Matrix(
                rows: batch.texts, columns: shape.hidden,
                storage: Array(UnsafeBufferPointer(start: vectors, count: batch.texts * shape.hidden)))
        }
    }

    /// Floats of memory that a step takes.
    func memory(tokens: Int, longest: Int, texts: Int, threads: Int, _ kernels: Kernels) -> Int {
        let row = Arena.rounded(tokens * shape.hidden)
        let moment = layers.map { $0.scratch(tokens: tokens, longest: longest, threads: threads, kernels) }.max() ?? 0
        let relative = relative?.memory ?? 0
        return 2 * row + relative + layers.reduce(0) { $0 + $1.kept(tokens: tokens) } + row + 2
            * Arena.rounded(texts * shape.hidden)
            + max(moment, row + Arena.rounded(2 * tokens))
    }
}
