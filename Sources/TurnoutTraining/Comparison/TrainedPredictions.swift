public import TurnoutEvaluation
import TurnoutRouting

/// Trains one kind of router after the other on the same examples, to be compared on prompts that they did not see.
public struct TrainedPredictions: Sendable {
    /// The kinds.
    public var trainers: [any RouterTrainer]
    /// Encoder, folds, seed, threads; models are those of the data compared on.
    public var options: RouterTraining.Options

    /// Takes kinds and options.
    public init(_ trainers: [any RouterTrainer], options: RouterTraining.Options) {
        self.trainers = trainers
        self.options = options
    }

    /// Estimates of every prompt by fits that did not see its fold.
    ///
    /// - Parameters:
    ///   - table: Where the data was chosen from; rows that lack some models are trained on, too.
    ///   - data: The prompts compared on.
    ///   - clock: Tells how long decisions take.
    ///   - progress: Is told how far it has come.
    /// - Returns: Predictions of each kind, in the order of ``trainers``.
    /// - Throws: ``TurnoutError`` as ``RouterTraining/train(_:progress:)`` does.
    public func crossValidated(
        _ table: OutcomeTable, data: EvaluationData, clock: some Clock<Duration>,
        progress: TrainingProgress.Handler? = nil
    ) throws -> [RouterPredictions] {
        try eachTrained(table, models: data, progress) { name, result in
            let rows = result.examples.rows.indices.filter { row in
                data.models.allSatisfy { result.examples.rows[row].scores[$0] != nil }
            }
            let estimates = data.models.map { model in
                let index = result.examples.models.firstIndex(of: model) ?? 0
                return rows.map { result.outOfFold[index][$0] }
            }
            let range = result.examples.scores.range
            let pairScores = zip(estimates[0], estimates[estimates.count - 1]).map { weak, strong in
                result.comparison.winRate(weak: weak, strong: strong, width: range.upperBound - range.lowerBound)
            }
            return try RouterPredictions(
                name: name, estimates: estimates, pairScores: pairScores,
                microsPerDecision: RouterPredictions.micros(
                    result.router, data.models, prompts: data.rows.prefix(500).map(\.prompt), clock),
                comparison: result.comparison)
        }
    }

    /// Estimates of the prompts of one data set by routers trained on another.
    ///
    /// - Parameters:
    ///   - table: What is trained on; take the prompts of `data` out before, see ``TransferSplit``.
    ///   - data: The prompts compared on.
    ///   - clock: Tells how long decisions take.
    ///   - progress: Is told how far it has come.
    /// - Returns: Predictions of each kind, in the order of ``trainers``.
    /// - Throws: ``TurnoutError`` as ``RouterTraining/train(_:progress:)`` does.
    public func transferred(
        from table: OutcomeTable, to data: EvaluationData, clock: some Clock<Duration>,
        progress: TrainingProgress.Handler? = nil
    ) throws -> [RouterPredictions] {
        try eachTrained(table, models: data, progress) { name, result in
            try RouterPredictions(
                asking: result.router, name: name, on: data, threads: options.threads, clock: clock)
        }
    }

    private func eachTrained(
        _ table: OutcomeTable, models data: EvaluationData, _ progress: TrainingProgress.Handler?,
        _ predict: (String, RouterTraining.Result) throws -> RouterPredictions
    ) throws -> [RouterPredictions] {
        var options = options
        options.models = data.models
        options.resamples = 0  // the figures on the card are not looked at
        var examples: TrainingExamples?
        return try trainers.map { trainer in
            let training = RouterTraining(trainer, options: options)
            let shared = try examples ?? training.examples(of: table, progress: progress)
            examples = shared
            let result = try training.train(table, examples: shared, progress: progress)
            return try predict(type(of: trainer).kind, result)
        }
    }
}
