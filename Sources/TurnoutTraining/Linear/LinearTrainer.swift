import Foundation
public import TurnoutCore
public import TurnoutEncoders
public import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Trains a ``LinearRouter`` on outcomes.
///
/// Every prompt is encoded once. Each model gets a head: logistic where all scores lie in 0…1 (a share of successes
/// is a soft label), ridge where they are graded on another scale. The penalty is chosen by cross-validation, the
/// predictions on held-out folds calibrate the heads, tell how reliable they are and yield every figure on the card.
public struct LinearTrainer: Sendable {
    /// What to train, and how.
    public struct Options: Sendable {
        /// Turns prompts into vectors.
        public var encoder: any TextEncoder
        /// Models to estimate, all models of the data when empty.
        ///
        /// The card lists them by mean score, worst first.
        public var models: [ModelID] = []
        /// The penalties that are compared.
        public var penalties: [Double] = (0...10).map { pow(10, Double($0) / 2) }
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
        public let router: LinearRouter
        /// Rows that at least one head learnt from.
        public let rows: Int
        /// Rows without a score, for each model.
        public let missing: [ModelID: Int]
        /// The penalty chosen.
        public let penalty: Double
    }

    /// What to train, and how.
    public var options: Options

    /// Takes the options.
    public init(options: Options) { self.options = options }

    /// Trains.
    ///
    /// - Parameters:
    ///   - table: Prompts and scores, duplicates merged.
    ///   - progress: Is told how far it has come.
    /// - Returns: The router, and what was learnt on the way.
    /// - Throws: ``TurnoutError``: `.invalidArgument` for a model that the data does not have or impossible options,
    ///   `.insufficientData` for too few rows or a model whose scores are all the same, `.invalidData` for a score
    ///   that is not finite.
    /// - Complexity: O(rows · features²) for XᵀX, then about O(heads · folds · penalties · 5 · rows · features).
    public func train(_ table: OutcomeTable, progress: TrainingProgress.Handler? = nil) throws -> Result {
        let models = try chosenModels(table)
        let rows = table.rows.filter { row in models.contains { row.scores[$0] != nil } }
        let scores = try ScoreTable(rows: rows, models: models, folds: options.folds)
        let features = FeatureTable.make(
            rows.map(\.prompt), encoder: options.encoder, threads: options.threads, progress: progress)
        let space = try FeatureSpace(features)
        let folds = try makeFolds(rows)
        let validated = try validate(space, features, scores, folds, progress)
        progress?(TrainingProgress(stage: .measuring, completed: 0, total: 1))
        let lines = OutputCalibration.fit(
            kind: scores.kind,
            zip(validated.outOfFold, scores.heads).map { outputs, head in
                .init(outputs: head.rows.map { outputs[$0] }, targets: head.rows.map { head.targets[$0] })
            })
        let heads = zip(lines, validated.weights).map { $0.apply(toWeights: $1) }
        let estimates = zip(lines, validated.outOfFold).map { line, outputs in
            outputs.map { scores.clip(scores.kind.estimate(output: line.apply($0))) }
        }
        let report = LinearReport(
            rows: rows, scores: scores, estimates: estimates, resamples: options.resamples, seed: options.seed,
            threads: options.threads)
        let router = try LinearRouter(
            card: card(table, models: models, metrics: try report.metrics(), folds: folds),
            model: space.model(heads: heads, encoder: options.encoder),
            link: scores.kind == .logistic ? .logistic : .identity, range: scores.range,
            reliability: zip(scores.heads, estimates).compactMap { head, estimates in
                ReliabilityCurve.make(
                    predictions: head.rows.map { estimates[$0] }, outcomes: head.rows.map { head.targets[$0] })
            },
            sample: sample(estimates, rows: rows.count))
        return Result(
            router: router, rows: rows.count,
            missing: Dictionary(uniqueKeysWithValues: zip(models, scores.heads.map { rows.count - $0.rows.count })),
            penalty: validated.penalty)
    }

    // MARK: - Steps

    private func chosenModels(_ table: OutcomeTable) throws -> [ModelID] {
        guard options.folds >= 2 else {
            throw TurnoutError(.invalidArgument, "\(options.folds) folds: cross-validation needs at least two")
        }
        guard !options.penalties.isEmpty, options.penalties.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw TurnoutError(.invalidArgument, "penalties must be positive numbers, at least one")
        }
        let known = Set(table.rows.flatMap(\.scores.keys))
        guard !known.isEmpty else {
            throw TurnoutError(.insufficientData, "no row has scores; a linear router learns from outcomes or battles")
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

    private func makeFolds(_ rows: [OutcomeRow]) throws -> Folds {
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

    private func validate(
        _ space: FeatureSpace, _ features: FeatureTable, _ scores: ScoreTable, _ folds: Folds,
        _ progress: TrainingProgress.Handler?
    ) throws -> CrossValidator.Result {
        let validator = CrossValidator(
            features: space.matrix(features), folds: folds, kind: scores.kind, penalties: options.penalties,
            penaltyVector: space.penalties, threads: options.threads, progress: progress)
        guard let result = validator.run(scores.heads) else {
            throw TurnoutError(
                .insufficientData,
                "the weights cannot be determined from these rows; add rows or remove the smallest penalties")
        }
        return result
    }

    /// At most 1,024 rows of estimates, drawn at random; shape `[rows][heads]`.
    private func sample(_ estimates: [[Double]], rows: Int) -> [[Double]] {
        var random = SeededRandom(seed: options.seed &+ 1)
        return random.permutation(of: rows).prefix(1024).sorted().map { row in estimates.map { $0[row] } }
    }

    private func card(
        _ table: OutcomeTable, models: [ModelID], metrics: [ArtifactCard.Metric], folds: Folds
    ) -> ArtifactCard {
        let split = options.keepsGroupsTogether ? "groups held out together" : "random"
        return ArtifactCard(
            kind: "linear", encoder: .init(name: options.encoder.name, sha256: options.encoder.fingerprint),
            models: models,
            sources: table.files.map {
                .init(file: $0.name, rows: $0.rows, sha256: $0.sha256, licence: options.licence)
            },
            metrics: metrics,
            notes: "Figures are of rows held out in \(folds.count) folds, \(split), seed \(options.seed).",
            createdAt: options.createdAt)
    }
}
