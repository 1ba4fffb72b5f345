import CTurnoutKernels

extension Kernels {
    /// d becomes d·activation'(x).
    ///
    /// - Parameters:
    ///   - activation: What was applied.
    ///   - x: What it was applied to, `count` numbers.
    ///   - d: The gradient of what came out; becomes that of `x`.
    ///   - count: How many.
    ///   - pool: Who shares the work.
    /// - Complexity: O(`count`)
    package func backward(
        _ activation: Activation, at x: UnsafePointer<Float>, _ d: UnsafeMutablePointer<Float>, count: Int,
        pool: ThreadPool? = nil
    ) {
        turnout_activate_backward(pool?.pool, table, activation.rawValue, count, x, d)
    }

    /// The gradient of a layer norm.
    ///
    /// - Parameters:
    ///   - x: What was normalised, `[rows, width]`.
    ///   - rows: How many rows.
    ///   - width: The length of each.
    ///   - gain: What normalised numbers were multiplied by.
    ///   - epsilon: What was added to the variance.
    ///   - dy: The gradient of what came out.
    ///   - dx: Receives that of `x`; must not be `dy`.
    ///   - dgain: That of the gain is added here.
    ///   - dshift: That of the shift is added here.
    ///   - scratch: 2 · `rows` floats.
    ///   - pool: Who shares the work; the result is the same to the bit.
    /// - Complexity: O(`rows` · `width`)
    package func layerNormBackward(
        at x: UnsafePointer<Float>, rows: Int, width: Int, gain: UnsafePointer<Float>, epsilon: Float,
        _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>, dgain: UnsafeMutablePointer<Float>,
        dshift: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, pool: ThreadPool? = nil
    ) {
        turnout_layer_norm_backward(
            pool?.pool, table, rows, width, x, gain, epsilon, dy, dx, dgain, dshift, scratch)
    }

    /// Adds all rows of `[rows, width]` to one: the gradient of a bias.
    ///
    /// - Complexity: O(`rows` · `width`)
    package func addRows(
        of x: UnsafePointer<Float>, rows: Int, width: Int, to sum: UnsafeMutablePointer<Float>,
        pool: ThreadPool? = nil
    ) {
        turnout_add_rows(pool?.pool, table, rows, width, x, sum)
    }
}
