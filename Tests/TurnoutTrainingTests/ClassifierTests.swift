import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting

@testable import TurnoutTraining

@Suite("classifier: battles of two models, and the router that learns who wins")
struct ClassifierTests {
    private static let pair: [ModelID] = ["weak", "strong"]

    /// Texts of letters from the end of the alphabet, on which the strong model alone is right, and from its start.
    private func rows(_ count: Int, easy: [ModelID: Double] = ["weak": 1, "strong": 1]) -> [OutcomeRow] {
        var random = SeededRandom(seed: 5)
        return (0..<count).map { i in
            let letters = Array(i % 2 == 0 ? "abcdefg" : "tuvwxyz")
            let text = (0..<6).map { _ in String(letters[random.next(below: letters.count)]) }.joined(separator: " ")
            return OutcomeRow(prompt: text, scores: i % 2 == 0 ? easy : ["weak": 0, "strong": 1], line: i + 1)
        }
    }

    private func train(
        _ rows: [OutcomeRow], encoder: String = "bert", _ change: (inout PairTuning.Options) -> Void = { _ in }
    ) throws -> PairTuning.Result {
        var options = PairTuning.Options(.classifier, createdAt: "2026-01-01T00:00:00Z")
        options.tuning.learningRate = 1e-2
        options.resamples = 20
        change(&options)
        return try PairTuning(TuningFixture(encoder).encoder, options: options).train(OutcomeTable(rows: rows))
    }

    private func temporaryPath() -> String {
        NSTemporaryDirectory() + "turnout-classifier-\(UUID().uuidString).safetensors"
    }

    // MARK: - Arithmetic

    @Test("the win rate of the strong model is 1 - (P(tie) + P(weak wins))")
    func winRate() throws {
        let encoder = try TuningFixture("bert").encoder
        let logits: [Float] = [0.3, -0.2, 0.9]
        let estimator = ClassifierEstimator(
            head: FirstTokenHead(
                dense: Matrix(rows: 12, columns: 12), denseBias: [Float](repeating: 0, count: 12), activation: .tanh,
                weights: Matrix(rows: 3, columns: 12), bias: logits), encoder: encoder)
        let sum = logits.reduce(0) { $0 + exp(Double($1)) }
        let expected = logits.map { exp(Double($0)) / sum }
        let query = QueryFeatures(text: "a", embedding: encoder.encode("a"), surface: [])
        let estimates = estimator.estimates(for: query)
        #expect(abs(estimates[0] - expected[1] - expected[2]) < 1e-7 && estimates[1] == 1)
        let rate = ClassifierEstimator.comparison.winRate(weak: estimates[0], strong: estimates[1], width: 1)
        #expect(abs(rate - expected[0]) < 1e-7)
    }

