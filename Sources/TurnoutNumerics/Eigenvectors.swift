/// Eigenvectors and eigenvalues of a symmetric positive semidefinite matrix, the largest eigenvalue first.
///
/// One-sided Jacobi rotations make the rows of the matrix orthogonal to each other. Since the matrix is symmetric, each
/// row is then an eigenvector times its eigenvalue. All work is on contiguous rows and in one order, so that the
/// result is the same on every run. Hestenes 1958, "Inversion of Matrices by Biorthogonalization"; Demmel & Veselić
/// 1992, "Jacobi's Method is More Accurate than QR".
package struct Eigenvectors: Sendable {
    /// The eigenvalues, none below zero, in falling order.
    package let values: [Double]
    /// The eigenvectors in the same order.
    ///
    /// Each has length 1 and its element of largest magnitude is positive. One of an eigenvalue of zero is all zeros.
    package let vectors: [[Double]]

    /// Rows whose cosine is below this count as orthogonal.
    private static let tolerance = 1e-13
    /// Rows shorter than this share of the longest one have an eigenvalue of zero.
    private static let negligible = 1e-13
    /// Some ten are needed; the bound only makes sure that there is an end.
    private static let mostSweeps = 60

    /// Decomposes a matrix, which must be symmetric and have no eigenvalue below zero.
    ///
    /// - Complexity: O(n³) for each of about ten sweeps; 1 s for n = 384 on one core.
    package init(of matrix: SymmetricMatrix) {
        let n = matrix.order
        var rows = matrix.storage
        rows.withUnsafeMutableBufferPointer { rows in
            guard let base = rows.baseAddress else { return }
            for _ in 0..<Self.mostSweeps where !Self.sweep(base, n) { break }
        }
        let lengths = (0..<n).map { row in
            rows[row * n..<(row + 1) * n].reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
        let floor = (lengths.max() ?? 0) * Self.negligible
        let order = (0..<n).sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        values = order.map { lengths[$0] > floor ? lengths[$0] : 0 }
        vectors = order.map { row in
            let vector = rows[row * n..<(row + 1) * n]
            guard lengths[row] > floor else { return [Double](repeating: 0, count: n) }
            let largest = vector.max { abs($0) < abs($1) } ?? 1
            let factor = (largest < 0 ? -1 : 1) / lengths[row]
            return vector.map { $0 * factor }
        }
    }

    /// Rotates each pair of rows once, and says whether any was not orthogonal yet.
    private static func sweep(_ rows: UnsafeMutablePointer<Double>, _ n: Int) -> Bool {
        var squares = (0..<n).map { dot(rows + $0 * n, rows + $0 * n, n) }
        let floor = (squares.max() ?? 0) * negligible * negligible
        var rotated = false
        for p in 0..<n {
            for q in p + 1..<max(n, p + 1) where squares[p] > floor && squares[q] > floor {
                let (x, y) = (rows + p * n, rows + q * n)
                let product = dot(x, y, n)
                guard abs(product) > tolerance * (squares[p] * squares[q]).squareRoot() else { continue }
                rotated = true
                let zeta = (squares[q] - squares[p]) / (2 * product)
                let tangent = (zeta < 0 ? -1 : 1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
                let cosine = 1 / (1 + tangent * tangent).squareRoot()
                rotate(x, y, n, cosine: cosine, sine: cosine * tangent)
                squares[p] = dot(x, x, n)
                squares[q] = dot(y, y, n)
            }
        }
        return rotated
    }

    private static func rotate(
        _ x: UnsafeMutablePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ n: Int, cosine: Double, sine: Double
    ) {
        for k in 0..<n {
            let (a, b) = (x[k], y[k])
            x[k] = cosine * a - sine * b
            y[k] = sine * a + cosine * b
        }
    }

    private static func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ n: Int) -> Double {
        var sums = SIMD8<Double>(repeating: 0)
        let whole = n & ~7
        var k = 0
        while k < whole {
            let u = UnsafeRawPointer(x + k).loadUnaligned(as: SIMD8<Double>.self)
            let v = UnsafeRawPointer(y + k).loadUnaligned(as: SIMD8<Double>.self)
            sums += u * v
            k += 8
        }
        var total = sums.sum()
        while k < n {
            total += x[k] * y[k]
            k += 1
        }
        return total
    }
}
