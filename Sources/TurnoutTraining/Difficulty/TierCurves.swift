import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting

/// How often the weaker and the stronger half of the training models are right at each difficulty.
struct TierCurves {
    let weak: DifficultyRouter.Tier
    let strong: DifficultyRouter.Tier
    /// Of the weak and of the strong tier.
    let reliability: [Reliability]

    /// Fits both curves on held-out difficulties of sources that calibrate, every source counting the same.
    ///
    /// - Parameters:
    ///   - sources: The recipe's files.
    ///   - difficulty: Held-out difficulty under the row's feature number.
    /// - Throws: ``TurnoutError`` with code `.insufficientData` when no source calibrates.
    init(sources: DifficultySources, difficulty: [Int: Double]) throws {
        var (outputs, weights): ([Double], [Double]) = ([], [])
        var (weak, strong): ([Double], [Double]) = ([], [])
        for table in sources.tables
        where table.spec.calibrates ?? (table.spec.labels == nil) && !table.target.halves.isEmpty {
            let rows = table.rows.indices.filter { difficulty[table.firstFeature + $0] != nil }
            for row in rows {
                outputs.append(-(difficulty[table.firstFeature + row] ?? 0))
                weights.append(1 / Double(rows.count))
                weak.append(min(max(table.target.halves[row].weak, 0), 1))
                strong.append(min(max(table.target.halves[row].strong, 0), 1))
            }
        }
        guard !outputs.isEmpty else {
            throw TurnoutError(
                .insufficientData, "no source of the recipe says how often models are right; add one with outcomes")
        }
        let lines = [weak, strong].flatMap {
            OutputCalibration.fit(kind: .logistic, [.init(outputs: outputs, targets: $0, weights: weights)])
        }
        let curves = zip(lines, [weak, strong]).compactMap { line, outcomes in
            ReliabilityCurve.make(
                predictions: outputs.map { HeadKind.logistic.estimate(output: line.apply($0)) }, outcomes: outcomes,
                weights: weights)
        }
        self.weak = .init(intercept: lines[0].intercept, slope: lines[0].slope)
        self.strong = .init(intercept: lines[1].intercept, slope: lines[1].slope)
        self.reliability = curves
    }
}