    @Test(
        "the router's head is the tuner's: dense, activation and classes on the first token, to 1e-5",
        arguments: ["bert", "roberta", "deberta-v3"])
    func parity(_ family: String) throws {
        let fixture = try TuningFixture(family)
        let (encoder, loaded, state) = try fixture.model(head: true)
        let head = try #require(loaded)
        let stored = try fixture.encoder.tuned(state.tensors, readsFirstToken: true)
        let estimator = ClassifierEstimator(head: head.stored(state), encoder: stored)
        let task = try fixture.task("classes", encoder, head, state.table)
        let all = Array(fixture.golden.ids.indices)
        let bench = Workbench(
            state, kernels: .best, pool: nil, arena: Arena(capacity: task.memory(for: all, threads: 1, .best)))
        let batch = TokenBatch(fixture.golden.ids)
        let vectors = try stored.encode(tokenIDs: fixture.golden.ids)
        bench.arena.lending {
            let logits = head.forward(encoder.forward(batch, .none, bench).out, batch, .none, bench).logits
            for text in all {
                let own = (0..<3).map { exp(Double(logits[text * 3 + $0])) }
                let shares = estimator.probabilities(of: Array(vectors[row: text]))
                for (a, b) in zip(own, shares) { #expect(abs(a / own.reduce(0, +) - b) < 1e-5) }
            }
        }
    }

    @Test("scores and battles become strong wins, ties and weak wins; several battles on a prompt share one row")
    func verdicts() throws {
        var rows = self.rows(40)
        rows[0].scores = ["weak": 1, "strong": 0]
        rows[1].scores = ["weak": 0.5]
        rows.append(
            OutcomeRow(
                prompt: "q", battles: [Battle("weak", "strong", .b), Battle("strong", "weak", .tie)], line: 41))
        rows.append(OutcomeRow(prompt: "r", battles: [Battle("weak", "strong", .a)], line: 42))
        rows.append(OutcomeRow(prompt: "s", battles: [Battle("weak", "other", .a)], line: 43))
        let data = try PairLesson(.classifier, OutcomeTable(rows: rows), models: ["strong", "weak"])
        #expect(data.models == Self.pair && data.rows.count == 41, "no comparison, no row")
        #expect(Array(data.targets[row: 0]) == [0, 0, 1] && Array(data.targets[row: 1]) == [0, 1, 0])
        #expect(Array(data.targets[row: 2]) == [1, 0, 0])
        #expect(Array(data.targets[row: 39]) == [0.5, 0.5, 0] && Array(data.targets[row: 40]) == [0, 0, 1])
        let parts = try data.parts(seed: 3, tests: true)
        #expect(parts.test.count == 20 && parts.validation.isEmpty)
        #expect(Set(parts.test + parts.training).count == 41)
    }

    // MARK: - Training

    @Test("a router learns whose prompts are whose, and one file holds it and its encoder")
    func roundTrip() throws {
        let result = try train(rows(200)) { $0.tuning.epochs = 8 }
        #expect(result.plan.training == 180 && result.plan.test == 20 && result.plan.steps == 96)
        #expect(result.bestEpoch == nil, "the last weights are kept")
        #expect((result.losses.last ?? 9) < 0.5 * result.losses[0])
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try RouterArtifact.save(result.router, to: path)
        let loaded = try RouterArtifact.load(named: path) { name in
            throw TurnoutError(.invalidArgument, "the encoder '\(name)' is in the file; nobody should look for it")
        }
        #expect(loaded.card.models == Self.pair && loaded.card.encoder.name == "bert, tuned")
        let figures = Dictionary(uniqueKeysWithValues: loaded.card.metrics.map { ($0.name, $0.value) })
        #expect(try #require(figures["apgr"]) > 0.95 * #require(figures["apgr_oracle"]))
        for text in ["a b c d e", "z y x w", "m m m", ""] {
            let (before, after) = (
                result.router.assess(text, candidates: Self.pair), loaded.assess(text, candidates: Self.pair)
            )
            #expect(before.score == after.score)
            for (a, b) in zip(before.estimates, after.estimates) {
                #expect(a.value == b.value && abs(a.low - b.low) + abs(a.high - b.high) < 1e-5)
            }
            #expect(before.estimates[1].value == 1 && abs(before.score - 1 + before.estimates[0].value) < 1e-12)
        }
        #expect(loaded.assess("b c a d f", candidates: Self.pair).score < 0.3)
        #expect(loaded.assess("t x y u z", candidates: Self.pair).score > 0.7)
    }

    @Test("a flipped bit in the middle, a head of another width and a third model are refused")
    func damaged() throws {
        let result = try train(rows(40))
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try RouterArtifact.save(result.router, to: path)
        let file = try SafetensorsFile(contentsOf: path), encoder = try TuningFixture("bert").encoder
        let card = ArtifactCard(
            kind: "classifier", encoder: result.router.card.encoder, models: ["a", "b", "c"], sources: [], createdAt: ""
        )
        #expect(throws: TurnoutError.self) { try ClassifierEstimator(card: card, file: file, encoder: encoder) }
        #expect(throws: TurnoutError.self) {
            try ClassifierEstimator(card: result.router.card, file: file, encoder: LetterEncoder())
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 0x40
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(throws: TurnoutError.self) { try RouterArtifact.load(path: path) }
    }

    @Test("threads change nothing, the seed does, and steps end learning early")
    func determinism() throws {
        func file(_ change: (inout PairTuning.Options) -> Void) throws -> Data {
            let path = temporaryPath()
            defer { try? FileManager.default.removeItem(atPath: path) }
            try RouterArtifact.save(train(rows(60), change).router, to: path)
            return try Data(contentsOf: URL(fileURLWithPath: path))
        }
        let one = try file { $0.threads = 1 }
        #expect(try file { $0.threads = 3 } == one)
        #expect(try file { $0.tuning.seed = 7 } != one)
        #expect(try train(rows(60)) { $0.tuning.maximalSteps = 2 }.losses.count == 2)
    }

    @Test("data that cannot teach it get a sentence that says so")
    func refusals() throws {
        func message(_ rows: [OutcomeRow], _ models: [ModelID] = []) -> String {
            do {
                _ = try train(rows) { $0.models = models }
                return ""
            } catch { return "\(error)" }
        }
        #expect(message(rows(30)).contains("compared on 30 prompts; at least 40"))
        #expect(message(rows(40), ["weak", "nobody"]).contains("no row has a score of 'nobody'"))
        #expect(message(rows(40, easy: ["weak": 0, "strong": 1])).contains("end alike"))
        #expect(message(rows(40, easy: ["weak": 1, "strong": 1, "third": 0])).contains("between two models"))
        var weighted = rows(40)
        weighted[0].weight = 2
        #expect(message(weighted).contains("leave out --weight"))
        let options = PairTuning.Options(.classifier, createdAt: "")
        #expect(options.tuning.learningRate == 1e-5 && options.tuning.batchSize == 16)
        #expect(options.tuning.weightDecay == 0.01 && options.tuning.maximalSteps == 2000 && options.tuning.epochs == 1)
        func read(_ settings: [String]) throws -> FineTuningOptions? {
            try PairTuning.Options(router: "classifier", settings: settings, createdAt: "")?.tuning
        }
        #expect(throws: TurnoutError.self) { try read(["layers=2"]) }
        let own = try read(["steps=50", "epochs=3"])
        #expect(own?.maximalSteps == 50 && own?.epochs == 3)
    }
}
