import Foundation
import Testing
import TurnoutEncoders
import TurnoutNumerics

@testable import TurnoutTraining

/// A small model of random weights and what PyTorch makes of it; by Reference/make_tuning_goldens.py.
struct TuningFixture {
    struct Golden: Decodable {
        let ids: [[Int32]]
        let pairs: [[Float]]
        let classes: [Int]
        let shares: [[Float]]
        let losses: [String: Double]
    }

    let folder: String
    let encoder: TransformerEncoder
    let golden: Golden

    init(_ family: String) throws {
        let url = try #require(
            Bundle.module.url(forResource: family, withExtension: nil, subdirectory: "Fixtures/Tuning"))
        folder = url.path
        encoder = try TransformerEncoder(folder: folder)
        golden = try JSONDecoder().decode(
            Golden.self, from: Data(contentsOf: url.appendingPathComponent("tuning.json")))
    }

    /// A table, its encoder and head, and their weights as the folder has them.
    func model(head: Bool, outputs: Int = 3) throws -> (TunableEncoder, TunableHead?, LearningState) {
        var model = try TunableModel(encoder, options: FineTuningOptions())
        let classes = head ? TunableHead(model.shape, classes: outputs, in: &model.table) : nil
        let state = try model.state()
        let file = try SafetensorsFile(contentsOf: "\(folder)/model.safetensors")
        for tensor in model.table.tensors where !model.encoder.isOwn(tensor.name) {
            let values = try file.floats(file.has(tensor.name) ? tensor.name : "bert.\(tensor.name)")
            state.set(tensor, to: Array(values.prefix(tensor.range.count)))  // the first outputs
        }
        return (model.encoder, classes, state)
    }

    /// The three losses of the golden.
    func task(_ name: String, _ encoder: TunableEncoder, _ head: TunableHead?, _ table: ParameterTable) throws
        -> any TuningTask
    {
        guard name != "pairs" else {
            let pairs = golden.pairs.map { TextPair(first: Int($0[0]), second: Int($0[1]), target: $0[2]) }
            return PairTask(table: table, encoder: encoder, texts: golden.ids, pairs: pairs, dropout: (0, 0))
        }
        let oneHot = golden.classes.flatMap { c in (0..<3).map { $0 == c ? Float(1) : 0 } }
        return ClassTask(
            table: table, encoder: encoder, head: try #require(head), texts: golden.ids,
            targets: Matrix(
                rows: golden.ids.count, columns: 3,
                storage: name == "classes" ? oneHot : golden.shares.flatMap(\.self)),
            loss: name == "classes" ? .crossEntropy : .binaryCrossEntropy, dropout: (0, 0))
    }
}

@Suite("Gradients and training curves as PyTorch has them")
struct FineTuningParityTests {
    @Test(
        "every gradient tensor is PyTorch's, relative error at most 1e-4, in one batch and in two",
        arguments: ["bert", "roberta", "deberta-v3", "deberta-v2"], ["pairs", "classes", "shares"])
    func gradients(_ family: String, _ loss: String) throws {
        let fixture = try TuningFixture(family)
        let expected = try SafetensorsFile(contentsOf: "\(fixture.folder)/gradients.safetensors")
        for threads in [1, 2] {
            let (encoder, head, state) = try fixture.model(head: loss != "pairs")
            let task = try fixture.task(loss, encoder, head, state.table)
            let all = Array(0..<task.exampleCount)
            let memory = task.memory(for: all, threads: threads, .best)
            let bench = Workbench(
                state, kernels: .best, pool: threads > 1 ? try ThreadPool(threads: threads) : nil,
                arena: Arena(capacity: memory))
            state.use(rows: task.vocabularyRows(of: all))
            let value = task.loss(of: all, seed: nil, bench)
            #expect(abs(value - (fixture.golden.losses[loss] ?? .nan)) < 1e-5)
            #expect(bench.arena.used == 0 && bench.arena.peak <= memory)
            for tensor in state.table.tensors {
                try compare(tensor, state, expected, "\(loss).\(tensor.name)")
            }
        }
    }

