import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting

/// What is learnt of two models: the prompts on which both were judged, and a target for each output of the head.
struct PairLesson {
    let kind: PairTuning.Kind
    /// The rows with a judgement of both, in the order of the table.
    let rows: [OutcomeRow]
    /// The weak model and the strong one.
    let models: [ModelID]
    /// What each row teaches; shape `[rows, outputs]`.
    ///
    /// Of a `classifier` the shares of comparisons that the strong model won, that were ties, and that the weak one won; of
    /// a `hybrid` router the label.
    let targets: Matrix
    /// t* of the labels of a `hybrid` router; 0 for others.
    let relaxation: Double

    /// Takes the prompts that a table has of two models.
    ///
    /// - Parameters:
    ///   - kind: What is learnt.
    ///   - table: Prompts, each once.
    ///   - asked: The two models; those of the data when empty. The one with the lower mean score is the weak one.
    /// - Throws: `TurnoutError` with code `.invalidArgument` for an unknown model, `.unsupported` for other than two models
    ///   or for rows of different weights.
    init(_ kind: PairTuning.Kind, _ table: OutcomeTable, models asked: [ModelID]) throws {
        let known = Set(table.models)
        let table = table.scoringBattles(among: asked.isEmpty ? known.sorted() : asked)
        let models = try RouterTraining.chosenModels(asked, of: table, known: known)
        guard models.count == 2 else {
            throw TurnoutError(
                .unsupported,
                """
                a \(kind.router) router chooses between two models, and these are \(models.count); name a weak and a strong \
                one with --models
                """)
        }
        guard Set(table.rows.map(\.weight)).count < 2 else {
            throw TurnoutError(.unsupported, "a \(kind.router) router counts every row the same; leave out --weight")
        }
        self.init(kind, rows: table.rows, models: models)
    }

    /// Takes those of some rows that have a judgement of the weak model and the strong one.
    init(_ kind: PairTuning.Kind, rows: [OutcomeRow], models: [ModelID]) {
        let judged: (targets: [[Float]?], relaxation: Double) =
            switch kind {
            case .classifier: (Self.verdicts(rows, models), 0)
            case .hybrid(let labels): Self.labels(labels, rows, models)
            }
        let kept = judged.targets.indices.filter { judged.targets[$0] != nil }
        let targets = kept.compactMap { judged.targets[$0] }
        self.kind = kind
        self.rows = kept.map { rows[$0] }
        self.models = models
        self.targets = Matrix(
            rows: kept.count, columns: Self.outputs(of: kind), storage: targets.flatMap(\.self))
        self.relaxation = judged.relaxation
    }

    private static func outputs(of kind: PairTuning.Kind) -> Int {
        kind == .classifier ? ClassifierEstimator.classCount : 1
    }

    /// How logits and targets become a loss.
    var loss: ClassTask.Loss { kind == .classifier ? .crossEntropy : .binaryCrossEntropy }

    /// How sure it is that the weak model's answer to a row suffices.
    func suffices(_ row: Int) -> Double {
        kind == .classifier ? Double(1 - targets[row, 0]) : Double(targets[row, 0])
    }

    /// What the router asks once head and encoder are tuned.
    func estimator(_ head: FirstTokenHead, _ encoder: TransformerEncoder) -> any Estimator {
        switch kind {
        case .classifier: ClassifierEstimator(head: head, encoder: encoder)
        case .hybrid(let labels):
            HybridEstimator(head: head, encoder: encoder, labels: labels.rawValue, relaxation: relaxation)
        }
    }

    // MARK: - Targets

    /// Strong wins, ties and weak wins among each row's comparisons, of scores or battles; `nil` where there are none.
    private static func verdicts(_ rows: [OutcomeRow], _ models: [ModelID]) -> [[Float]?] {
        let scores = ScoreTable(targets: models.map { model in rows.map { $0.scores[model] } })
        let comparisons = ModelComparisons(scores, rows: rows, models: models)
        return rows.indices.map { row in
            let own = comparisons.start[row]..<comparisons.start[row + 1]
            guard !own.isEmpty else { return nil }
            var counts = [0, 0, 0]
            for index in own {
                let won = comparisons.first[index] == 1 ? comparisons.share[index] : 1 - comparisons.share[index]
                counts[won == 1 ? 0 : won == 0 ? 2 : 1] += 1
            }
            return counts.map { Float($0) / Float(own.count) }
        }
    }

    /// The soft label of each row that has scores of both, and t*.
    private static func labels(
        _ kind: HybridLabels.Kind, _ rows: [OutcomeRow], _ models: [ModelID]
    ) -> (targets: [[Float]?], relaxation: Double) {
        let samples = rows.map { QualitySamples($0, small: models[0], large: models[1]) }
        let labels = HybridLabels(kind, samples.compactMap { $0 })
        var targets = [[Float]?](repeating: nil, count: rows.count)
        for (row, label) in zip(samples.indices.filter { samples[$0] != nil }, labels.values) {
            targets[row] = [Float(label)]
        }
        return (targets, labels.relaxation)
    }

    // MARK: - Parts

    /// Numbers of the rows to learn from, to choose the epoch by, and to measure on.
    struct Parts {
        let training, validation, test: [Int]
    }

    /// The fewest rows of a part that is held out.
    static let leastHeldOut = 20

    /// Deals the rows out at random: a tenth of them, at least 20, for each part that is held out.
    ///
    /// - Parameters:
    ///   - seed: Where random numbers start.
    ///   - tests: Whether a part is measured on.
    /// - Returns: The parts.
    /// - Throws: `TurnoutError` with code `.insufficientData` for too few rows, or when all that is left to learn from is
    ///   alike.
    func parts(seed: UInt64, tests: Bool) throws -> Parts {
        let held = [tests, kind.choosesEpoch].count { $0 }, least = (held + 1) * Self.leastHeldOut
        guard rows.count >= least else {
            throw TurnoutError(
                .insufficientData,
                """
                '\(models[0])' and '\(models[1])' were compared on \(rows.count) prompts; at least \(least) are \
                needed, of which \(held * Self.leastHeldOut) are held out
                """)
        }
        var random = SeededRandom(seed: seed)
        var order = random.permutation(of: rows.count)[...]
        let share = max(Self.leastHeldOut, rows.count / 10)
        let test = order.prefix(tests ? share : 0)
        order = order.dropFirst(test.count)
        let validation = order.prefix(kind.choosesEpoch ? share : 0)
        let training = order.dropFirst(validation.count).sorted()
        guard !isAlike(training) else {
            throw TurnoutError(
                .insufficientData,
                """
                all comparisons of '\(models[0])' and '\(models[1])' end alike: there is nothing to tell prompts apart \
                by; add rows that end otherwise
                """)
        }
        return Parts(training: training, validation: Array(validation), test: Array(test))
    }

    /// Whether some rows teach the same of every prompt.
    private func isAlike(_ rows: [Int]) -> Bool {
        switch kind {
        case .classifier: (0..<targets.columns).count { outcome in rows.contains { targets[$0, outcome] > 0 } } < 2
        case .hybrid: Set(rows.map { targets[$0, 0] }).count < 2
        }
    }
}
