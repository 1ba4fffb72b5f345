import Foundation
import TurnoutEncoders
import TurnoutNumerics
import TurnoutRouting

/// Classes from the first token's vector: a linear layer, tanh (in DeBERTa gelu), and a linear layer.
///
/// BERT and DeBERTa call the first one their pooler; RoBERTa has dropout before it too.
struct TunableHead: Sendable {
    let dense: TunableLinear
    let classes: TunableLinear
    let dropsFirst: Bool
    let activation: Activation

    /// Adds the head's tensors to a table.
    init(_ shape: TransformerBlueprint, classes count: Int, in table: inout ParameterTable) {
        let hidden = shape.hidden
        dropsFirst = shape.isRoBERTa
        activation = shape.disentangled?.poolerActivation ?? .tanh
        dense = TunableLinear(
            shape.isRoBERTa ? "classifier.dense" : "pooler.dense", outputs: hidden, inputs: hidden, in: &table)
        classes = TunableLinear(
            shape.isRoBERTa ? "classifier.out_proj" : "classifier", outputs: count, inputs: hidden, in: &table)
    }

    /// Weights to begin with, as in the reference: normal with deviation .02, no bias; the first layer is the encoder's own
    /// pooler where its files have one.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when the pooler is not what it should be.
    func initialise(_ state: LearningState, from shape: TransformerBlueprint, seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for range in [dense.weight, classes.weight] {
            // Box and Muller 1958: a radius and an angle.
            for i in range {
                let radius = (-2 * log(1 - random.uniform())).squareRoot()
                state.weights.start[i] = Float(0.02 * radius * cos(2 * Double.pi * random.uniform()))
            }
        }
        for tensor in state.table.tensors where tensor.name.hasPrefix("pooler.") {
            if try shape.has(tensor.name) { state.set(tensor, to: try shape.floats(tensor.name, shape: tensor.shape)) }
        }
    }

    /// The head as a router has it.
    func stored(_ state: LearningState) -> FirstTokenHead {
        func matrix(_ layer: TunableLinear) -> Matrix {
            Matrix(rows: layer.outputs, columns: layer.inputs, storage: state.weights.array(layer.weight))
        }
        return FirstTokenHead(
            dense: matrix(dense), denseBias: state.weights.array(dense.bias), activation: activation,
            weights: matrix(classes), bias: state.weights.array(classes.bias))
    }

    /// What the way back needs; S texts, H numbers each.
    struct Activations {
        let first: UnsafeMutablePointer<Float>  // [S, H], the first tokens' vectors
        let inner: UnsafeMutablePointer<Float>  // [S, H], before the activation
        let active: UnsafeMutablePointer<Float>  // [S, H], after it and dropout
        let logits: UnsafeMutablePointer<Float>  // [S, classes]
    }

    /// From the vectors of tokens to logits.
    func forward(_ x: UnsafePointer<Float>, _ batch: TokenBatch, _ plan: DropoutPlan, _ bench: Workbench) -> Activations
    {
        let H = dense.inputs, S = batch.texts, arena = bench.arena
        let a = Activations(
            first: arena.take(S * H), inner: arena.take(S * H), active: arena.take(S * H),
            logits: arena.take(S * classes.outputs))
        for text in 0..<S { (a.first + text * H).update(from: x + batch.range(text).lowerBound * H, count: H) }
        if dropsFirst { bench.kernels.apply(plan.hidden(Self.firstPlace), to: a.first, count: S * H, pool: bench.pool) }
        dense.forward(a.first, rows: S, into: a.inner, bench)
        a.active.update(from: a.inner, count: S * H)
        bench.kernels.apply(activation, to: UnsafeMutableBufferPointer(start: a.active, count: S * H))
        bench.kernels.apply(plan.hidden(Self.lastPlace), to: a.active, count: S * H, pool: bench.pool)
        classes.forward(a.active, rows: S, into: a.logits, bench)
        return a
    }

    /// From the gradient of the logits, `[texts, classes]`, to that of the vectors of tokens.
    func backward(
        _ a: Activations, _ batch: TokenBatch, _ plan: DropoutPlan, _ dlogits: UnsafePointer<Float>,
        into dx: UnsafeMutablePointer<Float>, _ bench: Workbench
    ) {
        let H = dense.inputs, S = batch.texts
        bench.arena.lending {
            let d = bench.arena.take(S * H), dfirst = bench.arena.take(S * H)
            classes.backward(a.active, rows: S, dlogits, into: d, bench)
            bench.kernels.apply(plan.hidden(Self.lastPlace), to: d, count: S * H, pool: bench.pool)
            bench.kernels.backward(activation, at: a.inner, d, count: S * H, pool: bench.pool)
            dense.backward(a.first, rows: S, d, into: dfirst, bench)
            if dropsFirst {
                bench.kernels.apply(plan.hidden(Self.firstPlace), to: dfirst, count: S * H, pool: bench.pool)
            }
            dx.update(repeating: 0, count: batch.tokens * H)
            for text in 0..<S { (dx + batch.range(text).lowerBound * H).update(from: dfirst + text * H, count: H) }
        }
    }

    /// Streams of dropout beyond those of any layer.
    private static let firstPlace = 1_000_001
    private static let lastPlace = 1_000_002

    /// Floats of memory that a step takes.
    func memory(texts: Int, _ kernels: Kernels) -> Int {
        5 * Arena.rounded(texts * dense.inputs) + 2 * Arena.rounded(texts * classes.outputs)
            + max(dense.scratch(rows: texts, kernels), classes.scratch(rows: texts, kernels))
    }
}
