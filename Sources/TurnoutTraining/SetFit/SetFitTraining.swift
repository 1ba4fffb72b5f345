import TurnoutCore
public import TurnoutEncoders
public import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Trains a `setfit` router: an encoder is tuned on pairs of texts until those of one class point the same way, then
/// a logistic head learns the classes from its vectors.
///
/// A few labelled texts of each class are enough. Tunstall et al. 2022, "Efficient Few-Shot Learning Without Prompts".
public struct SetFitTraining: Sendable {
    /// A trained router and how it came about.
    public struct Result: Sendable {
        /// The router, ready to be saved.
        public let router: EstimateRouter
        /// The names of the classes, those of the weakest model first.
        public let classes: [String]
        /// What was planned.
        public let plan: TuningPlan
        /// The loss of each step.
        public let losses: [Double]
        /// The accuracy on the validation texts after each epoch; empty when none were held out.
        public let epochAccuracies: [Double]
        /// The epoch that was kept, from 1; `nil` when none was measured.
        public let bestEpoch: Int?
        /// P(class) of any text, in the order of ``classes``.
        public let probabilities: @Sendable (String) -> [Double]
        /// The tuned encoder and its head as a folder that Python's `SetFitModel` opens, too.
        public let folder: @Sendable () throws -> SentenceTransformerFolder
    }

    /// The encoder to tune.
    public var encoder: TransformerEncoder
    /// How.
    public var options: SetFitOptions

    /// Takes encoder and options.
    public init(_ encoder: TransformerEncoder, options: SetFitOptions) {
        self.encoder = encoder
        self.options = options
    }

    /// Trains.
    ///
    /// - Parameters:
    ///   - table: Rows with labels.
    ///   - report: Is told of the plan and of every step.
    /// - Returns: The router, and what was learnt on the way.
    /// - Throws: ``TurnoutError``: `.invalidArgument` for impossible options, `.invalidData` for a row without a label
    ///   or a text with two, `.insufficientData` for too few rows or classes, `.io` for a checkpoint that cannot be written.
    public func train(_ table: OutcomeTable, report: (TuningEvent) -> Void = { _ in }) throws -> Result {
        try options.check()
        try table.refuseContradictingLabels()
        let data = try LabelledTexts(table.rows, classMap: options.classMap)
        let parts = try parts(of: data)
        let (stored, record, plan) = try tune(data, parts, table, report)
        let head = try SetFitHead.fit(
            stored.encode(parts.training.map { data.texts[$0] }), labels: parts.training.map { data.labels[$0] },
            classes: data.classes.count, options)
        let estimator = SetFitEstimator(
            classes: data.classes, models: data.modelOfClass, head: head, encoder: stored)
        let router = try router(estimator, stored, data: data, parts: parts, table: table)
        return Result(
            router: router, classes: data.classes, plan: plan, losses: record.losses,
            epochAccuracies: record.scores, bestEpoch: record.bestEpoch.map { $0 + 1 },
            probabilities: { estimator.probabilities(of: stored.encode($0)) },
            folder: { [encoder] in
                try SentenceTransformerFolder(
                    base: encoder, tuned: stored,
                    head: .init(ClassificationHead(head), labels: data.classes))
            })
    }

    /// Gradients and moments are gone when this returns; what is left is the encoder, in memory as it will be in the file.
    private func tune(
        _ data: LabelledTexts, _ parts: Parts, _ table: OutcomeTable, _ report: (TuningEvent) -> Void
    ) throws -> (TransformerEncoder, TuningRecord, TuningPlan) {
        let tuned = try SetFitTuning(
            encoder, data: data, parts: parts, options: options, checkpoint: checkpoint(table)
        ).run(report)
        return (try encoder.tuned(tuned.weights, threads: options.threads), tuned.record, tuned.plan)
    }

    /// Which texts are learnt from, choose the epoch, and test.
    struct Parts {
        var training, validation, test: [Int]
    }

