import TurnoutCore
public import TurnoutEncoders
public import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Trains a router between two models by tuning a transformer and a head over its first token: a `classifier`, or a
/// `hybrid` router.
///
/// Since tuning takes long, plain parts of the rows are held out instead of folds.
public struct PairTuning: Sendable {
    /// A trained router and how it came about.
    public struct Result: Sendable {
        /// The router, ready to be saved.
        public let router: EstimateRouter
        /// What was planned.
        public let plan: TuningPlan
        /// The loss of each step.
        public let losses: [Double]
        /// The epoch that was kept, from 1; `nil` when none was measured.
        public let bestEpoch: Int?
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
    public func train(_ table: OutcomeTable, report: (TuningEvent) -> Void = { _ in }) throws -> Result {
        let lesson = try PairLesson(options.kind, table, models: options.models)
        let parts = try lesson.parts(seed: options.tuning.seed &+ 1, tests: true)
        let fit = try fit(lesson, parts, report)
        return Result(
            router: try router(fit, lesson, measuredOn: parts.test, table: table), plan: fit.plan,
            losses: fit.record.losses, bestEpoch: fit.record.bestEpoch.map { $0 + 1 })
    }

    // MARK: - The router

    private func router(
        _ fit: Fit, _ lesson: PairLesson, measuredOn test: [Int], table: OutcomeTable
    ) throws -> EstimateRouter {
        let rows = test.map { lesson.rows[$0] }
        let estimates = fit.estimates(of: rows.map(\.prompt))
        let suffices = test.map(lesson.suffices)
        return try EstimateRouter(
            card: card(fit, lesson, metrics: metrics(rows, estimates, lesson.models), table), encoder: fit.encoder,
            estimator: fit.estimator, range: 0...1,
            reliability: RouterTraining.reliability(
                ScoreTable(targets: [suffices, suffices.map { _ in 1 }]),
                lesson.models.indices.map { model in estimates.map { $0[model] } },
                type(of: fit.estimator).comparison),
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
        _ fit: Fit, _ lesson: PairLesson, metrics: [ArtifactCard.Metric], _ table: OutcomeTable
    ) -> ArtifactCard {
        var notes = [
            "Figures are of \(fit.plan.test) of \(lesson.rows.count) prompts, held out at random, "
                + "seed \(options.tuning.seed)."
        ]
        if let best = fit.record.bestEpoch {
            notes.append(
                "\(fit.plan.validation) others chose the epoch: the \(best + 1) of \(fit.record.scores.count).")
        }
        if case .hybrid(let labels) = lesson.kind {
            notes.append("Labels: \(labels.rawValue), t* = \(lesson.relaxation).")
        }
        return ArtifactCard(
            kind: lesson.kind.router,
            encoder: .init(name: "\(options.encoderName ?? encoder.name), tuned", sha256: fit.encoder.fingerprint),
            models: lesson.models, sources: table.sources(licence: options.licence), metrics: metrics,
            notes: notes.joined(separator: " "), createdAt: options.createdAt)
    }
}
