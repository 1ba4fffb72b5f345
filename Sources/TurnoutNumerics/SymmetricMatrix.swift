/// A symmetric matrix of 64-bit floats, stored in full, row-major.
package struct SymmetricMatrix: Sendable, Equatable {
    /// Rows, and columns.
    package let order: Int
    /// All elements; `order * order` of them, both triangles filled.
    package var storage: [Double]

    /// A matrix of zeros.
    package init(order: Int) {
        self.order = order
        self.storage = [Double](repeating: 0, count: order * order)
    }

    /// Element (`i`, `j`).
    package subscript(i: Int, j: Int) -> Double {
        get { storage[i * order + j] }
        set { storage[i * order + j] = newValue }
    }

    /// The same matrix with `values[i]` added to element (`i`, `i`).
    package func addingDiagonal(_ values: [Double], scale: Double = 1) -> SymmetricMatrix {
        var result = self
        for i in 0..<order { result.storage[i * order + i] += scale * values[i] }
        return result
    }

    /// The same matrix with all elements multiplied.
    package func scaled(by factor: Double) -> SymmetricMatrix {
        var result = self
        for i in result.storage.indices { result.storage[i] *= factor }
        return result
    }

    /// Element-wise sum.
    package static func + (a: SymmetricMatrix, b: SymmetricMatrix) -> SymmetricMatrix {
        var result = a
        for i in result.storage.indices { result.storage[i] += b.storage[i] }
        return result
    }

    /// Element-wise difference.
    package static func - (a: SymmetricMatrix, b: SymmetricMatrix) -> SymmetricMatrix {
        var result = a
        for i in result.storage.indices { result.storage[i] -= b.storage[i] }
        return result
    }
}

/// The Cholesky factor of a symmetric positive definite matrix: A = L Lᵀ.
package struct Cholesky: Sendable {
    private let order: Int
    /// Lower triangle, row-major; the upper one is not used.
    private var lower: [Double]

    /// Factors a matrix; `nil` when it is not positive definite to working precision.
    ///
    /// - Complexity: O(n³ / 3); inner loops run over contiguous rows.
    package init?(_ matrix: SymmetricMatrix) {
        let n = matrix.order
        var lower = matrix.storage
        let succeeded = lower.withUnsafeMutableBufferPointer { l -> Bool in
            for i in 0..<n {
                for j in 0...i {
                    let rest = l[i * n + j] - Self.dot(l, i * n, j * n, count: j)
                    if i == j {
                        guard rest.isFinite, rest > 0 else { return false }
                        l[i * n + i] = rest.squareRoot()
                    } else {
                        l[i * n + j] = rest / l[j * n + j]
                    }
                }
            }
            return true
        }
        guard succeeded else { return nil }
        self.order = n
        self.lower = lower
    }

    /// Solves A x = b.
    ///
    /// - Complexity: O(n²)
    package func solve(_ b: [Double]) -> [Double] {
        precondition(b.count == order, "\(b.count) numbers on the right of a system of \(order)")
        let n = order
        var x = b
        lower.withUnsafeBufferPointer { l in
            for i in 0..<n {
                var sum = x[i]
                for k in 0..<i { sum -= l[i * n + k] * x[k] }
                x[i] = sum / l[i * n + i]
            }
            // Column by column of Lᵀ, which are rows of L: contiguous again.
            for i in stride(from: n - 1, through: 0, by: -1) {
                x[i] /= l[i * n + i]
                let known = x[i]
                for k in 0..<i { x[k] -= l[i * n + k] * known }
            }
        }
        return x
    }

    private static func dot(_ l: UnsafeMutableBufferPointer<Double>, _ a: Int, _ b: Int, count: Int) -> Double {
        guard let base = l.baseAddress else { return 0 }
        let (x, y) = (base + a, base + b)
        var sums = SIMD8<Double>(repeating: 0)
        let whole = count & ~7
        var k = 0
        while k < whole {
            let u = UnsafeRawPointer(x + k).loadUnaligned(as: SIMD8<Double>.self)
            let v = UnsafeRawPointer(y + k).loadUnaligned(as: SIMD8<Double>.self)
            sums += u * v
            k += 8
        }
        var total = sums.sum()
        while k < count {
            total += x[k] * y[k]
            k += 1
        }
        return total
    }
}
