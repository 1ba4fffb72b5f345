import CTurnoutKernels

/// The heads of an attention layer.
///
/// Vaswani et al. 2017, "Attention Is All You Need", section 3.2.
package struct AttentionShape: Sendable {
    /// How many heads.
    package let heads: Int
    /// The width of each.
    package let headWidth: Int

    /// Heads of equal width.
    package init(heads: Int, headWidth: Int) {
        self.heads = heads
        self.headWidth = headWidth
    }

    /// The width of a row of queries, keys or values.
    package var width: Int { heads * headWidth }
}

extension Kernels {
    /// Floats of scratch memory that one thread needs to attend over sequences of up to `longest` rows.
    package func attentionScratch(longest: Int, shape: AttentionShape) -> Int {
        turnout_attention_scratch(table, longest, shape.headWidth)
    }

    /// softmax(Q·Kᵀ/√headWidth)·V for each head and each of several sequences that lie end to end.
    ///
    /// Nothing is padded.
    ///
    /// - Parameters:
    ///   - shape: The heads.
    ///   - offsets: Sequence s is rows `offsets[s] ..< offsets[s + 1]`.
    ///   - qkv: Shape `[rows, 3 · width]`: the queries, keys and values of a row side by side.
    ///   - out: Receives `[rows, width]`.
    ///   - scratch: `scratchStride` floats for each thread of the pool.
    ///   - scratchStride: At least ``attentionScratch(longest:shape:)``.
    ///   - pool: Who shares the work.
    /// - Complexity: O(Σ length² · width)
    package func attend(
        _ shape: AttentionShape, offsets: [Int32], qkv: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, scratchStride: Int, pool: ThreadPool? = nil
    ) {
        offsets.withUnsafeBufferPointer { offsets in
            var attention = turnout_attention(
                sequences: offsets.count - 1, offsets: offsets.baseAddress, heads: shape.heads,
                head_width: shape.headWidth, scale: 1 / Float(shape.headWidth).squareRoot())
            turnout_attend(pool?.pool, table, &attention, qkv, out, scratch, scratchStride)
        }
    }
}
