import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics

@testable import TurnoutTraining

@Suite("The training loop")
struct FineTunerTests {
    private func tuner(
        _ options: FineTuningOptions, threads: Int = 1, dropout: Float = 0.1, pairs count: Int = 24
    ) throws -> FineTuner {
        let fixture = try TuningFixture("bert")
        let (encoder, _, state) = try fixture.model(head: false)
        var random = SeededRandom(seed: 1)
        let pairs = (0..<count).map { i in
            TextPair(first: random.next(below: 6), second: random.next(below: 6), target: Float(i % 2))
        }
        let task = PairTask(
            table: state.table, encoder: encoder, texts: fixture.golden.ids, pairs: pairs, dropout: (dropout, dropout))
        return try FineTuner(task, state: state, options: options, threads: threads)
    }

    private func weights(_ tuner: FineTuner) -> [Float] { tuner.state.weights.array(0..<tuner.state.table.count) }

    private var options: FineTuningOptions {
        var options = FineTuningOptions()
        options.learningRate = 1e-3
        options.batchSize = 5
        options.epochs = 3
        return options
    }

    @Test(
        "a run that was stopped and taken up again ends at the same weights, whatever the threads, with its best epoch")
    func resumption() throws {
        let path = NSTemporaryDirectory() + "turnout-checkpoint-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let scores = [0.5, 0.9, 0.7]
        func score(_ tuner: FineTuner) -> () throws -> Double { { scores[tuner.record.scores.count] } }
        let whole = try tuner(options)
        try whole.run(evaluate: score(whole)) { _ in }
        #expect(whole.record.losses.count == 15 && whole.record.bestEpoch == 1)

        let checkpoint = Checkpoint(path: path, everySteps: 4, run: "a")
        struct Killed: Error {}
        for stop in [6, 13] {
            let part = try tuner(options, threads: 2)
            #expect(throws: Killed.self) {
                try part.run(
                    checkpoint: checkpoint,
                    evaluate: {
                        if part.record.losses.count > stop { throw Killed() }
                        return scores[part.record.scores.count]
                    }
                ) { _ in }
            }
        }
        let leftover = "\(path).\(Int32.max).1.partial"
        try Data("half".utf8).write(to: URL(fileURLWithPath: leftover))
        let rest = try tuner(options)
        var steps = 0
        try rest.run(checkpoint: checkpoint, evaluate: score(rest)) { _ in steps += 1 }
        #expect(steps < 15)
        #expect(!FileManager.default.fileExists(atPath: leftover))
        #expect(rest.record == whole.record)
        #expect(weights(rest).map(\.bitPattern) == weights(whole).map(\.bitPattern))

