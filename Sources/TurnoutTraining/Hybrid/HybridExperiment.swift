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
    /// The drop that thresholds promise, percent.
    public var mostDrop: Double

    /// Takes the options.
    public init(options: RouterTraining.Options, mostDrop: Double = 1) {
        self.options = options
        self.mostDrop = mostDrop
    }

    /// Runs it.
    ///
    /// - Parameters:
    ///   - table: Prompts, and scores of both models; several samples each where there are.
    ///   - others: Other pairs, small and large, on which the router might be used.
    ///   - progress: Is told how far it has come.
    /// - Returns: Curves and promises.
    /// - Throws: ``TurnoutError`` as ``RouterTraining/train(_:progress:)`` does; `.insufficientData` for fewer than 100
    ///   queries with scores of both models, or of another pair.
    public func run(
        _ table: OutcomeTable, others: [(small: ModelID, large: ModelID)] = [],
        progress: TrainingProgress.Handler? = nil
    ) throws -> HybridReport {
        let all = try RouterTraining(RouterTrainers.trainer(HybridTrainer.kind), options: options)
            .examples(of: table, progress: progress)
        guard all.models.count == 2 else {
            throw TurnoutError(
                .unsupported, "a hybrid router chooses between two models; name a small and a large one with --models")
        }
        let (small, large) = (all.models[0], all.models[1])
        let usable = all.rows.indices.filter { QualitySamples(all.rows[$0], small: small, large: large) != nil }
        guard usable.count >= 100 else {
            throw TurnoutError(
                .insufficientData,
                "\(usable.count) queries have scores of '\(small)' and '\(large)'; at least 100 are needed to split")
        }
        var random = SeededRandom(seed: options.seed)
        let dealt = random.permutation(of: usable.count).map { usable[$0] }
        let parts = [
            dealt[..<(dealt.count / 2)], dealt[(dealt.count / 2)..<(dealt.count * 3 / 4)],
            dealt[(dealt.count * 3 / 4)...],
        ].map { all.selecting($0.sorted()) }
        let curves = try HybridLabels.Kind.allCases.map { kind in
            try curve(kind, train: parts[0], validation: parts[1], test: parts[2], progress)
        }
        return HybridReport(
            small: small, large: large, counts: parts.map(\.rows.count),
            samples: all.rows.compactMap { $0.samples[small]?.count }.max() ?? 1,
            means: [small, large].map { model in
                let scores = parts[2].rows.compactMap { $0.scores[model] }
                return scores.reduce(0, +) / Double(scores.count)
            },
            mostDrop: mostDrop, curves: curves,
            correlations: try others.map { try correlation((small, large), $0, table) })
    }

    private func curve(
        _ kind: HybridLabels.Kind, train: TrainingExamples, validation: TrainingExamples, test: TrainingExamples,
        _ progress: TrainingProgress.Handler?
    ) throws -> HybridReport.Curve {
        let trainer = try RouterTrainers.trainer(HybridTrainer.kind, settings: ["labels=\(kind.rawValue)"])
        let context = TrainingContext(
            encoder: options.encoder, seed: options.seed, threads: options.threads, progress: progress)
        let folds = try Folds.random(rows: train.rows.count, folds: options.folds, seed: options.seed)
        let fit = try trainer.crossFit(train, folds: folds, context)
        let (chosenOn, tested) = (drop(fit, validation), drop(fit, test))
        let cut = chosenOn.cut(mostDrop: mostDrop)
        let outcome = tested.outcome(
            ofThreshold: cut.threshold, resamples: options.resamples, seed: options.seed, threads: options.threads)
        return HybridReport.Curve(
            kind: kind, relaxation: (fit.estimator as? HybridEstimator)?.relaxation ?? 0,
            drops: tested.drops(resamples: options.resamples, seed: options.seed, threads: options.threads),
            chosen: cut, testAdvantage: outcome.advantage, testDrop: outcome.drop)
    }

    private func drop(_ fit: CrossFit, _ examples: TrainingExamples) -> DropCurve {
        let estimates = examples.estimates(
            fit.estimator, rows: Array(examples.rows.indices), threads: options.threads)
        return DropCurve(
            estimates: estimates.map { $0[0] },
            samples: examples.rows.compactMap {
                QualitySamples($0, small: examples.models[0], large: examples.models[1])
            })
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
