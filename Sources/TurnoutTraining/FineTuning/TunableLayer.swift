import TurnoutEncoders
import TurnoutNumerics

/// One layer: attention over each text, then two linear layers for each token.
///
/// Each is added to what came in and normalised. T tokens, H numbers a token, I between the two linear layers.
struct TunableLayer: Sendable {
    let qkv: TunableLinear
    let positions: TunablePositions?
    let attentionOutput: TunableLinear
    let attentionNorm: TunableNorm
    let up: TunableLinear
    let down: TunableLinear
    let outputNorm: TunableNorm
    let attention: AttentionShape
    let activation: Activation
    let index: Int
    let isFrozen: Bool

    init(_ index: Int, _ shape: TransformerBlueprint, in table: inout ParameterTable, isFrozen: Bool) {
        let name = "encoder.layer.\(index)", hidden = shape.hidden
        qkv = TunableLinear(
            ["query", "key", "value"].map { "\(name).attention.self.\($0)\(shape.projectionSuffix)" },
            outputsPerPart: hidden, inputs: hidden, in: &table, isFrozen: isFrozen)
        positions = TunablePositions(index, shape, sharing: qkv, in: &table, isFrozen: isFrozen)
        attentionOutput = TunableLinear(
            "\(name).attention.output.dense", outputs: hidden, inputs: hidden, in: &table, isFrozen: isFrozen)
        attentionNorm = TunableNorm(
            "\(name).attention.output.LayerNorm", width: hidden, epsilon: shape.epsilon, in: &table, isFrozen: isFrozen)
        up = TunableLinear(
            "\(name).intermediate.dense", outputs: shape.inner, inputs: hidden, in: &table, isFrozen: isFrozen)
        down = TunableLinear(
            "\(name).output.dense", outputs: hidden, inputs: shape.inner, in: &table, isFrozen: isFrozen)
        outputNorm = TunableNorm(
            "\(name).output.LayerNorm", width: hidden, epsilon: shape.epsilon, in: &table, isFrozen: isFrozen)
        attention = shape.attention
        activation = shape.activation
        self.index = index
        self.isFrozen = isFrozen
    }

    /// What the way back needs.
    ///
    /// The shares of attention are not kept but computed again.
    struct Activations {
        let x: UnsafeMutablePointer<Float>  // [T, H], what came in
        let qkv: UnsafeMutablePointer<Float>  // [T, 3H]
        let context: UnsafeMutablePointer<Float>  // [T, H], what attention gives
        let attended: UnsafeMutablePointer<Float>  // [T, H], before the first norm
        let middle: UnsafeMutablePointer<Float>  // [T, H], after it
        let raised: UnsafeMutablePointer<Float>  // [T, I], before the activation
        let active: UnsafeMutablePointer<Float>  // [T, I], after it
        let lowered: UnsafeMutablePointer<Float>  // [T, H], before the second norm
        let out: UnsafeMutablePointer<Float>  // [T, H], after it
        let positions: TunablePositions.Activations?
    }

    private var hidden: Int { attention.width }
    private var inner: Int { up.outputs }

    /// Three places of a layer leave numbers out: attention, what follows it, and the end.
    private func dropouts(_ plan: DropoutPlan) -> (attention: Dropout, middle: Dropout, end: Dropout) {
        (plan.attention(3 * index + 1), plan.hidden(3 * index + 2), plan.hidden(3 * index + 3))
    }

    /// What a layer makes of `x`, `[T, H]`.
    ///
    /// `relative` are the vectors of relative positions that layers share, `nil` in families without.
    func forward(
        _ x: UnsafeMutablePointer<Float>, relative: UnsafePointer<Float>?, _ batch: TokenBatch, _ plan: DropoutPlan,
        _ bench: Workbench
    ) -> Activations {
        let (T, H, I) = (batch.tokens, hidden, inner), arena = bench.arena, dropout = dropouts(plan)
        let a = Activations(
            x: x, qkv: arena.take(3 * T * H), context: arena.take(T * H), attended: arena.take(T * H),
            middle: arena.take(T * H), raised: arena.take(T * I), active: arena.take(T * I), lowered: arena.take(T * H),
            out: arena.take(T * H), positions: relative.flatMap { positions?.forward($0, plan, bench) })
        qkv.forward(x, rows: T, into: a.qkv, bench)
        attend(batch, bench) { scratch, stride in
            bench.kernels.attend(
                attention, dropout: dropout.attention, positions: a.positions.flatMap { positions?.learning($0) },
                offsets: batch.offsets, qkv: a.qkv, into: a.context, scratch: scratch, scratchStride: stride,
                pool: bench.pool)
        }
        attentionOutput.forward(a.context, rows: T, into: a.attended, bench)
        bench.kernels.apply(dropout.middle, to: a.attended, count: T * H, pool: bench.pool)
        bench.add(x, to: a.attended, count: T * H)
        attentionNorm.forward(a.attended, rows: T, into: a.middle, bench)

        up.forward(a.middle, rows: T, into: a.raised, bench)
        bench.forEachRows(T) { first, count in
            let part = UnsafeMutableBufferPointer(start: a.active + first * I, count: count * I)
            part.baseAddress?.update(from: a.raised + first * I, count: count * I)
            bench.kernels.apply(activation, to: part)
        }
        down.forward(a.active, rows: T, into: a.lowered, bench)
        bench.kernels.apply(dropout.end, to: a.lowered, count: T * H, pool: bench.pool)
        bench.add(a.middle, to: a.lowered, count: T * H)
        outputNorm.forward(a.lowered, rows: T, into: a.out, bench)
        return a
    }

