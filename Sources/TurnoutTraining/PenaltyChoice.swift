import TurnoutEvaluation

/// Which of several penalties tells models apart best, on rows that the fits had not seen.
///
/// By the correlation of estimated and true differences between models (with one model, of estimates and scores).
/// Correlation and not squared error, because shrinkage that a straight line undoes is no fault: it does not change
/// who is chosen. Of equally good penalties the one that was added first is taken.
struct PenaltyChoice {
    private let scores: [ModelScores]
    private let folds: Folds
    /// One for each penalty and fold.
    private var agreements: [[Agreement]] = []

    init(scores: [ModelScores], folds: Folds) {
        self.scores = scores
        self.folds = folds
    }

    /// Takes the held-out estimates of the next penalty; shape `[models][rows]`.
    ///
    /// With several scores on a row, estimates and scores are taken relative to their means on that row: what all models
    /// share has no bearing on the choice between them.
    mutating func add(_ estimates: [[Double]]) {
        let count = folds.foldOfRow.count
        var shared = [(number: Double, estimate: Double, score: Double)](repeating: (0, 0, 0), count: count)
        if scores.count > 1 {
            for (model, estimates) in zip(scores, estimates) {
                for row in model.rows {
                    shared[row].number += 1
                    shared[row].estimate += estimates[row]
                    shared[row].score += model.targets[row]
                }
            }
        }
        var result = [Agreement](repeating: Agreement(heads: scores.count), count: folds.count)
        for (index, model) in scores.enumerated() {
            for row in model.rows where scores.count == 1 || shared[row].number > 1 {
                let number = max(shared[row].number, 1)
                result[folds.foldOfRow[row]].add(
                    head: index, estimate: estimates[index][row] - shared[row].estimate / number,
                    score: model.targets[row] - shared[row].score / number)
            }
        }
        agreements.append(result)
    }

    /// The number of the best penalty by all folds, or all but one.
    func best(without fold: Int? = nil) -> Int {
        let values = agreements.map { Agreement.correlation($0, without: fold) }
        return values.indices.max { (values[$0], $1) < (values[$1], $0) } ?? 0
    }

    /// Whether the last three penalties were all worse than one before them.
    var hasFallenThrice: Bool { agreements.count - best() > 3 }

    /// For each fold, what was said at the penalty that the other folds prefer, so that no row has a say in it.
    ///
    /// - Parameter outputs: At each penalty; shape `[penalties][models][rows]`.
    /// - Returns: Shape `[models][rows]`.
    func crossSelected(_ outputs: [[[Double]]]) -> [[Double]] {
        let penaltyOfFold = (0..<folds.count).map { best(without: $0) }
        return outputs[0].indices.map { model in
            folds.foldOfRow.enumerated().map { row, fold in outputs[penaltyOfFold[fold]][model][row] }
        }
    }
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
