import TurnoutNumerics

/// y = (x - mean)/√(variance + ε)·gain + shift, for each row.
struct TunableNorm: Sendable {
    let gain: Range<Int>
    let shift: Range<Int>
    let width: Int
    let epsilon: Float

    /// Adds `name.weight` and `name.bias` to a table.
    init(_ name: String, width: Int, epsilon: Float, in table: inout ParameterTable, isFrozen: Bool) {
        self.gain = table.add("\(name).weight", [width], isFrozen: isFrozen)
        self.shift = table.add("\(name).bias", [width], isFrozen: isFrozen)
        (self.width, self.epsilon) = (width, epsilon)
    }

    /// From `x` to `y`, both `[rows, width]`.
    func forward(_ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, _ bench: Workbench) {
        let norm = LayerNorm(
            gain: Array(UnsafeBufferPointer(start: bench.weights + gain.lowerBound, count: width)),
            shift: Array(UnsafeBufferPointer(start: bench.weights + shift.lowerBound, count: width)), epsilon: epsilon)
        bench.forEachRows(rows) { first, count in
            bench.kernels.apply(norm, to: x + first * width, rows: count, into: y + first * width)
        }
    }

    /// From `dy`, the gradient of what came out, to `dx`, that of `x`; the two must not be one.
    func backward(
        _ x: UnsafePointer<Float>, rows: Int, _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        _ bench: Workbench
    ) {
        bench.arena.lending {
            bench.kernels.layerNormBackward(
                at: x, rows: rows, width: width, gain: bench.weights + gain.lowerBound, epsilon: epsilon, dy, into: dx,
                dgain: bench.gradients + gain.lowerBound, dshift: bench.gradients + shift.lowerBound,
                scratch: bench.arena.take(2 * rows), pool: bench.pool)
        }
    }
}
