import TurnoutEvaluation
import TurnoutNumerics

/// Fits heads at every penalty on every set of folds but one, chooses the penalty and predicts the fold left out.
///
/// One penalty serves all heads, see ``PenaltyChoice``: heads that were shrunk differently would differ where the
/// models do not.
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
        var choice = PenaltyChoice(scores: heads, folds: folds)
        var outputs: [[[Double]]] = []
        for (step, penalty) in penalties.enumerated() {
            progress?(TrainingProgress(stage: .validating, completed: step, total: penalties.count))
            guard let fits = fitAll(problems, penalty: penalty, starts: starts) else { return nil }
            starts = fits.map(\.weights)
            let predicted = heads.indices.map { head in
                scatter(fits[head * folds.count..<(head + 1) * folds.count].map(\.outputs))
            }
            outputs.append(predicted)
            choice.add(predicted.map { $0.map(kind.estimate(output:)) })
            if choice.hasFallenThrice { break }
        }
        progress?(TrainingProgress(stage: .fitting, completed: 0, total: heads.count))
        let penalty = penalties[choice.best()]
        let final = parallelMap(problems.count, threads: threads) { [starts] index in
            fit(
                problems[index], rows: problems[index].sets.all, gram: problems[index].grams.total, penalty: penalty,
                start: starts[index * folds.count], tolerance: 1e-9)
        }.compactMap { $0 }
        guard final.count == heads.count else { return nil }
        return Result(penalty: penalty, weights: final, outOfFold: choice.crossSelected(outputs))
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

    private func scatter(_ outputs: [[Double]]) -> [Double] {
        var result = [Double](repeating: 0, count: folds.foldOfRow.count)
        for (rows, values) in zip(rowsOfFold, outputs) { for (row, value) in zip(rows, values) { result[row] = value } }
        return result
    }
}
