import Foundation

/// Logistic regression over any number of classes, with the penalty and the optimum of scikit-learn's
/// `LogisticRegression`.
///
/// Minimises Σᵢ −log softmax(W xᵢ + b)[yᵢ] + |W|²/(2C): ``MultinomialRegression`` without words, and for two classes, which
/// have one weight vector and not two, ``LogisticRegression``.
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
        let all = Array(0..<x.rows)
        let penalties = [Double](repeating: 1 / inverse, count: width - 1) + [0]
        let solved: [Double]?
        if count == 2 {
            solved = LogisticRegression.fit(
                .init(
                    features: x, targets: classes.map(Float.init), rows: all, gram: Gram.matrix(x, rows: all),
                    penalties: penalties)
            ).map { [Double](repeating: 0, count: width) + $0 }
        } else {
            solved = MultinomialRegression.fit(
                .init(
                    features: x, words: all.map { _ in [] }, wordWeights: all.map { _ in 0 }, vocabulary: 0,
                    classes: classes, classCount: count, weights: all.map { _ in 1 }, penalties: penalties,
                    wordPenalty: 1),
                rows: all, tolerance: 1e-10
            )?.heads.flatMap { $0 }
        }
        guard let solved else { return nil }
        let heads = (0..<count).map { Array(solved[$0 * width..<($0 + 1) * width]) }
        return SoftmaxRegression(
            weights: Matrix(
                rows: count, columns: width - 1, storage: heads.flatMap { $0.dropLast().map { Float($0) } }),
            bias: heads.map { Float($0[width - 1]) })
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
