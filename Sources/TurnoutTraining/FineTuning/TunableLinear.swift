import TurnoutNumerics

/// y = x·Wᵀ + b.
///
/// The way back: dx = dy·W, dW = dyᵀ·x, db = Σ dy.
struct TunableLinear: Sendable {
    /// `[outputs, inputs]`, in the table of parameters.
    private(set) var weight: Range<Int>
    /// `[outputs]`.
    private(set) var bias: Range<Int>
    private(set) var outputs: Int
    let inputs: Int

    /// Adds `name.weight` and `name.bias` to a table.
    init(_ name: String, outputs: Int, inputs: Int, in table: inout ParameterTable, isFrozen: Bool = false) {
        self.weight = table.add("\(name).weight", [outputs, inputs], isFrozen: isFrozen)
        self.bias = table.add("\(name).bias", [outputs], isFrozen: isFrozen)
        (self.outputs, self.inputs) = (outputs, inputs)
    }

    /// Parts that lie one behind the other: all their weights, then all their biases, are one layer.
    init(_ names: [String], outputsPerPart: Int, inputs: Int, in table: inout ParameterTable, isFrozen: Bool) {
        let weights = names.map { table.add("\($0).weight", [outputsPerPart, inputs], isFrozen: isFrozen) }
        let biases = names.map { table.add("\($0).bias", [outputsPerPart], isFrozen: isFrozen) }
        self.weight = weights[0].lowerBound..<weights[names.count - 1].upperBound
        self.bias = biases[0].lowerBound..<biases[names.count - 1].upperBound
        (self.outputs, self.inputs) = (names.count * outputsPerPart, inputs)
    }

    /// The first outputs of this layer as one by itself, with the same weights.
    func first(outputs count: Int) -> TunableLinear {
        var layer = self
        layer.weight = weight.prefix(count * inputs)
        layer.bias = bias.prefix(count)
        layer.outputs = count
        return layer
    }

    /// From `x`, `[rows, inputs]`, to `y`, `[rows, outputs]`.
    func forward(_ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, _ bench: Workbench) {
        bench.arena.lending {
            bench.kernels.multiply(
                x, rows: rows, inner: inputs, by: bench.weights + weight.lowerBound, columns: outputs,
                isTransposed: true, bias: bench.weights + bias.lowerBound, into: y,
                scratch: bench.arena.take(bench.kernels.productScratch(inner: inputs, columns: outputs)),
                pool: bench.pool)
        }
    }

    /// From `dy`, `[rows, outputs]`, the gradient of what came out, to `dx`, that of `x`, which is set or added to.
    func backward(
        _ x: UnsafePointer<Float>, rows: Int, _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        adding: Bool = false, _ bench: Workbench
    ) {
        let (kernels, arena, pool) = (bench.kernels, bench.arena, bench.pool)
        arena.lending {
            let turned = arena.take(rows * outputs)  // dyᵀ, [outputs, rows]
            kernels.transpose(dy, rows: rows, columns: outputs, into: turned, pool: pool)
            kernels.multiply(
                turned, rows: outputs, inner: rows, by: x, columns: inputs, adding: true,
                into: bench.gradients + weight.lowerBound,
                scratch: arena.take(kernels.productScratch(inner: rows, columns: inputs)), pool: pool)
        }
        kernels.addRows(of: dy, rows: rows, width: outputs, to: bench.gradients + bias.lowerBound, pool: pool)
        arena.lending {
            kernels.multiply(
                dy, rows: rows, inner: outputs, by: bench.weights + weight.lowerBound, columns: inputs,
                adding: adding, into: dx,
                scratch: arena.take(kernels.productScratch(inner: outputs, columns: inputs)), pool: pool)
        }
    }

    /// Floats that either way takes for a moment.
    func scratch(rows: Int, _ kernels: Kernels) -> Int {
        max(
            Arena.rounded(kernels.productScratch(inner: inputs, columns: outputs)),
            Arena.rounded(rows * outputs) + Arena.rounded(kernels.productScratch(inner: rows, columns: inputs)),
            Arena.rounded(kernels.productScratch(inner: outputs, columns: inputs)))
    }
}
