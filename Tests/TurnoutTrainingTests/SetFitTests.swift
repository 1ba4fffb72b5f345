import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting

@testable import TurnoutTraining

@Suite("setfit: pairs, heads, and the router")
struct SetFitTests {
    // MARK: - Pairs

    @Test("eight texts of each of two classes: 72 pairs of one class and 64 of two, oversampled to 144, nine steps")
    func eightShot() throws {
        let classes = (0..<16).map { $0 % 2 }
        let pairs = try PairSampling().pairs(of: classes, seed: 42)
        #expect(pairs.count == 144 && pairs.count { $0.target == 1 } == 72)
        #expect(Set(pairs.filter { $0.target == 1 }.map { [$0.first, $0.second] }).count == 72)
        #expect(Set(pairs.filter { $0.target == 0 }.map { [$0.first, $0.second] }).count == 64)
        #expect(pairs.allSatisfy { ($0.target == 1) == (classes[$0.first] == classes[$0.second]) })
        #expect(pairs[0].target == 1 && pairs[1].target == 0, "both kinds in turn")
        #expect(BatchPlan(examples: pairs.count, options: FineTuningOptions()).steps == 9)
        #expect(try pairs == PairSampling().pairs(of: classes, seed: 42))
        #expect(try pairs != PairSampling().pairs(of: classes, seed: 43))
    }

    @Test("undersampling cuts, unique takes every pair once, iterations count by text")
    func strategies() throws {
        let classes = (0..<16).map { $0 % 2 }
        func counts(_ change: (inout PairSampling) -> Void) throws -> [Int] {
            var sampling = PairSampling()
            change(&sampling)
            let pairs = try sampling.pairs(of: classes, seed: 1)
            return [pairs.count { $0.target == 1 }, pairs.count { $0.target == 0 }]
        }
        #expect(try counts { $0.strategy = .undersampling } == [64, 64])
        #expect(try counts { $0.strategy = .unique } == [72, 64])
        #expect(try counts { $0.iterations = 3 } == [48, 48])
        #expect(try counts { $0.iterations = 20 } == [320, 320])
    }

    @Test("more pairs than can be learnt from are refused before any is made")
    func tooMany() {
        #expect(throws: TurnoutError.self) { try PairSampling().pairs(of: (0..<4_000).map { $0 % 2 }, seed: 1) }
        var sampling = PairSampling()
        sampling.iterations = .max / 4
        #expect(throws: TurnoutError.self) { try sampling.pairs(of: [0, 1, 0, 1], seed: 1) }
    }

    // MARK: - Heads

