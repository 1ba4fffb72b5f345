import TurnoutEncoders
import TurnoutNumerics

/// Word + position (where a family adds it) + token type, normalised: what the first layer reads.
struct TunableEmbeddings: Sendable {
    let words: Range<Int>
    let positions: Range<Int>?
    let types: Range<Int>?
    let norm: TunableNorm
    let hidden, firstPosition: Int

    init(_ shape: TransformerBlueprint, in table: inout ParameterTable, isFrozen: Bool) {
        let name = "embeddings"
        words = table.add(
            "\(name).word_embeddings.weight", [shape.vocabulary, shape.hidden], isFrozen: isFrozen, isVocabulary: true)
        positions =
            shape.disentangled?.hasPositionTable ?? true
            ? table.add("\(name).position_embeddings.weight", [shape.positions, shape.hidden], isFrozen: isFrozen) : nil
        types =
            shape.tokenTypes > 0
            ? table.add("\(name).token_type_embeddings.weight", [shape.tokenTypes, shape.hidden], isFrozen: isFrozen)
            : nil
        norm = TunableNorm(
            "\(name).LayerNorm", width: shape.hidden, epsilon: shape.epsilon, in: &table, isFrozen: isFrozen)
        (hidden, firstPosition) = (shape.hidden, shape.firstPosition)
    }

    /// What the way back needs.
    struct Activations {
        /// Before the norm, `[tokens, hidden]`.
        let sum: UnsafeMutablePointer<Float>
        /// What comes out, `[tokens, hidden]`.
        let out: UnsafeMutablePointer<Float>
    }

    func forward(_ batch: TokenBatch, _ dropout: Dropout, _ bench: Workbench) -> Activations {
        let count = batch.tokens * hidden
        let a = Activations(sum: bench.arena.take(count), out: bench.arena.take(count))
        forEachToken(of: batch) { token, id, position in
            let row = a.sum + token * hidden
            row.update(from: bench.weights + words.lowerBound + id * hidden, count: hidden)
            if let positions {
                bench.add(bench.weights + positions.lowerBound + position * hidden, to: row, count: hidden)
            }
            if let types { bench.add(bench.weights + types.lowerBound, to: row, count: hidden) }
        }
        norm.forward(a.sum, rows: batch.tokens, into: a.out, bench)
        bench.kernels.apply(dropout, to: a.out, count: count, pool: bench.pool)
        return a
    }

    /// The way back; `d`, the gradient of what came out, `[tokens, hidden]`, is overwritten.
    func backward(
        _ a: Activations, _ batch: TokenBatch, _ dropout: Dropout, _ d: UnsafeMutablePointer<Float>, _ bench: Workbench
    ) {
        let count = batch.tokens * hidden
        bench.kernels.apply(dropout, to: d, count: count, pool: bench.pool)
        bench.arena.lending {
            let dsum = bench.arena.take(count)
            norm.backward(a.sum, rows: batch.tokens, d, into: dsum, bench)
            forEachToken(of: batch) { token, id, position in
                let row = dsum + token * hidden
                bench.add(row, to: bench.gradients + words.lowerBound + id * hidden, count: hidden)
                if let positions {
                    bench.add(row, to: bench.gradients + positions.lowerBound + position * hidden, count: hidden)
                }
                if let types { bench.add(row, to: bench.gradients + types.lowerBound, count: hidden) }
            }
        }
    }

    private func forEachToken(of batch: TokenBatch, _ body: (_ token: Int, _ id: Int, _ position: Int) -> Void) {
        for text in 0..<batch.texts {
            let range = batch.range(text)
            for token in range { body(token, Int(batch.ids[token]), firstPosition + token - range.lowerBound) }
        }
    }
}
