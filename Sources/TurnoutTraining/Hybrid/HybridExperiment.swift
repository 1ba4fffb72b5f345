public import TurnoutCore
public import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting

/// Measures cost advantage against quality drop on unseen queries, for a hybrid router of each kind of label.
///
/// The figure of Ding et al. 2024, "Hybrid LLM".
///
/// Queries are dealt at random: half to train on, a quarter to choose a threshold on, a quarter to test on.
public struct HybridExperiment: Sendable {
    /// Encoder, models, seed, threads, resamples; folds choose the penalty.
    public var options: RouterTraining.Options
    /// How the encoder is tuned with each router; `nil` for an encoder that stays as it is.
    ///
    /// Its kind is set by the experiment.
    public var tuning: PairTuning?
    /// The drop that thresholds promise, percent.
    public var mostDrop: Double

    /// Takes the options.
    public init(options: RouterTraining.Options, tuning: PairTuning? = nil, mostDrop: Double = 1) {
        self.options = options
        self.tuning = tuning
        self.mostDrop = mostDrop
    }

    /// Runs it.
    ///
    /// - Parameters:
    ///   - table: Prompts, and scores of both models; several samples each where there are.
    ///   - others: Other pairs, small and large, on which the router might be used.
    ///   - report: Is told of every step where the encoder is tuned; of kinds with the same labels only the first one.
    ///   - progress: Is told how far it has come where the encoder stays as it is.
    /// - Returns: Curves and promises.
    /// - Throws: ``TurnoutError`` as ``RouterTraining/train(_:progress:)`` and ``PairTuning/train(_:report:)`` do;
    ///   `.insufficientData` for fewer than 100 queries with scores of both models, or of another pair.
    public func run(
        _ table: OutcomeTable, others: [(small: ModelID, large: ModelID)] = [],
        report: (HybridLabels.Kind, TuningEvent) -> Void = { _, _ in }, progress: TrainingProgress.Handler? = nil
    ) throws -> HybridReport {
        let known = table.models
        if let unknown = others.flatMap({ [$0.small, $0.large] }).first(where: { !known.contains($0) }) {
            throw TurnoutError(
                .invalidArgument,
                "the data has no model '\(unknown)'; it has \(known.map(\.name).joined(separator: ", "))")
        }
        let (rows, models) = try queries(table)
        var random = SeededRandom(seed: options.seed)
        let dealt = random.permutation(of: rows.count)
        let parts = [
            dealt[..<(dealt.count / 2)], dealt[(dealt.count / 2)..<(dealt.count * 3 / 4)],
            dealt[(dealt.count * 3 / 4)...],
        ].map { $0.sorted() }
        let samples = rows.compactMap { QualitySamples($0, small: models[0], large: models[1]) }
        let routers =
            try tuning.map { try tuned($0, rows, models, parts, report) } ?? frozen(rows, models, parts, progress)
        return HybridReport(
            small: models[0], large: models[1], counts: parts.map(\.count),
            samples: rows.compactMap { $0.samples[models[0]]?.count }.max() ?? 1,
            means: models.map { model in
                let scores = parts[2].compactMap { rows[$0].scores[model] }
                return scores.reduce(0, +) / Double(scores.count)
            },
            mostDrop: mostDrop, curves: routers.map { curve($0, samples, parts) },
            correlations: try others.map { try correlation((models[0], models[1]), $0, table) })
    }

    /// The queries with scores of both models, and the models, the small one first.
    private func queries(_ table: OutcomeTable) throws -> (rows: [OutcomeRow], models: [ModelID]) {
        let known = Set(table.models)
        let table = table.scoringBattles(among: options.models.isEmpty ? known.sorted() : options.models)
        let models = try RouterTraining.chosenModels(options.models, of: table, known: known)
        guard models.count == 2 else {
            throw TurnoutError(
                .unsupported, "a hybrid router chooses between two models; name a small and a large one with --models")
        }
        guard Set(table.rows.map(\.weight)).count < 2 else {
            throw TurnoutError(.unsupported, "a hybrid router counts every row the same; leave out --weight")
        }
        let rows = table.rows.filter { QualitySamples($0, small: models[0], large: models[1]) != nil }
        guard rows.count >= 100 else {
            throw TurnoutError(
                .insufficientData,
                "\(rows.count) queries have scores of '\(models[0])' and '\(models[1])'; at least 100 are needed to split"
            )
        }
        return (rows, ModelLadder.worstFirst(models, rows: rows))
    }

    // MARK: - Routers

