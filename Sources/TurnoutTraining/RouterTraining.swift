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
    ///   that is not finite.
    public func train(_ table: OutcomeTable, progress: TrainingProgress.Handler? = nil) throws -> Result {
        let examples = try examples(of: table, progress: progress)
        let folds = try makeFolds(examples.rows)
        let fit = try crossFit(examples, folds: folds, progress: progress)
        progress?(TrainingProgress(stage: .measuring, completed: 0, total: 1))
        let report = HeldOutReport(
            examples: examples, estimates: fit.outOfFold, comparison: type(of: fit.estimator).comparison,
            resamples: options.resamples, seed: options.seed, threads: options.threads)
        let router = try EstimateRouter(
            card: card(table, models: examples.models, metrics: try report.metrics(), folds: folds),
            encoder: options.encoder, estimator: fit.estimator, range: examples.scores.range,
            reliability: zip(examples.scores.models, fit.outOfFold).compactMap { scores, estimates in
                ReliabilityCurve.make(
                    predictions: scores.rows.map { estimates[$0] }, outcomes: scores.rows.map { scores.targets[$0] })
            },
            sample: sample(fit.outOfFold, rows: examples.rows.count))
        return Result(router: router, examples: examples, outOfFold: fit.outOfFold)
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
        let models = try chosenModels(table)
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
        let groups = try rows.map { row in
            guard let group = row.group else {
                throw TurnoutError(
                    .invalidData,
                    "line \(row.line): the row lacks the field named with --group-by; add it, or leave such rows out")
            }
            return group
        }
        return try Folds.grouped(groups, folds: min(options.folds, max(2, Set(groups).count)))
    }

    private func chosenModels(_ table: OutcomeTable) throws -> [ModelID] {
        let known = Set(table.rows.flatMap(\.scores.keys))
        guard !known.isEmpty else {
            throw TurnoutError(.insufficientData, "no row has scores; a router learns from outcomes or battles")
        }
        guard Set(options.models).count == options.models.count else {
            throw TurnoutError(.invalidArgument, "a model is listed twice in --models")
        }
        for model in options.models where !known.contains(model) {
            let names = known.sorted().prefix(12).map { "'\($0)'" }.joined(separator: ", ")
            throw TurnoutError(.invalidArgument, "no row has a score of '\(model)'; the data has \(names)")
        }
        let chosen = options.models.isEmpty ? known.sorted() : options.models
        return ScoreTable.byMeanScore(table.rows, models: chosen)
    }

    /// At most 1,024 rows of estimates, drawn at random; shape `[rows][models]`.
    private func sample(_ estimates: [[Double]], rows: Int) -> [[Double]] {
        var random = SeededRandom(seed: options.seed &+ 1)
        return random.permutation(of: rows).prefix(1024).sorted().map { row in estimates.map { $0[row] } }
    }

    private func card(
        _ table: OutcomeTable, models: [ModelID], metrics: [ArtifactCard.Metric], folds: Folds
    ) -> ArtifactCard {
        let split = options.keepsGroupsTogether ? "groups held out together" : "random"
        return ArtifactCard(
            kind: type(of: trainer).kind,
            encoder: .init(name: options.encoder.name, sha256: options.encoder.fingerprint), models: models,
            sources: table.files.map {
                .init(file: $0.name, rows: $0.rows, sha256: $0.sha256, licence: options.licence)
            },
            metrics: metrics,
            notes: "Figures are of rows held out in \(folds.count) folds, \(split), seed \(options.seed).",
            createdAt: options.createdAt)
    }
}
