import CTurnoutKernels

extension Kernels {
    /// Floats of scratch memory that ``multiply(_:rows:inner:by:columns:isTransposed:bias:adding:into:scratch:pool:)``
    /// needs.
    package func productScratch(inner: Int, columns: Int) -> Int { turnout_product_scratch(table, inner, columns) }

    /// y = a·b + bias, where b is new each time: the weights of a layer that learns, or a gradient.
    ///
    /// b is rearranged on the way, which costs one pass over it. A ``PackedLinear`` spares that where b stays.
    ///
    /// - Parameters:
    ///   - a: Shape `[rows, inner]`.
    ///   - rows: The rows of a and y.
    ///   - inner: The numbers that are multiplied and summed.
    ///   - b: Shape `[inner, columns]`, or `[columns, inner]` where `isTransposed`.
    ///   - columns: The columns of y.
    ///   - isTransposed: Whether b lies as the weights of a layer do, a row for each output.
    ///   - bias: One for each column; `nil` for none.
    ///   - adding: Whether the product is added to what y holds.
    ///   - y: Receives `[rows, columns]`; must not overlap `a`.
    ///   - scratch: ``productScratch(inner:columns:)`` floats.
    ///   - pool: Who shares the work; the result is the same to the bit.
    /// - Complexity: O(`rows` · `inner` · `columns`)
    package func multiply(
        _ a: UnsafePointer<Float>, rows: Int, inner: Int, by b: UnsafePointer<Float>, columns: Int,
        isTransposed: Bool = false, bias: UnsafePointer<Float>? = nil, adding: Bool = false,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>, pool: ThreadPool? = nil
    ) {
        var product = turnout_product(
            rows: rows, inner: inner, columns: columns, a: a, b: b, b_is_transposed: isTransposed, bias: bias,
            adds: adding, y: y)
        turnout_multiply(pool?.pool, table, &product, scratch)
    }

    /// y = xᵀ.
    ///
    /// - Parameters:
    ///   - x: Shape `[rows, columns]`.
    ///   - rows: The rows of x.
    ///   - columns: The columns of x.
    ///   - y: Receives `[columns, rows]`.
    ///   - pool: Who shares the work.
    /// - Complexity: O(`rows` · `columns`)
    package func transpose(
        _ x: UnsafePointer<Float>, rows: Int, columns: Int, into y: UnsafeMutablePointer<Float>,
        pool: ThreadPool? = nil
    ) {
        turnout_transpose(pool?.pool, rows, columns, x, y)
    }
}