    /// The way back; `d`, the gradient of what came out, `[T, H]`, becomes that of what came in.
    ///
    /// That of the vectors of relative positions is added to `drelative`, which is `nil` where nobody asks for it.
    func backward(
        _ a: Activations, _ batch: TokenBatch, _ plan: DropoutPlan, _ d: UnsafeMutablePointer<Float>,
        drelative: UnsafeMutablePointer<Float>?, _ bench: Workbench
    ) {
        let (T, H, I) = (batch.tokens, hidden, inner), arena = bench.arena, dropout = dropouts(plan)
        arena.lending {
            let sum = arena.take(T * H)  // of what was added up before a norm, and so of both its parts
            let branch = arena.take(T * H)  // of the part that went through linear layers
            let wide = arena.take(T * max(I, 3 * H))

            outputNorm.backward(a.lowered, rows: T, d, into: sum, bench)
            branch.update(from: sum, count: T * H)
            bench.kernels.apply(dropout.end, to: branch, count: T * H, pool: bench.pool)
            down.backward(a.active, rows: T, branch, into: wide, bench)
            bench.kernels.backward(activation, at: a.raised, wide, count: T * I, pool: bench.pool)
            up.backward(a.middle, rows: T, wide, into: sum, adding: true, bench)

            attentionNorm.backward(a.attended, rows: T, sum, into: d, bench)
            branch.update(from: d, count: T * H)
            bench.kernels.apply(dropout.middle, to: branch, count: T * H, pool: bench.pool)
            attentionOutput.backward(a.context, rows: T, branch, into: sum, bench)
            attendBackward(a, batch, plan, sum, into: wide, drelative: drelative, bench)
            qkv.backward(a.x, rows: T, wide, into: d, adding: true, bench)
        }
    }

    private func attendBackward(
        _ a: Activations, _ batch: TokenBatch, _ plan: DropoutPlan, _ dcontext: UnsafePointer<Float>,
        into dqkv: UnsafeMutablePointer<Float>, drelative: UnsafeMutablePointer<Float>?, _ bench: Workbench
    ) {
        func attendBackward(_ positions: LearningPositions?) {
            attend(batch, bench) { scratch, stride in
                bench.kernels.attendBackward(
                    attention, dropout: dropouts(plan).attention, positions: positions, offsets: batch.offsets,
                    qkv: a.qkv, dcontext,
                    into: dqkv, scratch: scratch, scratchStride: stride, pool: bench.pool)
            }
        }
        guard let positions, let own = a.positions else { return attendBackward(nil) }
        bench.arena.lending {
            let d = bench.arena.takeZeros(positions.gradients)
            attendBackward(positions.learning(own, gradients: d))
            positions.backward(own, plan, d, addingTo: drelative, bench)
        }
    }

    private func attend(
        _ batch: TokenBatch, _ bench: Workbench, _ body: (UnsafeMutablePointer<Float>, _ stride: Int) -> Void
    ) {
        bench.arena.lending {
            let stride = attentionScratch(longest: batch.longest, bench.kernels)
            body(bench.arena.take(stride * bench.threads), stride)
        }
    }

    // MARK: - Memory

    /// Floats that the way forward keeps.
    func kept(tokens T: Int) -> Int {
        Arena.rounded(T * hidden) * 5 + Arena.rounded(3 * T * hidden) + 2 * Arena.rounded(T * inner)
            + (positions?.kept ?? 0)
    }

    /// Floats that attention takes on each thread.
    private func attentionScratch(longest: Int, _ kernels: Kernels) -> Int {
        Arena.rounded(
            kernels.attentionLearningScratch(
                longest: longest, shape: attention, places: positions?.places.count ?? 0))
    }

    /// Floats that either way takes for a moment.
    func scratch(tokens T: Int, longest: Int, threads: Int, _ kernels: Kernels) -> Int {
        let stride = attentionScratch(longest: longest, kernels)
        let linear = [qkv, attentionOutput, up, down].map { $0.scratch(rows: T, kernels) }.max() ?? 0
        let way = 2 * Arena.rounded(T * hidden) + Arena.rounded(T * max(inner, 3 * hidden))
        return way + (positions?.gradients ?? 0)
            + max(stride * threads, linear, Arena.rounded(2 * T), positions?.scratch(kernels) ?? 0)
    }
}
