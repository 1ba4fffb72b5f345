import Foundation
public import TurnoutCore
public import TurnoutEncoders
public import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Trains a router of any kind on outcomes.
///
/// Every prompt is encoded once. Fits that had not seen a row estimate it: those estimates tell how reliable the router
/// is, where its quantiles lie, and yield every figure on its card.
public struct RouterTraining: Sendable {
    /// What to train, and how.
    public struct Options: Sendable {
        /// Turns prompts into vectors.
        public var encoder: any TextEncoder
        /// Models to estimate, all models of the data when empty.
        ///
        /// The card lists them by mean score, worst first.
        public var models: [ModelID] = []
        /// Folds of the cross-validation, at least 2.
        public var folds = 5
        /// Whether rows of one group stay in one fold; the reader's `groupBy` says what the group is.
        public var keepsGroupsTogether = false
        /// Where random numbers start.
        public var seed: UInt64 = 0
        /// The most threads to use; the result is the same with any number.
        public var threads = ProcessInfo.processInfo.activeProcessorCount
        /// Bootstrap resamples behind the intervals on the card.
        public var resamples = 1000
        /// Date and time for the card, ISO 8601; the trainer has no clock.
        public var createdAt: String
        /// The licence of the data, for the card.
        public var licence: String?

        /// All defaults.
        public init(encoder: any TextEncoder, createdAt: String) {
            self.encoder = encoder
            self.createdAt = createdAt
        }
    }

    /// A trained router and how it came about.
    public struct Result: Sendable {
        /// The router, ready to be saved.
        public let router: EstimateRouter
        /// What it learnt from.
        public let examples: TrainingExamples
        /// Estimates of every row by a fit that did not see it; shape `[models][rows]`.
        public let outOfFold: [[Double]]
        /// How two of these estimates become a win rate.
        public let comparison: Comparison
        /// Rows without a score, for each model.
        public var missing: [ModelID: Int] {
            Dictionary(
                uniqueKeysWithValues: zip(
                    examples.models, examples.scores.models.map { examples.rows.count - $0.rows.count }))
        }
    }

    /// How the kind of router learns.
    public var trainer: any RouterTrainer
    /// What to train, and how.
    public var options: Options

    /// Takes trainer and options.
    public init(_ trainer: any RouterTrainer, options: Options) {
        self.trainer = trainer
        self.options = options
    }

    /// Trains.
    ///
    /// - Parameters:
    ///   - table: Prompts and scores, duplicates merged.
    ///   - progress: Is told how far it has come.
    /// - Returns: The router, and what was learnt on the way.
    /// - Throws: ``TurnoutError``: `.invalidArgument` for a model that the data does not have or impossible options,
    ///   `.insufficientData` for too few rows or a model whose scores are all the same, `.invalidData` for a score
    ///   that is not finite, `.unsupported` for rows of different weights where the kind counts all the same.
    public func train(_ table: OutcomeTable, progress: TrainingProgress.Handler? = nil) throws -> Result {
        try train(table, examples: examples(of: table, progress: progress), progress: progress)
    }

    /// Trains on examples that were made of a table before, so that several trainers share one encoding.
    ///
    /// - Parameters:
    ///   - table: What the examples were made of.
    ///   - examples: What ``examples(of:progress:)`` made of it.
    ///   - progress: Is told how far it has come.
    /// - Returns: The router, and what was learnt on the way.
    /// - Throws: ``TurnoutError`` as ``train(_:progress:)`` does.
    public func train(
        _ table: OutcomeTable, examples: TrainingExamples, progress: TrainingProgress.Handler? = nil
    ) throws -> Result {
        let folds = try makeFolds(examples.rows)
        let fit = try crossFit(examples, folds: folds, progress: progress)
        progress?(TrainingProgress(stage: .measuring, completed: 0, total: 1))
        let comparison = type(of: fit.estimator).comparison
        let judged = fit.targets ?? examples.judged(by: comparison)
        if let lone = zip(examples.models, judged.models).first(where: { $0.1.rows.isEmpty })?.0 {
            throw TurnoutError(
                .insufficientData, "'\(lone)' was never compared with another model; add rows that both answered")
        }
        let report = HeldOutReport(
            examples: examples, estimates: fit.outOfFold, comparison: comparison,
            resamples: options.resamples, seed: options.seed, threads: options.threads)
        let router = try EstimateRouter(
            card: card(table, models: examples.models, metrics: try report.metrics(), folds: folds, note: fit.note),
            encoder: options.encoder, estimator: fit.estimator, range: judged.range,
            reliability: Self.reliability(judged, fit.outOfFold, comparison),
            sample: sample(fit.outOfFold, rows: examples.rows.count))
        return Result(
            router: router, examples: examples, outOfFold: fit.outOfFold,
            comparison: comparison)
    }

    // MARK: - Steps, for those who compare trainers on the same examples

