import TurnoutEncoders
import TurnoutNumerics

/// From the vectors of tokens to one a text: pooled, and brought to length 1 where the model does so.
struct SentencePool: Sendable {
    let pooling: TokenPooling
    let normalises: Bool
    let width: Int

    /// What the way back needs.
    struct Activations {
        /// `[texts, width]`.
        let out: UnsafeMutablePointer<Float>
        /// The length of each before it became 1; 1 where it does not.
        let lengths: [Float]
    }

    /// From the vectors of tokens, `[tokens, width]`, to those of texts.
    func forward(_ x: UnsafePointer<Float>, _ batch: TokenBatch, _ bench: Workbench) -> Activations {
        let out = bench.arena.take(batch.texts * width)
        var lengths = [Float](repeating: 1, count: batch.texts)
        for text in 0..<batch.texts {
            let row = out + text * width, range = batch.range(text)
            pool(x + range.lowerBound * width, tokens: range.count, into: row)
            guard normalises else { continue }
            let vector = UnsafeBufferPointer(start: row, count: width)
            lengths[text] = max(dot(vector, vector).squareRoot(), 1e-12)
            for j in 0..<width { row[j] /= lengths[text] }
        }
        return Activations(out: out, lengths: lengths)
    }

    /// From `dout`, the gradient of the texts' vectors, which is overwritten, to `dx`, that of the tokens' vectors `x`.
    func backward(
        _ a: Activations, _ x: UnsafePointer<Float>, _ batch: TokenBatch, _ dout: UnsafeMutablePointer<Float>,
        into dx: UnsafeMutablePointer<Float>
    ) {
        dx.update(repeating: 0, count: batch.tokens * width)
        for text in 0..<batch.texts {
            let d = dout + text * width, range = batch.range(text)
            if normalises {  // y = x/|x|: dx = (dy - y(y·dy))/|x|
                let y = UnsafeBufferPointer(start: a.out + text * width, count: width)
                let along = dot(y, UnsafeBufferPointer(start: d, count: width))
                for j in 0..<width { d[j] = (d[j] - y[j] * along) / a.lengths[text] }
            }
            for j in 0..<width {
                switch pooling {
                case .first: dx[range.lowerBound * width + j] = d[j]
                case .mean, .meanSquareRoot:
                    for token in range { dx[token * width + j] = d[j] * share(range.count) }
                case .maximum:
                    let token = range.max { x[$0 * width + j] < x[$1 * width + j] } ?? range.lowerBound
                    dx[token * width + j] = d[j]
                }
            }
        }
    }

    private func pool(_ x: UnsafePointer<Float>, tokens: Int, into row: UnsafeMutablePointer<Float>) {
        row.update(from: x, count: width)
        guard pooling != .first else { return }
        for token in 1..<max(tokens, 1) {
            let other = x + token * width
            for j in 0..<width { row[j] = pooling == .maximum ? max(row[j], other[j]) : row[j] + other[j] }
        }
        guard pooling != .maximum else { return }
        for j in 0..<width { row[j] *= share(tokens) }
    }

    private func share(_ tokens: Int) -> Float {
        pooling == .mean ? 1 / Float(tokens) : 1 / Float(tokens).squareRoot()
    }
}
