import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting

/// The tuning of a `classifier` router, from compared prompts to encoder and head.
struct ClassifierTuning {
    struct Outcome {
        let estimator: ClassifierEstimator
        /// As it will be in the file: a text's vector is that of its first token.
        let encoder: TransformerEncoder
        let plan: ClassifierTraining.Plan
        let losses: [Double]
    }

    private let source: TransformerEncoder
    private let options: ClassifierTraining.Options
    private let heldOut: Int
    private let head: TunableHead
    private let state: LearningState
    private let task: ClassTask

    /// Cuts the texts and reads the weights.
    ///
    /// The first layer of BERT's head begins as the encoder's own pooler where its files have one, the rest at random.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` for more frozen layers than there are.
    init(
        _ source: TransformerEncoder, data: PairVerdicts, training: [Int], heldOut: Int,
        options: ClassifierTraining.Options
    ) throws {
        let shape = try source.blueprint
        try options.tuning.check(layers: shape.layers)
        var table = ParameterTable()
        let encoder = TunableEncoder(shape, frozenLayers: options.tuning.frozenLayers, in: &table)
        head = TunableHead(shape, classes: ClassifierEstimator.classCount, in: &table)
        state = LearningState(table)
        try encoder.load(into: state)
        head.initialise(state, seed: options.tuning.seed)
        for tensor in table.tensors where tensor.name.hasPrefix("pooler.") {
            if try shape.has(tensor.name) { state.set(tensor, to: try shape.floats(tensor.name, shape: tensor.shape)) }
        }
        let dropout = options.tuning.dropout.map { (Float($0), Float($0)) }
        let targets = training.flatMap { data.targets[row: $0] }
        task = ClassTask(
            table: table, encoder: encoder, head: head,
            texts: parallelMap(training.count, threads: options.threads) {
                shape.tokenIDs(data.rows[training[$0]].prompt)
            },
            targets: Matrix(rows: training.count, columns: data.targets.columns, storage: targets),
            loss: .crossEntropy, dropout: dropout ?? (shape.hiddenDropout, shape.attentionDropout))
        (self.source, self.options, self.heldOut) = (source, options, heldOut)
    }

    /// Learns.
    ///
    /// - Parameters:
    ///   - name: What a checkpoint must agree on.
    ///   - report: Is told of the plan and of every step.
    /// - Returns: Encoder and head, as they will be stored.
    /// - Throws: `TurnoutError` as ``FineTuner/run(checkpoint:evaluate:progress:)`` does.
    func run(named name: String, _ report: (ClassifierTraining.Event) -> Void) throws -> Outcome {
        let tuner = try FineTuner(task, state: state, options: options.tuning, threads: options.threads)
        let plan = ClassifierTraining.Plan(
            training: task.exampleCount, heldOut: heldOut,
            steps: BatchPlan(examples: task.exampleCount, options: options.tuning).steps,
            bytes: 4 * (4 * state.table.count + tuner.stepMemory))
        report(.planned(plan))
        try tuner.run(
            checkpoint: options.checkpoint.map { Checkpoint(path: $0.path, everySteps: $0.everySteps, run: name) },
            progress: { report(.step($0)) })
        let stored = try source.tuned(state.tensors, readsFirstToken: true, threads: options.threads)
        func matrix(_ layer: TunableLinear) -> Matrix {
            Matrix(rows: layer.outputs, columns: layer.inputs, storage: state.weights.array(layer.weight))
        }
        let estimator = ClassifierEstimator(
            dense: matrix(head.dense), denseBias: state.weights.array(head.dense.bias), activation: head.activation,
            head: SoftmaxRegression(weights: matrix(head.classes), bias: state.weights.array(head.classes.bias)),
            encoder: stored)
        return Outcome(estimator: estimator, encoder: stored, plan: plan, losses: tuner.record.losses)
    }
}
