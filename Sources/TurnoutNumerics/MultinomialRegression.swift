import Foundation

/// Multinomial logistic regression over dense features and a bag of words, with quadratic penalties.
///
/// Minimises Σ aᵢ [log Σₖ e^zᵢₖ − zᵢ,yᵢ] + ½ Σⱼₖ λⱼ wⱼₖ², zᵢₖ = xᵢ·wₖ + vᵢ Σ_{c ∈ wordsᵢ} s_ck. Hastie, Tibshirani and
/// Friedman 2009, "The Elements of Statistical Learning", section 4.4. Solved by ``QuasiNewton``; its metric is the
/// Hessian with every chance at its mean, in full for the dense columns of a class and by its diagonal for words.
package enum MultinomialRegression {
    /// What to learn from.
    package struct Problem: Sendable {
        /// Dense features; shape `[rows, columns]`.
        package var features: Matrix
        /// The words of each row: distinct numbers below ``vocabulary``.
        package var words: [[Int]]
        /// What each word of a row counts for.
        package var wordWeights: [Float]
        /// How many different words there can be.
        package var vocabulary: Int
        /// The class of each row, below ``classCount``.
        package var classes: [Int]
        /// How many classes there are.
        package var classCount: Int
        /// What each row counts for.
        package var weights: [Double]
        /// λ of each dense column.
        package var penalties: [Double]
        /// λ of every word, greater than zero.
        package var wordPenalty: Double

        /// Bundles features, classes and penalties.
        package init(
            features: Matrix, words: [[Int]], wordWeights: [Float], vocabulary: Int, classes: [Int], classCount: Int,
            weights: [Double], penalties: [Double], wordPenalty: Double
        ) {
            self.features = features
            self.words = words
            self.wordWeights = wordWeights
            self.vocabulary = vocabulary
            self.classes = classes
            self.classCount = classCount
            self.weights = weights
            self.penalties = penalties
            self.wordPenalty = wordPenalty
        }
    }

    /// The weights of all classes.
    package struct Weights: Sendable {
        /// One vector a class over the dense columns.
        package let heads: [[Double]]
        /// Shape `[vocabulary, classes]`, row-major; zero for words that were not seen.
        package let words: [Double]

        /// The linear output of every class for one row.
        package func outputs(features: ArraySlice<Float>, words chosen: [Int], wordWeight: Float) -> [Double] {
            heads.enumerated().map { index, head in
                let dense = zip(features, head).reduce(0) { $0 + Double($1.0) * $1.1 }
                let bag = chosen.reduce(0) { $0 + words[$1 * heads.count + index] }
                return dense + Double(wordWeight) * bag
            }
        }
    }

    /// Finds the weights on some of the rows.
    ///
    /// - Parameters:
    ///   - problem: At least one row of each class, or weights grow until the penalty stops them.
    ///   - rows: The numbers of the rows that take part.
    ///   - tolerance: The decrease that the next step still promises, as a share of the rows' weight, at which to stop.
    /// - Returns: The weights; `nil` when the numbers do not allow a solution.
    /// - Complexity: O(columns³ / 3) once and O(classes · (rows · columns + words)) a step; about a hundred steps.
    package static func fit(_ problem: Problem, rows: [Int], tolerance: Double = 1e-4) -> Weights? {
        guard let design = Design(problem, rows: rows) else { return nil }
        let total = rows.reduce(0) { $0 + problem.weights[$1] }
        return QuasiNewton.minimise(
            from: [Double](repeating: 0, count: design.penalties.count), tolerance: tolerance * total, iterations: 500,
            metric: design.metric, objective: design.objective
        ).map(design.weights)
    }
}

/// The rows of one fit, words renumbered to those that occur.
///
/// Parameters: a vector of dense weights for each class, then for each word a weight for each class.
private struct Design {
    let problem: MultinomialRegression.Problem
    let rows: [Int]
    /// The words that occur, in ascending order.
    let present: [Int]
    /// The words of each of the rows, by their place in ``present``.
    let places: [[Int]]
    /// λ of each parameter.
    let penalties: [Double]
    /// The approximate Hessian of one class's dense weights, factored.
    let denseMetric: Cholesky
    /// The diagonal of the approximate Hessian of one class, for each word that occurs.
    let wordMetric: [Double]

    private var classes: Int { problem.classCount }
    private var columns: Int { problem.features.columns }
    /// Where the weights of words begin.
    private var start: Int { classes * columns }

