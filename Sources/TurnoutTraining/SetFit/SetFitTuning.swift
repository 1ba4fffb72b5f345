import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics

/// The contrastive step of a `setfit` router, from labelled texts to weights.
struct SetFitTuning {
    struct Outcome {
        let weights: [String: [Float]]
        let record: TuningRecord
        let plan: SetFitTraining.Plan
    }

    private let data: LabelledTexts
    private let parts: SetFitTraining.Parts
    private let options: SetFitOptions
    private let run: String
    private let encoder: TunableEncoder
    private let tokens: [[Int32]]
    private let state: LearningState
    private let task: PairTask

    /// Cuts the texts, draws the pairs and reads the weights.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` for more frozen layers than there are, `.insufficientData`
    ///   for too few texts to make a pair of.
    init(
        _ source: TransformerEncoder, data: LabelledTexts, parts: SetFitTraining.Parts, options: SetFitOptions,
        run: String
    ) throws {
        let shape = try source.blueprint
        try options.tuning.check(layers: shape.layers)
        var table = ParameterTable()
        self.encoder = TunableEncoder(shape, frozenLayers: options.tuning.frozenLayers, in: &table)
        self.tokens = parallelMap(data.texts.count, threads: options.threads) { shape.tokenIDs(data.texts[$0]) }
        let pairs = try options.pairs.pairs(of: parts.training.map { data.labels[$0] }, seed: options.tuning.seed)
        guard Set(pairs.map(\.target)).count == 2 else {
            throw TurnoutError(
                .insufficientData, "there are no pairs of two classes to learn from; add texts, or hold out fewer")
        }
        self.state = LearningState(table)
        try encoder.load(into: state)
        let dropout = options.tuning.dropout.map { (Float($0), Float($0)) }
        self.task = PairTask(
            table: table, encoder: encoder, texts: parts.training.map { [tokens] in tokens[$0] }, pairs: pairs,
            dropout: dropout ?? (shape.hiddenDropout, shape.attentionDropout))
        (self.data, self.parts, self.options, self.run) = (data, parts, options, run)
    }

    func run(_ report: (SetFitTraining.Event) -> Void) throws -> Outcome {
        let threads = options.threads
        let further = chunks(parts.training + parts.validation).reduce(0) { most, chunk in
            let batch = TokenBatch(chunk.map { tokens[$0] })
            return max(
                most,
                encoder.memory(
                    tokens: batch.tokens, longest: batch.longest, texts: batch.texts, threads: threads, .best))
        }
        let tuner = try FineTuner(task, state: state, options: options.tuning, further: further, threads: threads)
        let batches = BatchPlan(examples: task.exampleCount, options: options.tuning)
        let plan = SetFitTraining.Plan(
            training: parts.training.count, validation: parts.validation.count, test: parts.test.count,
            pairs: task.exampleCount, steps: batches.steps,
            bytes: 4 * ((parts.validation.isEmpty ? 4 : 5) * state.table.count + tuner.stepMemory))
        report(.planned(plan))
        let checkpoint = options.checkpoint.map { Checkpoint(path: $0.path, everySteps: $0.everySteps, run: run) }
        try tuner.run(
            checkpoint: checkpoint, evaluate: parts.validation.isEmpty ? nil : { try accuracy(tuner.bench) },
            progress: { report(.step($0)) })
        return Outcome(weights: state.tensors, record: tuner.record, plan: plan)
    }

    /// The accuracy on the validation texts of a head that is fitted to the training texts.
    private func accuracy(_ bench: Workbench) throws -> Double {
        let head = try SetFitHead.fit(
            encode(parts.training, bench), labels: parts.training.map { data.labels[$0] },
            classes: data.classes.count, options)
        let vectors = encode(parts.validation, bench)
        let right = parts.validation.indices.count { row in
            let shares = head.probabilities(of: Array(vectors[row: row]))
            return shares.indices.max { shares[$0] < shares[$1] } == data.labels[parts.validation[row]]
        }
        return Double(right) / Double(parts.validation.count)
    }

    private func encode(_ rows: [Int], _ bench: Workbench) -> Matrix {
        let parts = chunks(rows).map { encoder.encode($0.map { tokens[$0] }, bench) }
        return Matrix(rows: rows.count, columns: encoder.shape.hidden, storage: parts.flatMap(\.storage))
    }

    /// Texts that are encoded together, in their order.
    private func chunks(_ rows: [Int]) -> [[Int]] {
        stride(from: 0, to: rows.count, by: 16).map { Array(rows[$0..<min($0 + 16, rows.count)]) }
    }
}