    private func compare(
        _ tensor: ParameterTable.Tensor, _ state: LearningState, _ file: SafetensorsFile, _ name: String
    ) throws {
        let expected = try file.floats(name).map(Double.init)
        let gradient = state.gradients.array(tensor.range).map(Double.init)
        let size = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let error = zip(gradient, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        // The bias of the keys has no gradient, since it moves all scores of a query alike: what is left is rounding. So
        // has that of the keys of positions, unless content and positions share one.
        let isNothing = name.contains("self.key.bias") || name.contains("self.pos_key_proj.bias")
        #expect(error <= (isNothing ? 1e-6 : 1e-4 * size), "\(name): \(error) of \(size)")
    }

    @Test(
        "gradients agree with small differences of the loss, with dropout and frozen layers",
        arguments: ["bert", "deberta-v3"], [0, 1])
    func smallDifferences(_ family: String, frozenLayers: Int) throws {
        let fixture = try TuningFixture(family)
        var table = ParameterTable()
        let encoder = TunableEncoder(try fixture.encoder.blueprint, frozenLayers: frozenLayers, in: &table)
        let state = LearningState(table)
        try encoder.load(into: state)
        let pairs = fixture.golden.pairs.map { TextPair(first: Int($0[0]), second: Int($0[1]), target: $0[2]) }
        let task = PairTask(
            table: table, encoder: encoder, texts: fixture.golden.ids, pairs: pairs, dropout: (0.2, 0.3))
        let all = Array(pairs.indices)
        let bench = Workbench(
            state, kernels: .best, pool: nil, arena: Arena(capacity: task.memory(for: all, threads: 1, .best)))
        func loss() -> Double { task.loss(of: all, seed: 4, bench) }
        _ = loss()
        let gradient = state.gradients.array(0..<table.count)
        for tensor in table.tensors {
            let step: Float = 2e-3, place = tensor.range.lowerBound + tensor.range.count / 2
            guard !tensor.isFrozen else {
                #expect(state.gradients.array(tensor.range).allSatisfy { $0 == 0 }, "\(tensor.name) is frozen")
                continue
            }
            let before = state.weights.start[place]
            state.weights.start[place] = before + step
            let above = loss()
            state.weights.start[place] = before - step
            let below = loss()
            state.weights.start[place] = before
            let slope = (above - below) / Double(2 * step)
            #expect(abs(slope - Double(gradient[place])) < 2e-3, "\(tensor.name): \(slope) \(gradient[place])")
        }
    }

    private struct Curve: Decodable {
        struct Step: Decodable {
            let first, second: [[Int32]]
            let targets: [Float]
            let loss: Double
        }
        struct Row: Decodable {
            let text: String
            let label: Int
        }
        let steps: [Step]
        let rows: [Row]
        let coefficients: [[Double]]
        let intercept: [Double]
    }

    @Test("twenty steps of setfit's own trainer: the losses agree to 1e-5, and so do the weights and the head")
    func curve() throws {
        let fixture = try TuningFixture("bert")
        let curve = try JSONDecoder().decode(
            Curve.self, from: Data(contentsOf: URL(fileURLWithPath: "\(fixture.folder)/curve.json")))
        let (encoder, _, state) = try fixture.model(head: false)
        // Every pair of the reference by itself, in its batches.
        let texts = curve.steps.flatMap { $0.first + $0.second }
        var pairs: [TextPair] = [], batches: [[Int]] = [], next = 0
        for step in curve.steps {
            let count = step.targets.count
            batches.append(Array(pairs.count..<pairs.count + count))
            pairs += (0..<count).map {
                TextPair(first: next + $0, second: next + count + $0, target: step.targets[$0])
            }
            next += 2 * count
        }
        var options = FineTuningOptions()
        options.learningRate = 2e-3
        let task = PairTask(table: state.table, encoder: encoder, texts: texts, pairs: pairs, dropout: (0, 0))
        let memory = batches.map { task.memory(for: $0, threads: 2, .best) }.max() ?? 0
        let tuner = try FineTuner(task, state: state, options: options, further: memory, threads: 2)
        let losses = try batches.enumerated().map { try tuner.take($0, [$1]) }
        let worst = zip(losses, curve.steps).map { abs($0 - $1.loss) }.max() ?? .infinity
        print("twenty steps: losses \(losses[0]) … \(losses[19]), largest difference \(worst)")
        #expect(worst <= 1e-5)
        #expect(losses[19] < 0.7 * losses[0])
        let expected = try SafetensorsFile(contentsOf: "\(fixture.folder)/curve.safetensors")
        for tensor in state.table.tensors {
            let difference =
                zip(state.weights.array(tensor.range), try expected.floats(tensor.name))
                .map { abs($0 - $1) }.max() ?? 0
            #expect(difference < 2e-3, "\(tensor.name): \(difference)")
        }
        try compareHead(curve, encoder, tuner.bench, fixture)
    }

    private struct HeadCurves: Decodable {
        struct Row: Decodable {
            let ids: [Int32]
            let classes: [Float]
            let label: Float
        }
        let rows: [Row]
        let batch: Int
        let losses: [String: [Double]]
    }

    @Test(
        "twenty steps of transformers' own trainer on what classifier and hybrid routers learn: the losses agree to 1e-5",
        arguments: ["bert", "deberta-v3"], ["classes", "label"])
    func headCurves(_ family: String, _ loss: String) throws {
        let fixture = try TuningFixture(family)
        let curves = try JSONDecoder().decode(
            HeadCurves.self, from: Data(contentsOf: URL(fileURLWithPath: "\(fixture.folder)/head-curves.json")))
        let outputs = loss == "classes" ? 3 : 1
        let (encoder, head, state) = try fixture.model(head: true, outputs: outputs)
        let task = ClassTask(
            table: state.table, encoder: encoder, head: try #require(head), texts: curves.rows.map(\.ids),
            targets: Matrix(
                rows: curves.rows.count, columns: outputs,
                storage: curves.rows.flatMap { outputs == 3 ? $0.classes : [$0.label] }),
            loss: outputs == 3 ? .crossEntropy : .binaryCrossEntropy, dropout: (0, 0))
        var options = FineTuningOptions()
        (options.learningRate, options.batchSize) = (2e-3, curves.batch)
        let batches = stride(from: 0, to: curves.rows.count, by: curves.batch).map { Array($0..<$0 + curves.batch) }
        let memory = batches.map { task.memory(for: $0, threads: 2, .best) }.max() ?? 0
        let tuner = try FineTuner(task, state: state, options: options, further: memory, threads: 2)
        let losses = try batches.enumerated().map { try tuner.take($0, [$1]) }
        let expected = try #require(curves.losses[loss])
        let worst = zip(losses, expected).map { abs($0 - $1) }.max() ?? .infinity
        print("\(family), \(loss): losses \(losses[0]) … \(losses[19]), largest difference \(worst)")
        #expect(losses.count == 20 && expected.count == 20)
        #expect(worst <= 1e-5)
    }

    private func compareHead(
        _ curve: Curve, _ encoder: TunableEncoder, _ bench: Workbench, _ fixture: TuningFixture
    ) throws {
        let shape = try fixture.encoder.blueprint
        let vectors = curve.rows.map { row in
            bench.arena.lending { encoder.encode([shape.tokenIDs(row.text)], bench).storage }
        }
        let head = try #require(
            SoftmaxRegression.fit(
                Matrix(rows: vectors.count, columns: 12, storage: vectors.flatMap(\.self)),
                classes: curve.rows.map(\.label), count: 2))
        for (ours, theirs) in zip(head.weights[row: 1], curve.coefficients[0]) {
            #expect(abs(Double(ours) - theirs) < 5e-3)
        }
        #expect(abs(Double(head.bias[1]) - curve.intercept[0]) < 5e-3)
    }
}
