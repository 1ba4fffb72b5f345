import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics

/// The contrastive step of a `setfit` router, from labelled texts to weights.
struct SetFitTuning {
    struct Outcome {
        let weights: [String: [Float]]
        let record: TuningRecord
        let plan: TuningPlan
    }

    private let data: LabelledTexts
    private let parts: SetFitTraining.Parts
    private let options: SetFitOptions
    private let checkpoint: Checkpoint?
    private let encoder: TunableEncoder
    private let tokens: [[Int32]]
    private let state: LearningState
    private let task: PairTask

    /// Cuts the texts, draws the pairs and reads the weights.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` when all layers are frozen, `.insufficientData`
    ///   for too few texts to make a pair of.
    init(
        _ source: TransformerEncoder, data: LabelledTexts, parts: SetFitTraining.Parts, options: SetFitOptions,
        checkpoint: Checkpoint?
    ) throws {
        let model = try TunableModel(source, options: options.tuning)
        guard options.tuning.frozenLayers < model.shape.layers else {
            throw TurnoutError(
                .invalidArgument,
                "frozen_layers is \(options.tuning.frozenLayers), which is every layer: nothing would be tuned; freeze fewer"
            )
        }
        self.encoder = model.encoder
        self.tokens = model.tokens(of: data.texts, threads: options.threads)
        let pairs = try options.pairs.pairs(of: parts.training.map { data.labels[$0] }, seed: options.tuning.seed)
        guard Set(pairs.map(\.target)).count == 2 else {
            throw TurnoutError(
                .insufficientData, "there are no pairs of two classes to learn from; add texts, or hold out fewer")
        }
        self.state = try model.state()
        self.task = PairTask(
            table: model.table, encoder: encoder, texts: parts.training.map { [tokens] in tokens[$0] }, pairs: pairs,
            dropout: model.dropout)
        (self.data, self.parts, self.options, self.checkpoint) = (data, parts, options, checkpoint)
    }

    func run(_ report: (TuningEvent) -> Void) throws -> Outcome {
        let further = chunks(parts.training + parts.validation).reduce(0) { most, chunk in
            let batch = TokenBatch(chunk.map { tokens[$0] })
            return max(
                most,
                encoder.memory(
                    tokens: batch.tokens, longest: batch.longest, texts: batch.texts, threads: options.threads, .best))
        }
        let run = TuningRun(options: options.tuning, checkpoint: checkpoint, threads: options.threads)
        let (record, plan) = try run.learn(
            task, state,
            plan: TuningPlan(
                training: parts.training.count, validation: parts.validation.count, test: parts.test.count,
                pairs: task.exampleCount),
            further: further, measure: parts.validation.isEmpty ? nil : ("accuracy", accuracy), report: report)
        return Outcome(weights: state.tensors, record: record, plan: plan)
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