    @Test("heads over two, three and five classes are scikit-learn's")
    func heads() throws {
        struct Case: Decodable {
            let x: [[Float]]
            let classes: [Int]
            let c: Double
            let probabilities: [[Double]]
        }
        let url = try #require(
            Bundle.module.url(forResource: "heads", withExtension: "json", subdirectory: "Fixtures/Tuning"))
        for golden in try JSONDecoder().decode([Case].self, from: Data(contentsOf: url)) {
            let x = Matrix(rows: golden.x.count, columns: 6, storage: golden.x.flatMap(\.self))
            let head = try #require(
                SoftmaxRegression.fit(
                    x, classes: golden.classes, count: golden.probabilities[0].count, inverse: golden.c))
            for (row, expected) in golden.probabilities.enumerated() {
                for (ours, theirs) in zip(head.probabilities(of: golden.x[row]), expected) {
                    #expect(abs(ours - theirs) < 1e-4)
                }
            }
        }
    }

    // MARK: - Training

    /// Texts of letters from the start of the alphabet and from its end.
    private func rows(_ count: Int, labels: [String] = ["simple", "complex"]) -> [OutcomeRow] {
        var random = SeededRandom(seed: 5)
        return (0..<count).map { i in
            let letters = Array(i % labels.count == 0 ? "abcdefg" : i % labels.count == 1 ? "tuvwxyz" : "klmnop")
            let text = (0..<6).map { _ in String(letters[random.next(below: letters.count)]) }.joined(separator: " ")
            return OutcomeRow(prompt: text, label: labels[i % labels.count], line: i + 1)
        }
    }

    private func options(_ change: (inout SetFitOptions) -> Void = { _ in }) -> SetFitOptions {
        var options = SetFitOptions(createdAt: "2026-01-01T00:00:00Z")
        options.tuning.learningRate = 2e-3
        change(&options)
        return options
    }

    private func train(_ rows: [OutcomeRow], _ options: SetFitOptions) throws -> SetFitTraining.Result {
        try SetFitTraining(TuningFixture("bert").encoder, options: options).train(OutcomeTable(rows: rows))
    }

    @Test("a router learns two kinds of text, and one file holds it and its encoder")
    func roundTrip() throws {
        let result = try train(rows(16), options { $0.classMap = [("simple", "weak"), ("complex", "strong")] })
        #expect(result.plan.pairs == 144 && result.losses.count == 9)
        #expect(result.losses[8] < result.losses[0])
        let path = NSTemporaryDirectory() + "turnout-setfit-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try RouterArtifact.save(result.router, to: path)
        let loaded = try RouterArtifact.load(named: path) { name in
            throw TurnoutError(.invalidArgument, "the encoder '\(name)' is in the file; nobody should look for it")
        }
        #expect(loaded.card.models == ["weak", "strong"] && loaded.card.encoder.name == "bert, tuned")
        for text in ["a b c d e", "z y x w", "m m m"] {
            let (before, after) = [result.router as any Router, loaded].map {
                $0.assess(text, candidates: ["weak", "strong"])
            }.pair
            #expect(before.score == after.score && before.estimates == after.estimates)
            #expect(abs(before.estimates.reduce(0) { $0 + $1.value } - 1) < 1e-9)
        }
        #expect(loaded.assess("b c a d f", candidates: ["weak", "strong"]).score < 0.5)
        #expect(loaded.assess("t x y u z", candidates: ["weak", "strong"]).score > 0.5)

        let plain = try RouterArtifact.load(path: path)
        #expect(plain.card == loaded.card)
        var damaged = try Data(contentsOf: URL(fileURLWithPath: path))
        damaged[damaged.count / 2] ^= 0x40
        try damaged.write(to: URL(fileURLWithPath: path))
        #expect(throws: TurnoutError.self) { try RouterArtifact.load(path: path) }
    }

    @Test(
        "a folder of SetFit answers as the router does, whichever head it has",
        arguments: ["logistic", "differentiable"])
    func folder(head: String) throws {
        let result = try train(rows(24, labels: ["a", "b", "c"]), options { try? $0.apply(["head=\(head)"]) })
        let path = NSTemporaryDirectory() + "turnout-setfit-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try result.folder().write(to: path)
        let classifier = try SentenceClassifier(folder: path)
        #expect(classifier.labels == ["a", "b", "c"])
        for text in ["a b c", "z y x w", "m m m"] {
            #expect(zip(classifier.classify([text])[0], result.probabilities(text)).allSatisfy { abs($0 - $1) < 1e-6 })
        }
    }

    @Test("two classes are one output in a folder of SetFit, with the same probabilities", arguments: [1, 2])
    func twoClasses(rows count: Int) throws {
        let weights = Matrix(rows: 2, columns: 2, storage: count == 1 ? [0, 0, 1, -2] : [0.5, 1, 1, -2])
        let head = SoftmaxRegression(weights: weights, bias: [count == 1 ? 0 : 0.25, -1])
        let converted = try ClassificationHead(head)
        #expect(converted.weights.rows == 1)
        let (ours, theirs) = (head.probabilities(of: [0.5, 0.25]), converted.probabilities(of: [0.5, 0.25]))
        #expect(zip(ours, theirs).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test("a folder of pooling that is called otherwise goes with a tuned encoder, and counts in the fingerprint")
    func poolingFolder() throws {
        let base = URL(fileURLWithPath: try TuningFixture("bert").folder)
        let folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(at: base, to: folder)
        try FileManager.default.moveItem(at: folder.appending(path: "1_Pooling"), to: folder.appending(path: "pool"))
        let modules = folder.appending(path: "modules.json")
        let text = try String(contentsOf: modules, encoding: .utf8)
        try text.replacing("1_Pooling", with: "pool").write(to: modules, atomically: true, encoding: .utf8)
        let pooling = folder.appending(path: "pool/config.json")
        try #"{"pooling_mode_max_tokens": true}"#.write(to: pooling, atomically: true, encoding: .utf8)

        let encoder = try TransformerEncoder(folder: folder.path)
        let fingerprint = encoder.fingerprint
        #expect(try encoder.tuned([:]).encode("a b c d") == encoder.encode("a b c d"))
        #expect(encoder.encode("a b c d") != (try TransformerEncoder(folder: base.path).encode("a b c d")))
        try #"{"pooling_mode_cls_token": true}"#.write(to: pooling, atomically: true, encoding: .utf8)
        #expect(try TransformerEncoder(folder: folder.path).fingerprint != fingerprint)
    }

    @Test("threads change nothing, the seed does")
    func determinism() throws {
        func scores(_ change: (inout SetFitOptions) -> Void) throws -> [Double] {
            let router = try train(rows(16), options(change)).router
            return ["a b", "z t u", "m k"].map { router.assess($0, candidates: ["simple", "complex"]).score }
        }
        let one = try scores { $0.threads = 1 }
        #expect(try scores { $0.threads = 2 } == one)
        #expect(try scores { $0.tuning.seed = 7 } != one)
    }

    @Test("rows are held out by class, every epoch is measured, and the card says what was")
    func heldOut() throws {
        let result = try train(
            rows(40),
            options {
                $0.heldOutShare = 0.4
                $0.tuning.epochs = 3
                $0.pairs.iterations = 2
            })
        #expect(result.plan.training == 24 && result.plan.validation == 8 && result.plan.test == 8)
        #expect(result.epochAccuracies.count == 3 && result.bestEpoch != nil)
        let accuracy = try #require(result.router.card.metrics.first { $0.name == "accuracy" })
        #expect(accuracy.value >= 0.75 && accuracy.low < accuracy.value && accuracy.high >= accuracy.value)
    }

    @Test("three classes for two models: the estimates of a model are those of its classes together")
    func classMap() throws {
        let result = try train(
            rows(24, labels: ["greeting", "proof", "recipe"]),
            options { $0.classMap = [("greeting", "weak"), ("recipe", "weak"), ("proof", "strong")] })
        let assessment = result.router.assess("a b c", candidates: ["weak", "strong"])
        let shares = result.probabilities("a b c")
        #expect(result.classes == ["greeting", "recipe", "proof"])
        #expect(abs(assessment.estimates[0].value - shares[0] - shares[1]) < 1e-12)
    }

    @Test("numbers are a ladder by size, other labels by first appearance")
    func ladder() throws {
        let numbers = try LabelledTexts(rows(9, labels: ["10", "2", "1"]), classMap: [])
        #expect(numbers.models == ["1", "2", "10"])
        #expect(try LabelledTexts(rows(4), classMap: []).models == ["simple", "complex"])
    }

    @Test("options that cannot be, or would do nothing, are refused by name")
    func impossibleOptions() throws {
        func message(_ change: (inout SetFitOptions) -> Void) -> String {
            do {
                _ = try train(rows(16), options(change))
                return ""
            } catch { return "\(error)" }
        }
        #expect(message { $0.tuning.epochs = .max }.contains("epochs are 9223372036854775807, but must be 1 to 1000"))
        #expect(message { $0.tuning.batchSize = .max }.contains("the batch size is"))
        #expect(message { $0.heldOutShare = -1 }.contains("test_size is -1.0"))
        #expect(message { $0.heldOutShare = .nan }.contains("test_size is nan"))
        #expect(message { $0.heldOutShare = 0.05 }.contains("holds out one text of 'complex'"))
        #expect(message { $0.tuning.patience = 1 }.contains("patience has no use where nothing is held out"))
        #expect(message { $0.tuning.frozenLayers = 2 }.contains("frozen_layers is 2, which is every layer"))
    }

    @Test("bad labels get a sentence that names them")
    func refusals() throws {
        func message(_ rows: [OutcomeRow], _ map: [(String, ModelID)] = []) -> String {
            do {
                _ = try train(rows, options { $0.classMap = map.map { (className: $0.0, model: $0.1) } })
                return ""
            } catch { return "\(error)" }
        }
        #expect(message([OutcomeRow(prompt: "a", line: 3)]).contains("line 3: the row has no label"))
        #expect(message(rows(4, labels: ["x"])).contains("every row has the label 'x'"))
        #expect(message(rows(4), [("simple", "weak")]).contains("label 'complex' has no model"))
        #expect(
            message(rows(4), [("simple", "a"), ("complex", "b"), ("odd", "c")]).contains("no row has the label 'odd'"))
        #expect(message(rows(4), [("simple", "a"), ("complex", "a")]).contains("every class goes to 'a'"))
        var settings = SetFitOptions(createdAt: "")
        #expect(throws: TurnoutError.self) { try settings.apply(["sampling=all"]) }
        #expect(throws: TurnoutError.self) { try settings.apply(["layers=2"]) }
        #expect(throws: TurnoutError.self) { try settings.apply(["dropout=1"]) }
        let other = #expect(throws: TurnoutError.self) { try settings.apply(["head_epochs=2"]) }
        #expect(other?.message.contains("has no use without head=differentiable") == true)
        try settings.apply(["sampling=unique", "epochs=2", "dropout=0", "iterations=5"])
        #expect(settings.pairs.strategy == .unique && settings.tuning.dropout == 0 && settings.pairs.iterations == 5)
    }
}

extension Array {
    fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
