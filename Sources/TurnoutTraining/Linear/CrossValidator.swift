import TurnoutEvaluation
import TurnoutNumerics

/// Fits heads at every penalty on every set of folds but one, chooses the penalty and predicts the fold left out.
///
/// One penalty serves all heads, the one whose held-out estimates tell models apart best: by the correlation of
/// estimated and true differences between models (with one head, of estimates and scores). Heads that were shrunk
/// differently would differ where the models do not. Correlation and not squared error, because outputs are
/// calibrated afterwards: shrinkage that a straight line undoes is no merit.
///
/// XᵀX of each fold is made once; a training set is the total less one fold. Penalties are tried from the strongest
/// down, each starting from the weights of the one before, until the correlation has fallen three times.
struct CrossValidator: Sendable {
    /// What came of all heads.
    struct Result: Sendable {
        /// The penalty with the best agreement over all folds.
        let penalty: Double
        /// Weights of each head on all its rows at that penalty.
        let weights: [[Double]]
        /// For each head the linear output for each row of the table, by a fit that did not see the row.
        ///
        /// Its penalty was chosen without looking at that row's fold, so that the row has no say in that either.
        let outOfFold: [[Double]]
    }

    let features: Matrix
    let folds: Folds
    let kind: HeadKind
    let penalties: [Double]
    let penaltyVector: @Sendable (Double) -> [Double]
    let threads: Int
    let progress: TrainingProgress.Handler?

    private let rowsOfFold: [[Int]]

    init(
        features: Matrix, folds: Folds, kind: HeadKind, penalties: [Double],
        penaltyVector: @escaping @Sendable (Double) -> [Double], threads: Int, progress: TrainingProgress.Handler?
    ) {
        self.features = features
        self.folds = folds
        self.kind = kind
        self.penalties = penalties.sorted(by: >)
        self.penaltyVector = penaltyVector
        self.threads = threads
        self.progress = progress
        var rowsOfFold = [[Int]](repeating: [], count: folds.count)
        for (row, fold) in folds.foldOfRow.enumerated() { rowsOfFold[fold].append(row) }
        self.rowsOfFold = rowsOfFold
    }

    /// Runs all heads; `nil` when a system could not be solved.
    func run(_ heads: [ModelScores]) -> Result? {
        let sets = heads.map { TrainingSets(head: $0, folds: folds) }
        var grams: [[Int]: Grams] = [:]
        for set in sets where grams[set.all] == nil { grams[set.all] = makeGrams(set) }
        let problems = zip(heads, sets).compactMap { head, set in
            grams[set.all].map { HeadProblem(head: head, targets: head.targets.map(Float.init), sets: set, grams: $0) }
        }
        var starts = [[Double]?](repeating: nil, count: heads.count * folds.count)
        var agreements: [[Agreement]] = []
        var outputs: [[[Double]]] = []
        for (step, penalty) in penalties.enumerated() {
            progress?(TrainingProgress(stage: .validating, completed: step, total: penalties.count))
            guard let fits = fitAll(problems, penalty: penalty, starts: starts) else { return nil }
            starts = fits.map(\.weights)
            let predicted = heads.indices.map { head in
                scatter(fits[head * folds.count..<(head + 1) * folds.count].map(\.outputs))
            }
            outputs.append(predicted)
            agreements.append(agreementByFold(heads, predicted))
            if hasFallenThrice(agreements.map { Agreement.correlation($0) }) { break }
        }
        progress?(TrainingProgress(stage: .fitting, completed: 0, total: heads.count))
        let penalty = penalties[bestIndex(agreements.map { Agreement.correlation($0) })]
        let final = parallelMap(problems.count, threads: threads) { [starts] index in
            fit(
                problems[index], rows: problems[index].sets.all, gram: problems[index].grams.total, penalty: penalty,
                start: starts[index * folds.count], tolerance: 1e-9)
        }.compactMap { $0 }
        guard final.count == heads.count else { return nil }
        return Result(penalty: penalty, weights: final, outOfFold: crossSelected(outputs, agreements))
    }

    // MARK: - Fitting

    private struct HeadProblem: Sendable {
        let head: ModelScores
        let targets: [Float]
        let sets: TrainingSets
        let grams: Grams
    }

    private struct TrainingSets: Sendable {
        let all: [Int]
        let tested: [[Int]]
        let trained: [[Int]]

        init(head: ModelScores, folds: Folds) {
            self.all = head.rows
            var tested = [[Int]](repeating: [], count: folds.count)
            var trained = tested
            for row in head.rows {
                let own = folds.foldOfRow[row]
                for fold in 0..<folds.count {
                    if fold == own { tested[fold].append(row) } else { trained[fold].append(row) }
                }
            }
            self.tested = tested
            self.trained = trained
        }
    }

    private struct Grams: Sendable {
        let total: SymmetricMatrix
        let folds: [SymmetricMatrix]
    }

    private struct Fit: Sendable {
        let weights: [Double]
        let outputs: [Double]
    }

    private func makeGrams(_ sets: TrainingSets) -> Grams {
        let folds = sets.tested.map { Gram.matrix(features, rows: $0, threads: threads) }
        let total = folds.dropFirst().reduce(folds[0]) { $0 + $1 }
        return Grams(total: total, folds: folds)
    }