    private func parts(of data: LabelledTexts) throws -> Parts {
        guard options.heldOutShare > 0 else {
            return Parts(training: Array(data.texts.indices), validation: [], test: [])
        }
        let names = data.labels.map { data.classes[$0] }, seed = options.tuning.seed
        let outer = try Split.stratified(names, share: options.heldOutShare, seed: seed)
        let held = outer.test.map { names[$0] }
        let counts = Dictionary(held.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        if let (name, _) = counts.first(where: { $0.value < 2 }) {
            throw TurnoutError(
                .insufficientData,
                """
                test_size=\(options.heldOutShare) holds out one text of '\(name)', and two of each class are the least: one to \
                choose the epoch by, one to test on; give a larger share, or more texts
                """)
        }
        let inner = try Split.stratified(held, share: 0.5, seed: seed)
        return Parts(
            training: outer.training, validation: inner.training.map { outer.test[$0] },
            test: inner.test.map { outer.test[$0] })
    }

    private func checkpoint(_ table: OutcomeTable) throws -> Checkpoint? {
        try Checkpoint(
            options.checkpoint, kind: SetFitEstimator.kind, encoder: encoder,
            settings: [
                options.tuning, options.pairs, options.classMap.map { [$0.className, $0.model.name] },
                options.heldOutShare, options.head.description,
            ], rows: table.rows.map { "\($0.prompt)\0\($0.label ?? "")" })
    }

    // MARK: - The router

    private func router(
        _ estimator: SetFitEstimator, _ stored: TransformerEncoder, data: LabelledTexts, parts: Parts,
        table: OutcomeTable
    ) throws -> EstimateRouter {
        let measured = parts.test.isEmpty ? parts.training : parts.test
        let vectors = stored.encode(measured.map { data.texts[$0] })
        let probabilities = (0..<vectors.rows).map { estimator.probabilities(of: Array(vectors[row: $0])) }
        let estimates = probabilities.map { shares in
            data.models.indices.map { model in
                zip(data.modelOfClass, shares).reduce(0) { $0 + ($1.0 == model ? $1.1 : 0) }
            }
        }
        let truth = measured.map { data.modelOfClass[data.labels[$0]] }
        let reliability = data.models.indices.compactMap { model in
            self.reliability(parts.test.isEmpty ? [] : zip(estimates, truth).map { ($0[model], $1 == model) })
        }
        let right = zip(probabilities, measured).count { shares, row in
            shares.indices.max { shares[$0] < shares[$1] } == data.labels[row]
        }
        return try EstimateRouter(
            card: card(stored, data: data, parts: parts, right: right, table: table), encoder: stored,
            estimator: estimator, range: 0...1, reliability: reliability, sample: estimates)
    }

    /// How often a model was the right one, whatever was estimated; anything is possible where nothing was held out.
    private func reliability(_ outcomes: [(estimate: Double, isRight: Bool)]) -> Reliability? {
        guard !outcomes.isEmpty else { return Reliability(bins: [.init(predicted: 0.5, low: 0, high: 1)]) }
        let interval = Binomial.interval(outcomes.count { $0.isRight }, of: outcomes.count)
        let mean = outcomes.reduce(0) { $0 + $1.estimate } / Double(outcomes.count)
        return Reliability(bins: [.init(predicted: mean, low: interval.low, high: interval.high)])
    }

    private func card(
        _ stored: TransformerEncoder, data: LabelledTexts, parts: Parts, right: Int, table: OutcomeTable
    ) -> ArtifactCard {
        let interval = Binomial.interval(right, of: max(parts.test.count, 1))
        let accuracy = ArtifactCard.Metric(
            name: "accuracy", value: Double(right) / Double(max(parts.test.count, 1)), low: interval.low,
            high: interval.high)
        let notes =
            parts.test.isEmpty
            ? """
            No row was held out, so nothing is known of its accuracy, and its reference scores are those of the texts \
            it learnt from: calibrate it on your own queries before you use strong_share.
            """
            : "Accuracy is of \(parts.test.count) texts held out, \(parts.validation.count) others chose the epoch; seed \(options.tuning.seed)."
        return ArtifactCard(
            kind: SetFitEstimator.kind,
            encoder: .init(name: "\(options.encoderName ?? encoder.name), tuned", sha256: stored.fingerprint),
            models: data.models,
            sources: table.sources(licence: options.licence),
            metrics: parts.test.isEmpty ? [] : [accuracy], notes: notes, createdAt: options.createdAt)
    }
}
