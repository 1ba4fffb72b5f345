import Foundation

/// Logistic regression with a quadratic penalty and targets anywhere in 0…1.
///
/// Minimises Σ aᵢ [log(1 + e^zᵢ) − yᵢ zᵢ] + ½ Σ λⱼ wⱼ², z = X w. A target between 0 and 1 counts as that share of a
/// success. An intercept is a column of ones whose penalty is zero.
///
/// Newton's method would make a weighted XᵀWX in each step, which is 95 % of the work. Here the Hessian is made
/// once, with W at its mean, and ``QuasiNewton`` learns the difference: about ten passes over the data reach the same
/// optimum.
package enum LogisticRegression {
    /// What to learn from.
    package struct Problem: Sendable {
        /// Features; shape `[rows, columns]`.
        package let features: Matrix
        /// One target in 0…1 for each row.
        package let targets: [Float]
        /// The numbers of the rows that take part.
        package let rows: [Int]
        /// XᵀX over those rows.
        package let gram: SymmetricMatrix
        /// λ, one for each column.
        package var penalties: [Double]

        /// Bundles features, targets and penalties.
        package init(
            features: Matrix, targets: [Float], rows: [Int], gram: SymmetricMatrix, penalties: [Double]
        ) {
            self.features = features
            self.targets = targets
            self.rows = rows
            self.gram = gram
            self.penalties = penalties
        }
    }

    /// Finds the weights.
    ///
    /// - Parameters:
    ///   - problem: At least one row; targets of both kinds, or the weights grow until the penalty stops them.
    ///   - start: Where to begin; zeros unless given.
    ///   - tolerance: The decrease that Newton's step still promises, per row, at which to stop.
    /// - Returns: One weight for each column; `nil` when the numbers do not allow a solution.
    /// - Complexity: O(columns³ / 3) once and O(rows · columns) a step.
    package static func fit(_ problem: Problem, start: [Double]? = nil, tolerance: Double = 1e-9) -> [Double]? {
        let width = problem.features.columns
        let count = problem.rows.count
        guard count > 0 else { return nil }
        let mean = problem.rows.reduce(0) { $0 + Double(problem.targets[$1]) } / Double(count)
        let curvature = min(max(mean * (1 - mean), 0.02), 0.25)
        let jitter = 1e-9 * problem.gram.storage.reduce(0) { max($0, abs($1)) }
        guard
            let metric = Cholesky(
                problem.gram.scaled(by: curvature).addingDiagonal(problem.penalties.map { $0 + jitter }))
        else { return nil }
        return QuasiNewton.minimise(
            from: start ?? [Double](repeating: 0, count: width), tolerance: tolerance * Double(count),
            metric: metric.solve, objective: { objective(problem, at: $0) })
    }

    /// The penalised loss and its gradient, in one pass over the features.
    ///
    /// Inner products are made in 32 bits, sums over rows in 32 bits for 64 rows at a time and 64 bits beyond.
    package static func objective(_ problem: Problem, at weights: [Double]) -> (value: Double, gradient: [Double]) {
        let width = problem.features.columns
        let w = weights.map(Float.init)
        var value = 0.0
        var gradient = [Double](repeating: 0, count: width)
        var partial = [Float](repeating: 0, count: width)
        problem.features.storage.withUnsafeBufferPointer { all in
            w.withUnsafeBufferPointer { w in
                partial.withUnsafeMutableBufferPointer { partial in
                    var held = 0
                    for i in problem.rows {
                        let row = UnsafeBufferPointer(rebasing: all[i * width..<(i + 1) * width])
                        let z = Double(dot(row, w))
                        let target = Double(problem.targets[i])
                        value += softplus(z) - target * z
                        addScaled(Float(1 / (1 + exp(-z)) - target), row, to: partial)
                        held += 1
                        if held == 64 {
                            flush(partial, into: &gradient)
                            held = 0
                        }
                    }
                    flush(partial, into: &gradient)
                }
            }
        }
        for j in 0..<width {
            value += 0.5 * problem.penalties[j] * weights[j] * weights[j]
            gradient[j] += problem.penalties[j] * weights[j]
        }
        return (value, gradient)
    }

    private static func flush(_ partial: UnsafeMutableBufferPointer<Float>, into gradient: inout [Double]) {
        for j in gradient.indices {
            gradient[j] += Double(partial[j])
            partial[j] = 0
        }
    }
}
