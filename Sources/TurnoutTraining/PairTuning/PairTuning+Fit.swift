import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting

extension PairTuning {
    /// Encoder and head once they are tuned, and how that came about.
    struct Fit {
        let estimator: any Estimator
        /// As it will be in the file: a text's vector is that of its first token.
        let encoder: TransformerEncoder
        let record: TuningRecord
        let plan: TuningPlan

        /// What each model would be worth on some texts; shape `[texts][models]`.
        func estimates(of texts: [String]) -> [[Double]] {
            let vectors = encoder.encode(texts)
            return texts.indices.map { row in
                estimator.estimates(
                    for: QueryFeatures(text: texts[row], embedding: Array(vectors[row: row]), surface: []))
            }
        }
    }

    /// Tunes encoder and head together.
    ///
    /// - Parameters:
    ///   - lesson: What is learnt.
    ///   - parts: From which rows, and which ones choose the epoch.
    ///   - report: Is told of the plan and of every step.
    /// - Returns: Encoder and head, and what happened.
    /// - Throws: `TurnoutError` with code `.invalidArgument` for impossible options, and as
    ///   ``FineTuner/run(checkpoint:evaluate:progress:)`` does.
    func fit(_ lesson: PairLesson, _ parts: PairLesson.Parts, _ report: (TuningEvent) -> Void) throws -> Fit {
        let learnt = try learn(lesson, parts, report)
        let stored = try encoder.tuned(learnt.weights, readsFirstToken: true, threads: options.threads)
        return Fit(
            estimator: lesson.estimator(learnt.head, stored), encoder: stored, record: learnt.record, plan: learnt.plan)
    }

    private struct Learnt {
        let weights: [String: [Float]]
        let head: FirstTokenHead
        let record: TuningRecord
        let plan: TuningPlan
    }

    /// Gradients and moments are gone when this returns.
    private func learn(
        _ lesson: PairLesson, _ parts: PairLesson.Parts, _ report: (TuningEvent) -> Void
    ) throws -> Learnt {
        try options.tuning.check()
        var model = try TunableModel(encoder, options: options.tuning)
        let head = TunableHead(model.shape, classes: lesson.targets.columns, in: &model.table)
        let state = try model.state()
        try head.initialise(state, from: model.shape, seed: options.tuning.seed)
        func task(_ rows: [Int]) -> ClassTask {
            ClassTask(
                table: model.table, encoder: model.encoder, head: head,
                texts: model.tokens(of: rows.map { lesson.rows[$0].prompt }, threads: options.threads),
                targets: Matrix(
                    rows: rows.count, columns: lesson.targets.columns, storage: rows.flatMap { lesson.targets[row: $0] }
                ),
                loss: lesson.loss, dropout: model.dropout)
        }
        let validation = parts.validation.isEmpty ? nil : task(parts.validation)
        let run = TuningRun(
            options: options.tuning, checkpoint: try checkpoint(lesson), threads: options.threads)
        let (record, plan) = try run.learn(
            task(parts.training), state,
            plan: TuningPlan(
                training: parts.training.count, validation: parts.validation.count, test: parts.test.count),
            further: validation?.memory(threads: options.threads, .best) ?? 0,
            // By this score the greater is the better: the mean logarithm of what the labels were given.
            measure: validation.map { task in ("log-likelihood", { -task.meanLoss($0) }) }, report: report)
        return Learnt(weights: state.tensors, head: head.stored(state), record: record, plan: plan)
    }

    private func checkpoint(_ lesson: PairLesson) throws -> Checkpoint? {
        try Checkpoint(
            options.checkpoint, kind: lesson.kind.router, encoder: encoder, settings: [options.tuning],
            rows: lesson.rows.indices.map { "\(lesson.rows[$0].prompt)\0\(Array(lesson.targets[row: $0]))" })
    }
}