    /// One fit for each head and fold, heads outermost.
    private func fitAll(_ problems: [HeadProblem], penalty: Double, starts: [[Double]?]) -> [Fit]? {
        let fits = parallelMap(problems.count * folds.count, threads: threads) { index -> Fit? in
            let (problem, fold) = (problems[index / folds.count], index % folds.count)
            let weights = fit(
                problem, rows: problem.sets.trained[fold], gram: problem.grams.total - problem.grams.folds[fold],
                penalty: penalty, start: starts[index], tolerance: 1e-7)
            return weights.map { Fit(weights: $0, outputs: predict(rowsOfFold[fold], $0)) }
        }.compactMap { $0 }
        return fits.count == problems.count * folds.count ? fits : nil
    }

    private func fit(
        _ problem: HeadProblem, rows: [Int], gram: SymmetricMatrix, penalty: Double, start: [Double]?, tolerance: Double
    ) -> [Double]? {
        switch kind {
        case .logistic:
            let problem = LogisticRegression.Problem(
                features: features, targets: problem.targets, rows: rows, gram: gram, penalties: penaltyVector(penalty))
            return LogisticRegression.fit(problem, start: start, tolerance: tolerance)
        case .ridge:
            let products = RidgeRegression.product(features, problem.head.targets, rows: rows)
            return RidgeRegression.solve(.init(gram: gram, products: [products]), penalties: penaltyVector(penalty))?
                .first
        }
    }

    private func predict(_ rows: [Int], _ weights: [Double]) -> [Double] {
        let w = weights.map(Float.init)
        return features.storage.withUnsafeBufferPointer { all in
            w.withUnsafeBufferPointer { w in
                rows.map { row in
                    let start = row * features.columns
                    return Double(dot(UnsafeBufferPointer(rebasing: all[start..<start + features.columns]), w))
                }
            }
        }
    }

    // MARK: - Choosing

    private func scatter(_ outputs: [[Double]]) -> [Double] {
        var result = [Double](repeating: 0, count: folds.foldOfRow.count)
        for (rows, values) in zip(rowsOfFold, outputs) { for (row, value) in zip(rows, values) { result[row] = value } }
        return result
    }

    /// How estimates and scores vary together on the rows of each fold.
    ///
    /// With several scores on a row, both are taken relative to their means on that row: what all models share has
    /// no bearing on the choice between them.
    private func agreementByFold(_ heads: [ModelScores], _ outputs: [[Double]]) -> [Agreement] {
        let count = folds.foldOfRow.count
        var shared = [(number: Double, estimate: Double, score: Double)](repeating: (0, 0, 0), count: count)
        let estimates = outputs.map { $0.map(kind.estimate(output:)) }
        if heads.count > 1 {
            for (head, estimates) in zip(heads, estimates) {
                for row in head.rows {
                    shared[row].number += 1
                    shared[row].estimate += estimates[row]
                    shared[row].score += head.targets[row]
                }
            }
        }
        var result = [Agreement](repeating: Agreement(heads: heads.count), count: folds.count)
        for (index, head) in heads.enumerated() {
            for row in head.rows where heads.count == 1 || shared[row].number > 1 {
                let number = max(shared[row].number, 1)
                result[folds.foldOfRow[row]].add(
                    head: index, estimate: estimates[index][row] - shared[row].estimate / number,
                    score: head.targets[row] - shared[row].score / number)
            }
        }
        return result
    }

    /// For each fold, the outputs at the penalty that the other folds prefer.
    private func crossSelected(_ outputs: [[[Double]]], _ agreements: [[Agreement]]) -> [[Double]] {
        var result = outputs[0]
        for fold in 0..<folds.count {
            let penalty = bestIndex(agreements.map { Agreement.correlation($0, without: fold) })
            for head in result.indices {
                for row in rowsOfFold[fold] { result[head][row] = outputs[penalty][head][row] }
            }
        }
        return result
    }

    private func bestIndex(_ values: [Double]) -> Int {
        values.indices.max { (values[$0], $1) < (values[$1], $0) } ?? 0
    }

    private func hasFallenThrice(_ values: [Double]) -> Bool { values.count - bestIndex(values) > 3 }
}

/// Sums from which the correlation of estimates and scores is made, each head about its own means.
private struct Agreement: Sendable {
    private struct Sums: Sendable {
        var (count, x, y, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    }
    private var sums: [Sums]

    init(heads: Int) { self.sums = [Sums](repeating: Sums(), count: heads) }

    mutating func add(head: Int, estimate x: Double, score y: Double) {
        sums[head].count += 1
        sums[head].x += x
        sums[head].y += y
        sums[head].xx += x * x
        sums[head].yy += y * y
        sums[head].xy += x * y
    }

    /// The correlation over all folds, or all but one; 0 where there is no variation.
    static func correlation(_ folds: [Agreement], without left: Int? = nil) -> Double {
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for head in folds[0].sums.indices {
            var total = Sums()
            for (index, fold) in folds.enumerated() where index != left {
                total.count += fold.sums[head].count
                total.x += fold.sums[head].x
                total.y += fold.sums[head].y
                total.xx += fold.sums[head].xx
                total.yy += fold.sums[head].yy
                total.xy += fold.sums[head].xy
            }
            guard total.count > 0 else { continue }
            xx += total.xx - total.x * total.x / total.count
            yy += total.yy - total.y * total.y / total.count
            xy += total.xy - total.x * total.y / total.count
        }
        return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : 0
    }
}
