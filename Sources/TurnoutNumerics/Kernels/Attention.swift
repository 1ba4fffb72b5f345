import CTurnoutKernels

/// The heads of an attention layer.
///
/// Vaswani et al. 2017, "Attention Is All You Need", section 3.2.
package struct AttentionShape: Sendable {
    /// How many heads.
    package let heads: Int
    /// The width of each.
    package let headWidth: Int
    /// How many products of queries and keys a score is the sum of: 1, and more where positions have vectors.
    package let scoreTerms: Int

    /// Heads of equal width.
    package init(heads: Int, headWidth: Int, scoreTerms: Int = 1) {
        self.heads = heads
        self.headWidth = headWidth
        self.scoreTerms = scoreTerms
    }

    /// What a score is multiplied by before the softmax: 1/√(headWidth · scoreTerms).
    package var scale: Float { 1 / Float(headWidth * scoreTerms).squareRoot() }

    /// The width of a row of queries, keys or values.
    package var width: Int { heads * headWidth }
}

extension Kernels {
    /// Floats of scratch memory that one thread needs to attend over sequences of up to `longest` rows.
    ///
    /// - Parameters:
    ///   - longest: The longest sequence.
    ///   - shape: The heads.
    ///   - places: How many places ``RelativePositions`` tell apart; 0 without them.
    /// - Returns: The number of floats.
    package func attentionScratch(longest: Int, shape: AttentionShape, places: Int = 0) -> Int {
        turnout_attention_scratch(table, longest, shape.headWidth, places)
    }

    /// softmax(scale·Q·Kᵀ)·V for each head and each of several sequences that lie end to end.
    ///
    /// Nothing is padded.
    ///
    /// - Parameters:
    ///   - shape: The heads.
    ///   - positions: What is added to scores for the distance of two rows; `nil` for nothing.
    ///   - offsets: Sequence s is rows `offsets[s] ..< offsets[s + 1]`.
    ///   - qkv: Shape `[rows, 3 · width]`: the queries, keys and values of a row side by side.
    ///   - out: Receives `[rows, width]`.
    ///   - scratch: `scratchStride` floats for each thread of the pool.
    ///   - scratchStride: At least ``attentionScratch(longest:shape:places:)``.
    ///   - pool: Who shares the work.
    /// - Complexity: O(Σ length² · width)
    package func attend(
        _ shape: AttentionShape, positions: RelativePositions? = nil, offsets: [Int32], qkv: UnsafePointer<Float>,
        into out: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, scratchStride: Int,
        pool: ThreadPool? = nil
    ) {
        offsets.withUnsafeBufferPointer { offsets in
            var attention = turnout_attention(
                sequences: offsets.count - 1, offsets: offsets.baseAddress, heads: shape.heads,
                head_width: shape.headWidth, scale: shape.scale, positions: nil, vectors: nil)
            func attend() { turnout_attend(pool?.pool, table, &attention, qkv, out, scratch, scratchStride) }
            guard let positions else { return attend() }
            positions.withPointers {
                attention.positions = $0
                attend()
            }
        }
    }
}
