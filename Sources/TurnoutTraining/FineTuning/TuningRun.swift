import Crypto
import Foundation
import TurnoutCore
import TurnoutEncoders

/// What is about to happen when an encoder is tuned.
public struct TuningPlan: Sendable, Equatable {
    /// Texts to learn from, to choose the epoch by, and to measure on.
    public var training, validation, test: Int
    /// Pairs of one epoch; 0 where texts are learnt one by one.
    public var pairs = 0
    /// What is measured after each epoch, the greater the better, such as `accuracy`; `nil` for nothing.
    public var measure: String?
    /// Steps in all.
    public var steps = 0
    /// Memory that weights (as they were, as they become, and the best so far), gradients, moments and the largest step
    /// take at most, in bytes.
    public var bytes = 0
}

/// What happens while an encoder is tuned.
public enum TuningEvent: Sendable {
    /// Everything is read and reckoned; learning begins.
    case planned(TuningPlan)
    /// A step was taken.
    case step(FineTuningProgress)
}

/// The tuning of an encoder, whatever it learns: what it takes is said before the first step, and its state is kept.
struct TuningRun {
    let options: FineTuningOptions
    let checkpoint: Checkpoint?
    /// The most threads to use.
    let threads: Int

    /// Learns a task.
    ///
    /// - Parameters:
    ///   - task: What to learn.
    ///   - state: The weights, set; afterwards those that were learnt.
    ///   - plan: How many texts there are; the rest of it is filled in.
    ///   - further: Floats of memory that the measure may take.
    ///   - measure: What is measured after each epoch, and how; the best epoch is kept. `nil` keeps the last one.
    ///   - report: Is told of the plan and of every step.
    /// - Returns: What happened, and the plan.
    /// - Throws: `TurnoutError` as ``FineTuner/run(checkpoint:evaluate:progress:)`` does.
    func learn(
        _ task: any TuningTask, _ state: LearningState, plan: TuningPlan, further: Int = 0,
        measure: (name: String, value: (Workbench) throws -> Double)? = nil, report: (TuningEvent) -> Void
    ) throws -> (record: TuningRecord, plan: TuningPlan) {
        let tuner = try FineTuner(task, state: state, options: options, further: further, threads: threads)
        var plan = plan
        plan.measure = measure?.name
        plan.steps = BatchPlan(examples: task.exampleCount, options: options).steps
        // Six copies of the weights there are when they are read off at the end, whatever was measured.
        let learning = (measure == nil ? 5 : 6) * state.table.count + tuner.stepMemory
        plan.bytes = 4 * max(learning, 6 * state.table.count)
        report(.planned(plan))
        try tuner.run(
            checkpoint: checkpoint, evaluate: measure.map { measure in { try measure.value(tuner.bench) } },
            progress: { report(.step($0)) })
        return (tuner.record, plan)
    }
}

extension Checkpoint {
    /// The checkpoint of a plan, if there is one.
    ///
    /// - Parameters:
    ///   - plan: Where it is kept.
    ///   - kind: The kind of router.
    ///   - encoder: The encoder before it is tuned.
    ///   - settings: All that changes what is learnt, in their order.
    ///   - rows: The texts and what is learnt of each, in their order.
    /// - Throws: What a setting throws when it is encoded.
    init?(
        _ plan: CheckpointPlan?, kind: String, encoder: TransformerEncoder, settings: [any Encodable],
        rows: some Sequence<String>
    ) throws {
        guard let plan else { return nil }
        let json = JSONEncoder()
        json.outputFormatting = .sortedKeys
        var hash = SHA256()
        for row in rows { hash.update(data: Data("\(row)\n".utf8)) }
        let encoded = try settings.map { String(decoding: try json.encode($0), as: UTF8.self) }
        self.init(
            path: plan.path, everySteps: plan.everySteps,
            run: ([kind, encoder.fingerprint] + encoded + ["\(hash.finalize())"]).joined(separator: "\n"))
    }
}