    /// The rows that have a score of a chosen model, encoded.
    ///
    /// - Parameters:
    ///   - table: Prompts and scores, duplicates merged.
    ///   - progress: Is told how far it has come.
    /// - Returns: The examples.
    /// - Throws: ``TurnoutError`` as ``train(_:progress:)`` does.
    public func examples(
        of table: OutcomeTable, progress: TrainingProgress.Handler? = nil
    ) throws -> TrainingExamples {
        guard options.folds >= 2 else {
            throw TurnoutError(.invalidArgument, "\(options.folds) folds: cross-validation needs at least two")
        }
        let known = Set(table.models)
        let table = table.scoringBattles(among: options.models.isEmpty ? known.sorted() : options.models)
        let models = try Self.chosenModels(options.models, of: table, known: known)
        let rows = table.rows.filter { row in models.contains { row.scores[$0] != nil } }
        let scores = try ScoreTable(rows: rows, models: models, folds: options.folds)
        let features = FeatureTable.make(
            rows.map(\.prompt), encoder: options.encoder, threads: options.threads, progress: progress)
        return TrainingExamples(rows: rows, models: models, features: features, scores: scores)
    }

    /// Fits to all examples and to all but each fold.
    ///
    /// - Parameters:
    ///   - examples: What ``examples(of:progress:)`` made.
    ///   - folds: Which rows are held out together.
    ///   - progress: Is told how far it has come.
    /// - Returns: The estimator, and held-out estimates of every row.
    /// - Throws: ``TurnoutError`` as ``train(_:progress:)`` does.
    public func crossFit(
        _ examples: TrainingExamples, folds: Folds, progress: TrainingProgress.Handler? = nil
    ) throws -> CrossFit {
        guard type(of: trainer).usesWeights || Set(examples.rows.map(\.weight)).count < 2 else {
            throw TurnoutError(
                .unsupported, "a \(type(of: trainer).kind) router counts every row the same; leave out --weight")
        }
        let context = TrainingContext(
            encoder: options.encoder, seed: options.seed, threads: options.threads, progress: progress)
        return try trainer.crossFit(examples, folds: folds, context)
    }

    /// The folds that the options ask for.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData` for a row without a group where groups are kept together,
    ///   `.insufficientData` for fewer rows or groups than folds.
    public func makeFolds(_ rows: [OutcomeRow]) throws -> Folds {
        guard options.keepsGroupsTogether else {
            return try Folds.random(rows: rows.count, folds: options.folds, seed: options.seed)
        }
        let groups = try OutcomeTable.groups(of: rows)
        return try Folds.grouped(groups, folds: min(options.folds, max(2, Set(groups).count)))
    }

    /// The models that were asked for, or all that have scores, the worst first.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for a model that is listed twice or unknown,
    ///   `.insufficientData` for fewer than two.
    static func chosenModels(_ asked: [ModelID], of table: OutcomeTable, known: Set<ModelID>) throws -> [ModelID] {
        guard !known.isEmpty else {
            throw TurnoutError(.insufficientData, "no row has scores; a router learns from outcomes or battles")
        }
        guard Set(asked).count == asked.count else {
            throw TurnoutError(.invalidArgument, "a model is listed twice in --models")
        }
        for model in asked where !known.contains(model) {
            let names = known.sorted().prefix(12).map { "'\($0)'" }.joined(separator: ", ")
            throw TurnoutError(.invalidArgument, "no row has a score of '\(model)'; the data has \(names)")
        }
        let chosen = asked.isEmpty ? known.sorted() : asked
        guard chosen.count > 1 else {
            throw TurnoutError(
                .insufficientData,
                "only '\(chosen[0])' has scores; a router chooses between at least two models, so add scores of another"
            )
        }
        return ModelLadder.worstFirst(chosen, rows: table.rows)
    }

    /// What came true of each model's estimates.
    static func reliability(
        _ judged: ScoreTable, _ estimates: [[Double]], _ comparison: Comparison
    ) -> [Reliability] {
        let models = judged.models.count
        return zip(judged.models, estimates).compactMap { scores, estimates in
            let curve = ReliabilityCurve.make(
                predictions: scores.rows.map { estimates[$0] }, outcomes: scores.rows.map { scores.targets[$0] })
            return curve.flatMap { curve in
                Reliability(
                    bins: curve.bins.map { bin in
                        .init(
                            predicted: bin.predicted, low: comparison.estimate(ofOutcome: bin.low, models: models),
                            high: comparison.estimate(ofOutcome: bin.high, models: models))
                    })
            }
        }
    }

    /// At most 1,024 rows of estimates, drawn at random; shape `[rows][models]`.
    private func sample(_ estimates: [[Double]], rows: Int) -> [[Double]] {
        var random = SeededRandom(seed: options.seed &+ 1)
        return random.permutation(of: rows).prefix(1024).sorted().map { row in estimates.map { $0[row] } }
    }

    private func card(
        _ table: OutcomeTable, models: [ModelID], metrics: [ArtifactCard.Metric], folds: Folds, note: String?
    ) -> ArtifactCard {
        let split = options.keepsGroupsTogether ? "groups held out together" : "random"
        return ArtifactCard(
            kind: type(of: trainer).kind,
            encoder: .init(name: options.encoder.name, sha256: options.encoder.fingerprint), models: models,
            sources: table.sources(licence: options.licence), metrics: metrics,
            notes: "Figures are of rows held out in \(folds.count) folds, \(split), seed \(options.seed)."
                + (note.map { " \($0)" } ?? ""),
            createdAt: options.createdAt)
    }
}

extension OutcomeTable {
    /// The files as a card names them.
    func sources(licence: String?) -> [ArtifactCard.Source] {
        files.map { .init(file: $0.name, rows: $0.rows, sha256: $0.sha256, licence: licence) }
    }
}
