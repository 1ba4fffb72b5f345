import Foundation

/// Logistic regression over any number of classes, with the penalty and the optimum of scikit-learn's
/// `LogisticRegression`.
///
/// Minimises Σᵢ −log softmax(W xᵢ + b)[yᵢ] + |W|²/(2C); two classes have one weight vector, not two. Solved by
/// ``QuasiNewton`` in the metric of equally likely classes.
package struct SoftmaxRegression: Sendable, Equatable {
    /// Shape `[classes, features]`; of two classes the first row is zero.
    package let weights: Matrix
    /// One for each class.
    package let bias: [Float]

    /// Takes weights as they are.
    package init(weights: Matrix, bias: [Float]) {
        precondition(weights.rows == bias.count, "one bias a class")
        self.weights = weights
        self.bias = bias
    }

    /// Fits.
    ///
    /// - Parameters:
    ///   - features: Shape `[rows, features]`.
    ///   - classes: The class of each row, in `0..<count`.
    ///   - count: How many classes, at least two.
    ///   - inverse: C, the inverse of the penalty.
    /// - Returns: The classifier; `nil` when the numbers do not allow a solution.
    /// - Complexity: O(features³ / 3) once, and O(classes · features · (rows + features)) a step.
    package static func fit(_ features: Matrix, classes: [Int], count: Int, inverse: Double = 1) -> SoftmaxRegression? {
        let width = features.columns + 1
        let rows = (0..<features.rows).flatMap { features[row: $0] + [Float(1)] }
        let x = Matrix(rows: features.rows, columns: width, storage: rows)
        let gram = Gram.matrix(x, rows: Array(0..<x.rows))
        let penalties = [Double](repeating: 1 / inverse, count: width - 1) + [0]
        let solved: [Double]?
        if count == 2 {
            solved = LogisticRegression.fit(
                .init(
                    features: x, targets: classes.map(Float.init), rows: Array(0..<x.rows), gram: gram,
                    penalties: penalties)
            ).map { [Double](repeating: 0, count: width) + $0 }
        } else {
            solved = minimise(x, classes: classes, count: count, gram: gram, penalties: penalties)
        }
        guard let solved else { return nil }
        let heads = (0..<count).map { Array(solved[$0 * width..<($0 + 1) * width]) }
        return SoftmaxRegression(
            weights: Matrix(
                rows: count, columns: width - 1, storage: heads.flatMap { $0.dropLast().map { Float($0) } }),
            bias: heads.map { Float($0[width - 1]) })
    }

    private static func minimise(
        _ x: Matrix, classes: [Int], count: Int, gram: SymmetricMatrix, penalties: [Double]
    ) -> [Double]? {
        let width = x.columns, share = 1 / Double(count)
        let jitter = 1e-9 * gram.storage.reduce(0) { max($0, abs($1)) }
        guard
            let metric = Cholesky(
                gram.scaled(by: share * (1 - share)).addingDiagonal(penalties.map { $0 + jitter }))
        else { return nil }
        return QuasiNewton.minimise(
            from: [Double](repeating: 0, count: count * width), tolerance: 1e-10 * Double(x.rows), iterations: 300,
            metric: { gradient in
                (0..<count).flatMap { metric.solve(Array(gradient[$0 * width..<($0 + 1) * width])) }
            },
            objective: { objective(x, classes: classes, count: count, penalties: penalties, at: $0) })
    }

    private static func objective(
        _ x: Matrix, classes: [Int], count: Int, penalties: [Double], at w: [Double]
    ) -> (value: Double, gradient: [Double]) {
        let width = x.columns
        var value = 0.0
        var gradient = [Double](repeating: 0, count: w.count)
        for (j, weight) in w.enumerated() {
            value += 0.5 * penalties[j % width] * weight * weight
            gradient[j] = penalties[j % width] * weight
        }
        for row in 0..<x.rows {
            let features = x[row: row].map(Double.init)
            let logits = (0..<count).map { c in
                features.indices.reduce(0.0) { $0 + features[$1] * w[c * width + $1] }
            }
            let shares = softmax(logits)
            value -= log(max(shares[classes[row]], .leastNormalMagnitude))
            for c in 0..<count {
                let slope = shares[c] - (classes[row] == c ? 1 : 0)
                for j in features.indices { gradient[c * width + j] += slope * features[j] }
            }
        }
        return (value, gradient)
    }

    /// The probability of each class.
    ///
    /// - Complexity: O(classes · features)
    package func probabilities(of vector: [Float]) -> [Double] {
        let logits = vector.withUnsafeBufferPointer { vector in
            weights.storage.withUnsafeBufferPointer { all in
                bias.indices.map { c in
                    let row = UnsafeBufferPointer(rebasing: all[c * weights.columns..<(c + 1) * weights.columns])
                    return Double(dot(row, vector)) + Double(bias[c])
                }
            }
        }
        return Self.softmax(logits)
    }

    /// The share of each of some logits, e to their power over the sum of all.
    package static func softmax(_ logits: [Double]) -> [Double] {
        let top = logits.max() ?? 0
        let powers = logits.map { exp($0 - top) }
        let total = powers.reduce(0, +)
        return powers.map { $0 / total }
    }
}
