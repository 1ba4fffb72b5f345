import Foundation
import TurnoutCore
import TurnoutNumerics

/// Learns a task: batches, steps, epochs, the best of them, and a file to take it up again from.
///
/// All that is random (the order of examples, dropout) follows from the seed and the number of the step, so that a run
/// that was killed and taken up again ends at the same weights, bit for bit, on any number of threads.
final class FineTuner {
    let task: any TuningTask
    let state: LearningState
    let options: FineTuningOptions
    let bench: Workbench
    /// What happened so far.
    private(set) var record: TuningRecord
    private let schedule: LearningSchedule
    private let optimiser: AdamW
    private var best: [Float]?

    /// Floats of memory for a step, by which ``bench`` was made.
    let stepMemory: Int

    /// Prepares a run.
    ///
    /// - Parameters:
    ///   - task: What to learn.
    ///   - state: The weights, set.
    ///   - options: How, checked before.
    ///   - further: Floats of memory that something else than a step may take, such as encoding.
    ///   - threads: The most threads to use.
    ///   - kernels: What to compute with.
    /// - Throws: `TurnoutError` when the system refuses to start threads.
    init(
        _ task: any TuningTask, state: LearningState, options: FineTuningOptions, further: Int = 0, threads: Int,
        kernels: Kernels = .best
    ) throws {
        self.task = task
        self.state = state
        self.options = options
        self.optimiser = AdamW(weightDecay: options.weightDecay)
        let plan = BatchPlan(examples: task.exampleCount, options: options)
        self.schedule = LearningSchedule(
            rate: options.learningRate, steps: plan.steps, warmupShare: options.warmupShare)
        self.stepMemory = max(plan.memory(task, threads: threads, kernels), further)
        self.bench = Workbench(
            state, kernels: kernels, pool: threads > 1 ? try ThreadPool(threads: threads) : nil,
            arena: Arena(capacity: stepMemory))
        self.record = TuningRecord()
    }

    /// Runs to the end, from where a checkpoint left off if there is one.
    ///
    /// - Parameters:
    ///   - checkpoint: Where to write the state, and what run it belongs to.
    ///   - evaluate: Measures the weights after an epoch; greater is better. `nil` keeps the last epoch.
    ///   - progress: Is told after every step.
    /// - Throws: `TurnoutError` with code `.io` when a checkpoint cannot be written, `.invalidData` when the loss is
    ///   no number any more.
    func run(
        checkpoint: Checkpoint? = nil, evaluate: (() throws -> Double)? = nil, progress: (FineTuningProgress) -> Void
    ) throws {
        let plan = BatchPlan(examples: task.exampleCount, options: options)
        if let checkpoint { try checkpoint.restore(&record, best: &best, state) }
        while record.losses.count < plan.steps, !isOutOfPatience {
            let (step, epoch) = (record.losses.count, record.losses.count / plan.stepsPerEpoch)
            let loss = try take(step, plan.batches(of: step))
            record.losses.append(loss)
            let endsEpoch = (step + 1) % plan.stepsPerEpoch == 0
            if endsEpoch, let evaluate { keepBest(try evaluate(), epoch: epoch) }
            progress(
                FineTuningProgress(
                    step: step + 1, steps: plan.steps, loss: loss, epoch: endsEpoch ? epoch + 1 : epoch,
                    score: record.scores.last))
            if let checkpoint, (step + 1) % checkpoint.everySteps == 0 {
                try checkpoint.write(record, best: best, state)
            }
        }
        if let best { best.withUnsafeBufferPointer { restore($0) } }
    }

    /// One step: gradients of some batches, clipped, and AdamW; gives the mean loss.
    func take(_ step: Int, _ batches: [[Int]]) throws -> Double {
        for batch in batches { state.use(rows: task.vocabularyRows(of: batch)) }
        state.zeroGradients()
        var loss = 0.0
        for (i, batch) in batches.enumerated() {
            let seed = options.seed &+ UInt64(step * options.accumulation + i) &* 0x9E37_79B9_7F4A_7C15
            loss += task.loss(of: batch, seed: seed, bench) / Double(batches.count)
        }
        guard loss.isFinite else {
            throw TurnoutError(
                .invalidData, "the loss is no number at step \(step + 1); choose a lower learning rate")
        }
        let norm = state.gradientNorm(pool: bench.pool) / Double(batches.count)
        let clip = min(1, options.maximalNorm / (norm + 1e-6))
        let move = optimiser.step(
            step + 1, rate: schedule.rate(at: step), gradientScale: clip / Double(batches.count))
        state.apply(move, kernels: bench.kernels, pool: bench.pool)
        return loss
    }

    private func keepBest(_ score: Double, epoch: Int) {
        record.scores.append(score)
        if score > record.scores[record.bestEpoch ?? 0] || record.bestEpoch == nil {
            record.bestEpoch = epoch
            best = nil  // Its memory goes first.
            best = state.weights.array(0..<state.table.count)
        }
    }

    private var isOutOfPatience: Bool {
        guard let patience = options.patience, let best = record.bestEpoch else { return false }
        return record.scores.count - 1 - best >= patience
    }

    private func restore(_ weights: UnsafeBufferPointer<Float>) {
        if let start = weights.baseAddress { state.weights.start.update(from: start, count: weights.count) }
    }
}

/// What happened in a run.
struct TuningRecord: Codable, Equatable {
    /// The loss of each step, before the weights moved.
    var losses: [Double] = []
    /// What was measured after each epoch.
    var scores: [Double] = []
    /// The epoch whose weights are kept, from 0; `nil` where nothing was measured.
    var bestEpoch: Int?
}

/// Which examples each step looks at: every epoch all of them, in an order of its own.
struct BatchPlan {
    let examples: Int
    let options: FineTuningOptions

    /// Steps of one epoch; the last one may be smaller.
    var stepsPerEpoch: Int {
        let size = options.batchSize * options.accumulation
        return max(1, (examples + size - 1) / size)
    }

    var steps: Int { min(stepsPerEpoch * options.epochs, options.maximalSteps ?? .max) }

    /// The batches of a step, from 0.
    func batches(of step: Int) -> [[Int]] {
        let (epoch, place) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        let order = order(of: epoch), size = options.batchSize * options.accumulation
        let mine = order[place * size..<min((place + 1) * size, examples)]
        return batches(of: mine)
    }

    private func batches(of examples: ArraySlice<Int>) -> [[Int]] {
        stride(from: examples.startIndex, to: examples.endIndex, by: options.batchSize).map {
            Array(examples[$0..<min($0 + options.batchSize, examples.endIndex)])
        }
    }

    private func order(of epoch: Int) -> [Int] {
        var random = SeededRandom(seed: options.seed &+ UInt64(epoch) &* 0xA24B_AED4_963E_E407)
        return random.permutation(of: examples)
    }

    /// Floats that the largest step takes.
    func memory(_ task: any TuningTask, threads: Int, _ kernels: Kernels) -> Int {
        (0..<(steps + stepsPerEpoch - 1) / stepsPerEpoch).reduce(0) { most, epoch in
            batches(of: order(of: epoch)[...]).reduce(most) { max($0, task.memory(for: $1, threads: threads, kernels)) }
        }
    }
}
