import CTurnoutKernels

extension Kernels {
    /// Floats of scratch memory that one thread needs to learn attention over sequences of up to `longest` rows.
    ///
    /// - Parameters:
    ///   - longest: The longest sequence.
    ///   - shape: The heads.
    ///   - places: How many places ``LearningPositions`` tell apart; 0 without them.
    /// - Returns: The number of floats.
    package func attentionLearningScratch(longest: Int, shape: AttentionShape, places: Int = 0) -> Int {
        turnout_attend_backward_scratch(table, longest, shape.headWidth, places)
    }

    /// softmax(scale·Q·Kᵀ)·V as ``attend(_:positions:offsets:qkv:into:scratch:scratchStride:pool:)`` computes it, with
    /// dropout between softmax and values.
    ///
    /// - Parameters:
    ///   - shape: The heads.
    ///   - dropout: What is left out.
    ///   - positions: What is added to scores for the distance of two rows; `nil` for nothing.
    ///   - offsets: Sequence s is rows `offsets[s] ..< offsets[s + 1]`.
    ///   - qkv: Shape `[rows, 3 · width]`.
    ///   - out: Receives `[rows, width]`.
    ///   - scratch: `scratchStride` floats for each thread of the pool.
    ///   - scratchStride: At least ``attentionLearningScratch(longest:shape:places:)``.
    ///   - pool: Who shares the work.
    /// - Complexity: O(Σ length² · width)
    package func attend(
        _ shape: AttentionShape, dropout: Dropout, positions: LearningPositions? = nil, offsets: [Int32],
        qkv: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
        scratchStride: Int, pool: ThreadPool? = nil
    ) {
        var drop = dropout.drop
        withShape(shape, positions, offsets) { attention in
            turnout_attend_dropping(pool?.pool, table, &attention, &drop, qkv, out, scratch, scratchStride)
        }
    }

    /// The gradient of ``attend(_:dropout:positions:offsets:qkv:into:scratch:scratchStride:pool:)``; those of
    /// `positions` are added to.
    ///
    /// From `dout`, the gradient of what came out, `[rows, width]`, to `dqkv`, that of `qkv`, `[rows, 3 · width]`; the
    /// other parameters are those of the way forward.
    ///
    /// - Complexity: O(Σ length² · width)
    package func attendBackward(
        _ shape: AttentionShape, dropout: Dropout, positions: LearningPositions? = nil, offsets: [Int32],
        qkv: UnsafePointer<Float>, _ dout: UnsafePointer<Float>, into dqkv: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, scratchStride: Int, pool: ThreadPool? = nil
    ) {
        var drop = dropout.drop
        withShape(shape, positions, offsets) { attention in
            turnout_attend_backward(pool?.pool, table, &attention, &drop, qkv, dout, dqkv, scratch, scratchStride)
        }
    }

    private func withShape(
        _ shape: AttentionShape, _ positions: LearningPositions?, _ offsets: [Int32],
        _ body: (inout turnout_attention) -> Void
    ) {
        offsets.withUnsafeBufferPointer { offsets in
            var attention = turnout_attention(
                sequences: offsets.count - 1, offsets: offsets.baseAddress, heads: shape.heads,
                head_width: shape.headWidth, scale: shape.scale, positions: nil, vectors: nil)
            guard let positions else { return body(&attention) }
            positions.withPointer {
                attention.vectors = $0
                body(&attention)
            }
        }
    }
}