    /// P(small suffices) of all queries, by a router that learnt from the first part.
    private struct Trained {
        let kind: HybridLabels.Kind
        let relaxation: Double
        let estimates: [Double]
    }

    /// A router of each kind of label over an encoder that stays as it is.
    private func frozen(
        _ rows: [OutcomeRow], _ models: [ModelID], _ parts: [[Int]], _ progress: TrainingProgress.Handler?
    ) throws -> [Trained] {
        var options = options
        options.models = models
        let context = TrainingContext(
            encoder: options.encoder, seed: options.seed, threads: options.threads, progress: progress)
        let examples = try RouterTraining(RouterTrainers.trainer(HybridTrainer.kind), options: options)
            .examples(of: OutcomeTable(rows: rows), progress: progress)
        return try HybridLabels.Kind.allCases.map { kind in
            let trainer = try RouterTrainers.trainer(HybridTrainer.kind, settings: ["labels=\(kind.rawValue)"])
            let folds = try Folds.random(rows: parts[0].count, folds: options.folds, seed: options.seed)
            let fit = try trainer.crossFit(examples.selecting(parts[0]), folds: folds, context)
            let estimates = examples.estimates(fit.estimator, rows: Array(rows.indices), threads: options.threads)
            return Trained(
                kind: kind, relaxation: (fit.estimator as? HybridEstimator)?.relaxation ?? 0,
                estimates: estimates.map { $0[0] })
        }
    }

    /// A router of each kind of label with an encoder that was tuned for it; a tenth of the first part chooses the epoch.
    ///
    /// Kinds whose labels are the same, as where answers are right or wrong, share one tuning.
    private func tuned(
        _ tuning: PairTuning, _ rows: [OutcomeRow], _ models: [ModelID], _ parts: [[Int]],
        _ report: (HybridLabels.Kind, TuningEvent) -> Void
    ) throws -> [Trained] {
        var done: [(targets: Matrix, estimates: [Double])] = []
        return try HybridLabels.Kind.allCases.map { kind in
            let lesson = PairLesson(.hybrid(kind), rows: parts[0].map { rows[$0] }, models: models)
            if let same = done.first(where: { $0.targets == lesson.targets }) {
                return Trained(kind: kind, relaxation: lesson.relaxation, estimates: same.estimates)
            }
            let fit = try tuning.fit(lesson, lesson.parts(seed: options.seed &+ 1, tests: false)) { report(kind, $0) }
            let estimates = fit.estimates(of: rows.map(\.prompt)).map { $0[0] }
            done.append((lesson.targets, estimates))
            return Trained(kind: kind, relaxation: lesson.relaxation, estimates: estimates)
        }
    }

    // MARK: - Measuring

    private func curve(_ router: Trained, _ samples: [QualitySamples], _ parts: [[Int]]) -> HybridReport.Curve {
        let (validation, test) = (drop(router, samples, parts[1]), drop(router, samples, parts[2]))
        let cut = validation.cut(mostDrop: mostDrop)
        let outcome = test.outcome(
            ofThreshold: cut.threshold, resamples: options.resamples, seed: options.seed, threads: options.threads)
        return HybridReport.Curve(
            kind: router.kind, relaxation: router.relaxation,
            drops: test.drops(resamples: options.resamples, seed: options.seed, threads: options.threads), chosen: cut,
            testAdvantage: outcome.advantage, testDrop: outcome.drop)
    }

    private func drop(_ router: Trained, _ samples: [QualitySamples], _ part: [Int]) -> DropCurve {
        DropCurve(estimates: part.map { router.estimates[$0] }, samples: part.map { samples[$0] })
    }

    private func correlation(
        _ own: (small: ModelID, large: ModelID), _ other: (small: ModelID, large: ModelID), _ table: OutcomeTable
    ) throws -> HybridReport.Correlation {
        let gaps = table.rows.compactMap { row -> (Double, Double)? in
            guard let a = QualitySamples(row, small: own.small, large: own.large),
                let b = QualitySamples(row, small: other.small, large: other.large)
            else { return nil }
            return (a.gap, b.gap)
        }
        guard gaps.count >= 100 else {
            throw TurnoutError(
                .insufficientData,
                "\(gaps.count) queries have scores of '\(other.small)' and '\(other.large)' besides; 100 are the least")
        }
        return HybridReport.Correlation(
            small: other.small, large: other.large,
            correlation: GapCorrelation(
                gaps.map(\.0), gaps.map(\.1), resamples: options.resamples, seed: options.seed,
                threads: options.threads))
    }
}
