/// The inner product of two vectors of equal length.
///
/// Sixteen partial sums, added in a fixed order: the result depends on the inputs alone, and the compiler can
/// keep them in vector registers.
///
/// - Complexity: O(n)
@inlinable
public func dot(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Float {
    precondition(a.count == b.count, "vectors of \(a.count) and \(b.count) elements have no inner product")
    guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
    var sums = SIMD16<Float>(repeating: 0)
    let whole = a.count & ~15
    var i = 0
    while i < whole {
        let u = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD16<Float>.self)
        let v = UnsafeRawPointer(y + i).loadUnaligned(as: SIMD16<Float>.self)
        sums += u * v
        i += 16
    }
    var total = sums.sum()
    while i < a.count {
        total += x[i] * y[i]
        i += 1
    }
    return total
}

/// Adds a multiple of a vector to another of equal length.
///
/// - Complexity: O(n)
package func addScaled(
    _ factor: Float, _ row: UnsafeBufferPointer<Float>, to sums: UnsafeMutableBufferPointer<Float>
) {
    guard let x = row.baseAddress, let y = sums.baseAddress else { return }
    let whole = row.count & ~7
    let factors = SIMD8<Float>(repeating: factor)
    var j = 0
    while j < whole {
        let u = UnsafeRawPointer(x + j).loadUnaligned(as: SIMD8<Float>.self)
        let v = UnsafeRawPointer(y + j).loadUnaligned(as: SIMD8<Float>.self)
        UnsafeMutableRawPointer(y + j).storeBytes(of: v + factors * u, as: SIMD8<Float>.self)
        j += 8
    }
    while j < row.count {
        y[j] += factor * x[j]
        j += 1
    }
}
