import Crypto
import Foundation
public import TurnoutCore
public import TurnoutEncoders
public import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Trains a `classifier` router: a transformer and a head over its first token learn which of two models won.
///
/// Three classes, strong wins, tie and weak wins, and cross-entropy. Ong et al. 2024, "RouteLLM", section 4.2, the BERT
/// classifier. Since tuning takes long, a plain part of the rows is held out instead of folds.
public struct ClassifierTraining: Sendable {
    /// `classifier`.
    public static let kind = ClassifierEstimator.kind

    /// What is about to happen.
    public struct Plan: Sendable, Equatable {
        /// Texts to learn from, and to measure on.
        public var training, heldOut: Int
        /// Steps in all.
        public var steps: Int
        /// Memory that weights, gradients, moments and the largest step take at most, in bytes.
        public var bytes: Int
    }

    /// What happens meanwhile.
    public enum Event: Sendable {
        /// Everything is read and reckoned; learning begins.
        case planned(Plan)
        /// A step was taken.
        case step(FineTuningProgress)
    }

    /// A trained router and how it came about.
    public struct Result: Sendable {
        /// The router, ready to be saved.
        public let router: EstimateRouter
        /// What was planned.
        public let plan: Plan
        /// The loss of each step.
        public let losses: [Double]
    }

    /// The encoder to tune.
    public var encoder: TransformerEncoder
    /// How.
    public var options: Options

    /// Takes encoder and options.
    public init(_ encoder: TransformerEncoder, options: Options) {
        self.encoder = encoder
        self.options = options
    }

    /// Trains.
    ///
    /// - Parameters:
    ///   - table: Prompts with scores or battles of two models, duplicates merged.
    ///   - report: Is told of the plan and of every step.
    /// - Returns: The router, and what was learnt on the way.
    /// - Throws: ``TurnoutError``: `.invalidArgument` for impossible options or a model that the data does not have,
    ///   `.unsupported` for other than two models, `.insufficientData` for too few prompts or comparisons that all end
    ///   alike, `.io` for a checkpoint that cannot be written.
    public func train(_ table: OutcomeTable, report: (Event) -> Void = { _ in }) throws -> Result {
        try options.tuning.check()
        let data = try PairVerdicts(table, models: options.models)
        let parts = try data.split(seed: options.tuning.seed &+ 1)
        let tuned = try ClassifierTuning(
            encoder, data: data, training: parts.training, heldOut: parts.heldOut.count, options: options
        ).run(named: run(data), report)
        let router = try router(tuned.estimator, tuned.encoder, data: data, heldOut: parts.heldOut, table: table)
        return Result(router: router, plan: tuned.plan, losses: tuned.losses)
    }

    /// What a checkpoint must agree on.
    private func run(_ data: PairVerdicts) throws -> String {
        let encoded = JSONEncoder()
        encoded.outputFormatting = .sortedKeys
        let settings = String(decoding: try encoded.encode(options.tuning), as: UTF8.self)
        var rows = SHA256()
        for (index, row) in data.rows.enumerated() {
            rows.update(data: Data("\(row.prompt)\0\(Array(data.targets[row: index]))\n".utf8))
        }
        return [Self.kind, encoder.fingerprint, settings, "\(rows.finalize())"].joined(separator: "\n")
    }

    // MARK: - The router

    private func router(
        _ estimator: ClassifierEstimator, _ stored: TransformerEncoder, data: PairVerdicts, heldOut: [Int],
        table: OutcomeTable
    ) throws -> EstimateRouter {
        let rows = heldOut.map { data.rows[$0] }
        let vectors = stored.encode(rows.map(\.prompt))
        let estimates = rows.indices.map { row in
            estimator.estimates(
                for: QueryFeatures(text: rows[row].prompt, embedding: Array(vectors[row: row]), surface: []))
        }
        let suffices = heldOut.map { Double(1 - data.targets[$0, 0]) }
        return try EstimateRouter(
            card: card(
                stored, data: data, metrics: metrics(rows, estimates, data.models), heldOut: heldOut.count, table),
            encoder: stored, estimator: estimator, range: 0...1,
            reliability: RouterTraining.reliability(
                ScoreTable(targets: [suffices, suffices.map { _ in 1 }]),
                data.models.indices.map { model in estimates.map { $0[model] } }, ClassifierEstimator.comparison),
            sample: Array(estimates.prefix(1024)))
    }

    /// How well choosing between the two works on held-out rows with scores of both; nothing where the strong one is not
    /// better there.
    private func metrics(
        _ rows: [OutcomeRow], _ estimates: [[Double]], _ models: [ModelID]
    ) -> [ArtifactCard.Metric] {
        let scored = rows.indices.compactMap { row -> (row: Int, weak: Double, strong: Double)? in
            guard let weak = rows[row].scores[models[0]], let strong = rows[row].scores[models[1]] else { return nil }
            return (row, weak, strong)
        }
        guard let outcomes = try? PairOutcomes(strong: scored.map(\.strong), weak: scored.map(\.weak)) else {
            return []
        }
        return PairReport.metrics(
            trained: scored.map { 1 - estimates[$0.row][0] }, prompts: scored.map { rows[$0.row].prompt },
            outcomes: outcomes, bootstrap: PairedBootstrap(resamples: options.resamples, seed: options.tuning.seed),
            threads: options.threads)
    }

    private func card(
        _ stored: TransformerEncoder, data: PairVerdicts, metrics: [ArtifactCard.Metric], heldOut: Int,
        _ table: OutcomeTable
    ) -> ArtifactCard {
        ArtifactCard(
            kind: Self.kind,
            encoder: .init(name: "\(options.encoderName ?? encoder.name), tuned", sha256: stored.fingerprint),
            models: data.models,
            sources: table.files.map {
                .init(file: $0.name, rows: $0.rows, sha256: $0.sha256, licence: options.licence)
            },
            metrics: metrics,
            notes:
                "Figures are of \(heldOut) of \(data.rows.count) prompts, held out at random, seed \(options.tuning.seed).",
            createdAt: options.createdAt)
    }
}
