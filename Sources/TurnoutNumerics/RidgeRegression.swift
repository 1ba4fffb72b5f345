/// Least squares with a quadratic penalty, in closed form.
///
/// Minimises ½ Σ aᵢ (xᵢ·w − yᵢ)² + ½ Σ λⱼ wⱼ². Hoerl and Kennard 1970. An intercept is a column of ones whose
/// penalty is zero.
package enum RidgeRegression {
    /// What the solution needs to know of the data; sums over rows add up, so that folds are taken off a total.
    package struct Moments: Sendable {
        /// XᵀX, shape `[columns, columns]`.
        package var gram: SymmetricMatrix
        /// Xᵀy, one vector for each target.
        package var products: [[Double]]

        /// Sets both moments.
        package init(gram: SymmetricMatrix, products: [[Double]]) {
            self.gram = gram
            self.products = products
        }

        /// The moments of the rows of `a` that are not in `b`.
        package static func - (a: Moments, b: Moments) -> Moments {
            Moments(
                gram: a.gram - b.gram,
                products: zip(a.products, b.products).map { zip($0, $1).map { $0 - $1 } })
        }

        /// The moments of the rows of `a` and of `b`.
        package static func + (a: Moments, b: Moments) -> Moments {
            Moments(
                gram: a.gram + b.gram,
                products: zip(a.products, b.products).map { zip($0, $1).map { $0 + $1 } })
        }
    }

    /// Xᵀy over some rows, in 64 bits.
    ///
    /// - Parameters:
    ///   - x: Features, one row each.
    ///   - y: One target for each row of `x`.
    ///   - rows: The rows that count.
    /// - Returns: One sum for each column of `x`.
    package static func product(_ x: Matrix, _ y: [Double], rows: [Int]) -> [Double] {
        var result = [Double](repeating: 0, count: x.columns)
        x.storage.withUnsafeBufferPointer { all in
            result.withUnsafeMutableBufferPointer { sums in
                for i in rows {
                    let (at, target) = (i * x.columns, y[i])
                    for j in 0..<x.columns { sums[j] += target * Double(all[at + j]) }
                }
            }
        }
        return result
    }

    /// Solves (XᵀX + diag λ) w = Xᵀy for every target.
    ///
    /// - Parameters:
    ///   - moments: Sums over the rows to learn from.
    ///   - penalties: λ, one for each column; zero where nothing is penalised.
    /// - Returns: One weight vector for each target; `nil` when the system is singular.
    /// - Complexity: O(columns³ / 3)
    package static func solve(_ moments: Moments, penalties: [Double]) -> [[Double]]? {
        // A trace of the diagonal keeps a constant or repeated column from stopping the factorisation.
        let trace = (0..<moments.gram.order).reduce(0) { $0 + moments.gram[$1, $1] }
        let jitter = 1e-10 * trace / Double(max(moments.gram.order, 1))
        let factor = Cholesky(moments.gram.addingDiagonal(penalties.map { $0 + jitter }))
        return factor.map { factor in moments.products.map(factor.solve) }
    }
}