        #expect(throws: TurnoutError.self) {
            try self.tuner(options).run(checkpoint: Checkpoint(path: path, everySteps: 4, run: "b")) { _ in }
        }
        try checkpoint.write(whole.record, best: nil, whole.state)
        var damaged = try Data(contentsOf: URL(fileURLWithPath: path))
        damaged.replaceSubrange(damaged.count - 4..<damaged.count, with: [0, 0, 0xC0, 0x7F])
        try damaged.write(to: URL(fileURLWithPath: path))
        let refusal = #expect(throws: TurnoutError.self) {
            try self.tuner(options).run(checkpoint: checkpoint) { _ in }
        }
        #expect(refusal?.message.contains("is damaged in 'weights'; remove it to begin anew") == true)
        try Data("no checkpoint".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: TurnoutError.self) { try self.tuner(options).run(checkpoint: checkpoint) { _ in } }
    }

    @Test("accumulated batches make the same step as one batch of all of them")
    func accumulation() throws {
        var one = options
        one.batchSize = 24
        var four = options
        (four.batchSize, four.accumulation) = (6, 4)
        let (a, b) = (try tuner(one, dropout: 0), try tuner(four, dropout: 0))
        try a.run { _ in }
        try b.run { _ in }
        #expect(a.record.losses.count == 3 && b.record.losses.count == 3)
        #expect(zip(a.record.losses, b.record.losses).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(zip(weights(a), weights(b)).allSatisfy { abs($0 - $1) < 5e-4 })
    }

    @Test("learning stops when epochs no longer help, and keeps the best")
    func patience() throws {
        var options = options
        (options.epochs, options.patience) = (10, 2)
        let tuner = try tuner(options)
        var best: [Float] = []
        try tuner.run(evaluate: {
            if tuner.record.scores.count == 1 { best = self.weights(tuner) }
            return [0.3, 0.6, 0.6, 0.5][min(tuner.record.scores.count, 3)]
        }) { _ in }
        #expect(tuner.record.scores == [0.3, 0.6, 0.6, 0.5] && tuner.record.bestEpoch == 1)
        #expect(weights(tuner) == best)
    }

    @Test("frozen layers do not move, and words that no text has used only decay")
    func frozen() throws {
        let fixture = try TuningFixture("bert")
        var table = ParameterTable()
        let encoder = TunableEncoder(try fixture.encoder.blueprint, frozenLayers: 1, in: &table)
        let state = LearningState(table)
        try encoder.load(into: state)
        let before = state.weights.array(0..<table.count)
        let task = PairTask(
            table: table, encoder: encoder, texts: fixture.golden.ids,
            pairs: [TextPair(first: 1, second: 2, target: 0)], dropout: (0, 0))
        var options = options
        options.warmupShare = 0
        try FineTuner(task, state: state, options: options, threads: 1).run { _ in }
        for tensor in table.tensors {
            let moved = tensor.range.contains { state.weights.start[$0] != before[$0] }
            #expect(moved != tensor.isFrozen, "\(tensor.name)")
        }

        let all = try tuner(options)
        let words = try #require(all.state.table["embeddings.word_embeddings.weight"])
        let unused = words.range.lowerBound + 4 * 12  // [MASK]
        let start = all.state.weights.start[unused]
        var expected = start
        for step in 0..<15 {
            let rate = LearningSchedule(rate: 1e-3, steps: 15, warmupShare: 0).rate(at: step)
            expected *= AdamW(weightDecay: 0.01).step(step + 1, rate: rate).decay
        }
        try all.run { _ in }
        #expect(all.state.weights.start[unused] == expected && expected != start)
        #expect(all.state.second.start[unused] == 0)
    }

    @Test("the learning rate rises over the first tenth, rounded up, and falls to zero, as in transformers")
    func schedule() {
        let nine = LearningSchedule(rate: 8, steps: 9, warmupShare: 0.1)
        #expect((0..<9).map(nine.rate) == [0, 8, 7, 6, 5, 4, 3, 2, 1])
        let none = LearningSchedule(rate: 4, steps: 4, warmupShare: 0)
        #expect((0...4).map(none.rate) == [4, 3, 2, 1, 0])
    }

    @Test("every epoch goes through all examples once, in an order of its own")
    func batches() {
        var options = options
        (options.batchSize, options.accumulation, options.epochs) = (4, 2, 2)
        let plan = BatchPlan(examples: 19, options: options)
        #expect(plan.stepsPerEpoch == 3 && plan.steps == 6)
        let epochs = [0..<3, 3..<6].map { steps in steps.flatMap { plan.batches(of: $0).flatMap(\.self) } }
        #expect(epochs.allSatisfy { $0.sorted() == Array(0..<19) })
        #expect(epochs[0] != epochs[1])
        #expect(plan.batches(of: 2).map(\.count) == [3])
    }

    @Test("memory is that of the steps which will be taken, and of no others")
    func stepMemory() throws {
        func memory(_ epochs: Int, steps: Int?) throws -> Int {
            var options = options
            (options.epochs, options.maximalSteps) = (epochs, steps)
            return try tuner(options).stepMemory
        }
        let one = try memory(1, steps: nil)
        #expect(try memory(1000, steps: 5) == one)
        #expect(try memory(30, steps: nil) >= one)
    }

    @Test(
        "impossible options are refused by name",
        arguments: [
            (\FineTuningOptions.learningRate, 0.0), (\.weightDecay, -1), (\.warmupShare, 2), (\.maximalNorm, 0),
        ])
    func refusals(_ option: any WritableKeyPath<FineTuningOptions, Double> & Sendable, _ value: Double) {
        var options = FineTuningOptions()
        options[keyPath: option] = value
        #expect(throws: TurnoutError.self) { try options.check() }
    }
}