    /// `nil` when the dense columns have no positive definite Hessian.
    init?(_ problem: MultinomialRegression.Problem, rows: [Int]) {
        let present = Set(rows.flatMap { problem.words[$0] }).sorted()
        let placeOfWord = Dictionary(uniqueKeysWithValues: zip(present, 0...))
        let places = rows.map { problem.words[$0].compactMap { placeOfWord[$0] } }
        let mean = 1 / Double(problem.classCount)
        let curvature = mean * (1 - mean)

        let gram = Gram.matrix(Self.weighted(problem, rows), rows: Array(rows.indices)).scaled(by: curvature)
        let jitter = 1e-9 * gram.storage.reduce(0) { max($0, abs($1)) }
        guard let dense = Cholesky(gram.addingDiagonal(problem.penalties.map { $0 + jitter })) else { return nil }
        var words = [Double](repeating: problem.wordPenalty, count: present.count)
        for (row, places) in zip(rows, places) {
            let square = Double(problem.wordWeights[row] * problem.wordWeights[row])
            for place in places { words[place] += curvature * problem.weights[row] * square }
        }
        self.problem = problem
        self.rows = rows
        self.present = present
        self.places = places
        self.denseMetric = dense
        self.wordMetric = words
        self.penalties =
            (0..<problem.classCount).flatMap { _ in problem.penalties }
            + [Double](repeating: problem.wordPenalty, count: present.count * problem.classCount)
    }

    /// The dense features of the rows, each times the root of its weight.
    private static func weighted(_ problem: MultinomialRegression.Problem, _ rows: [Int]) -> Matrix {
        Matrix(
            rows: rows.count, columns: problem.features.columns,
            storage: rows.flatMap { row in
                let root = Float(problem.weights[row].squareRoot())
                return problem.features[row: row].map { root * $0 }
            })
    }

    /// A gradient times the inverse of the approximate Hessian.
    func metric(_ gradient: [Double]) -> [Double] {
        let dense = (0..<classes).flatMap { k in
            denseMetric.solve(Array(gradient[k * columns..<(k + 1) * columns]))
        }
        return dense + gradient[start...].enumerated().map { $1 / wordMetric[$0 / classes] }
    }

    /// The penalised loss and its gradient.
    func objective(at point: [Double]) -> (value: Double, gradient: [Double]) {
        let heads = point.prefix(start).map(Float.init)
        var gradient = zip(point, penalties).map { $0 * $1 }
        var value = zip(point, gradient).reduce(0) { $0 + 0.5 * $1.0 * $1.1 }
        var outputs = [Double](repeating: 0, count: classes)
        heads.withUnsafeBufferPointer { heads in
            point[start...].withUnsafeBufferPointer { words in
                gradient.withUnsafeMutableBufferPointer { gradient in
                    for (row, places) in zip(rows, places) {
                        let weight = problem.weights[row]
                        project(row, places, heads, words, &outputs)
                        value += weight * Self.residuals(&outputs, of: problem.classes[row])
                        collect(row, places, outputs.map { weight * $0 }, gradient)
                    }
                }
            }
        }
        return (value, gradient)
    }

    /// The linear output of every class for one row; inner products of dense features are made in 32 bits.
    private func project(
        _ row: Int, _ places: [Int], _ heads: UnsafeBufferPointer<Float>, _ words: UnsafeBufferPointer<Double>,
        _ outputs: inout [Double]
    ) {
        problem.features[row: row].withUnsafeBufferPointer { x in
            for k in 0..<classes {
                outputs[k] = Double(dot(x, UnsafeBufferPointer(rebasing: heads[k * columns..<(k + 1) * columns])))
            }
        }
        let weight = Double(problem.wordWeights[row])
        for k in 0..<classes {
            var sum = 0.0
            for place in places { sum += words[place &* classes &+ k] }
            outputs[k] += weight * sum
        }
    }

    /// Adds a row's share to the gradient.
    private func collect(
        _ row: Int, _ places: [Int], _ residuals: [Double], _ gradient: UnsafeMutableBufferPointer<Double>
    ) {
        let weight = Double(problem.wordWeights[row])
        problem.features[row: row].withUnsafeBufferPointer { x in
            for k in 0..<classes {
                let residual = residuals[k]
                let head = UnsafeMutableBufferPointer(rebasing: gradient[k * columns..<(k + 1) * columns])
                for column in 0..<x.count { head[column] += residual * Double(x[column]) }
                for place in places { gradient[start &+ place &* classes &+ k] += residual * weight }
            }
        }
    }

    /// Replaces outputs by probabilities less the truth, and returns the log-loss.
    private static func residuals(_ outputs: inout [Double], of target: Int) -> Double {
        let greatest = outputs.max() ?? 0
        let truth = outputs[target]
        var total = 0.0
        for k in outputs.indices {
            outputs[k] = exp(outputs[k] - greatest)
            total += outputs[k]
        }
        for k in outputs.indices { outputs[k] /= total }
        outputs[target] -= 1
        return greatest + log(total) - truth
    }

    /// A point as weights, words by their own numbers.
    func weights(_ point: [Double]) -> MultinomialRegression.Weights {
        var words = [Double](repeating: 0, count: problem.vocabulary * classes)
        for (place, word) in present.enumerated() {
            for k in 0..<classes { words[word * classes + k] = point[start + place * classes + k] }
        }
        return .init(
            heads: (0..<classes).map { Array(point[$0 * columns..<($0 + 1) * columns]) }, words: words)
    }
}
