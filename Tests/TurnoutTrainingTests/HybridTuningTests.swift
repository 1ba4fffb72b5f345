import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting

@testable import TurnoutTraining

@Suite("Hybrid routers that tune their encoder")
struct HybridTuningTests {
    private static let pair: [ModelID] = ["small", "large"]

    /// Texts of letters; the more of them are from the end of the alphabet, the worse the small model's five samples.
    private static func rows(_ count: Int) -> [OutcomeRow] {
        var random = SeededRandom(seed: 11)
        return (0..<count).map { index in
            let late = random.next(below: 7)
            let letters = (0..<6).map { place in
                let of = Array(place < late ? "tuvwxyz" : "abcdefg")
                return String(of[random.next(below: of.count)])
            }
            let small = (0..<5).map { _ in 0.9 - 0.12 * Double(late) + 0.2 * random.uniform() }
            let large = (0..<5).map { _ in 0.8 + 0.2 * random.uniform() }
            var row = OutcomeRow(
                prompt: letters.joined(separator: " "),
                scores: ["small": small.reduce(0, +) / 5, "large": large.reduce(0, +) / 5], line: index + 1)
            row.samples = ["small": small, "large": large]
            return row
        }
    }

    private static func options(_ labels: HybridLabels.Kind) -> PairTuning.Options {
        var options = PairTuning.Options(.hybrid(labels), createdAt: "2026-01-01T00:00:00Z")
        options.tuning.learningRate = 1e-2
        (options.resamples, options.threads) = (20, 2)
        return options
    }

    private static func train(
        _ encoder: String = "bert", _ options: PairTuning.Options, rows count: Int = 120,
        report: (TuningEvent) -> Void = { _ in }
    ) throws -> PairTuning.Result {
        try PairTuning(TuningFixture(encoder).encoder, options: options).train(
            OutcomeTable(rows: rows(count)), report: report)
    }

    private static func bytes(_ result: PairTuning.Result) throws -> Data {
        let path = NSTemporaryDirectory() + "turnout-hybrid-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try RouterArtifact.save(result.router, to: path)
        return try Data(contentsOf: URL(fileURLWithPath: path))
    }

    @Test(
        "soft labels of every kind are learnt through the transformer, and one file holds head and encoder",
        arguments: zip(["bert", "deberta-v3", "roberta"], HybridLabels.Kind.allCases))
    func roundTrip(_ family: String, _ labels: HybridLabels.Kind) throws {
        var options = Self.options(labels)
        options.tuning.epochs = 8
        let result = try Self.train(family, options, rows: 160)
        #expect(result.plan.training == 120 && result.plan.validation == 20 && result.plan.test == 20)
        #expect(result.plan.measure == "log-likelihood" && result.losses.count == 64)
        let path = NSTemporaryDirectory() + "turnout-hybrid-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try RouterArtifact.save(result.router, to: path)
        let loaded = try RouterArtifact.load(named: path) { name in
            throw TurnoutError(.invalidArgument, "the encoder '\(name)' is in the file; nobody should look for it")
        }
        #expect(loaded.card.kind == "hybrid" && loaded.card.models == Self.pair)
        let notes = loaded.card.notes
        #expect(notes.contains("Labels: \(labels.rawValue), t* = ") && notes.contains("20 others chose the epoch"))
        for text in ["a b c d e", "z y x w", ""] {
            let (before, after) = (
                result.router.assess(text, candidates: Self.pair), loaded.assess(text, candidates: Self.pair)
            )
            #expect(before.score == after.score && after.estimates[1].value == 1)
            #expect(abs(after.score - 1 + after.estimates[0].value) < 1e-12)
        }
        let easy = loaded.assess("a c b d f e", candidates: Self.pair).estimates[0].value
        let hard = loaded.assess("t x y u z w", candidates: Self.pair).estimates[0].value
        #expect(easy > hard + 0.3, "\(easy) \(hard)")
    }

    @Test("the epoch that held-out labels speak for is kept, not the last one")
    func bestEpoch() throws {
        var options = Self.options(.probabilistic)
        (options.tuning.learningRate, options.tuning.epochs) = (0.2, 6)
        let lesson = try PairLesson(.hybrid(.probabilistic), OutcomeTable(rows: Self.rows(120)), models: Self.pair)
        let parts = try lesson.parts(seed: 1, tests: false)
        let fit = try PairTuning(TuningFixture("bert").encoder, options: options).fit(lesson, parts) { _ in }
        let (scores, best) = (fit.record.scores, try #require(fit.record.bestEpoch))
        #expect(scores.count == 6 && scores[best] == scores.max())
        #expect(
            scores[best] > scores[5] + 0.01, "a rate that overshoots, so that the last epoch is not the best: \(scores)"
        )
        let chances = fit.estimates(of: parts.validation.map { lesson.rows[$0].prompt }).map { $0[0] }
        let logarithms = zip(parts.validation, chances).map { row, chance in
            let label = Double(lesson.targets[row, 0])
            return label * log(chance) + (1 - label) * log(1 - chance)
        }
        #expect(abs(logarithms.reduce(0, +) / Double(logarithms.count) - scores[best]) < 1e-3, "its weights are stored")
    }

    @Test("threads change nothing, and a run that is taken up again ends at the same file")
    func determinism() throws {
        var options = Self.options(.transformed)
        let whole = try Self.bytes(Self.train("bert", options))
        options.threads = 1
        let path = NSTemporaryDirectory() + "turnout-hybrid-\(UUID().uuidString).state"
        defer { try? FileManager.default.removeItem(atPath: path) }
        options.checkpoint = CheckpointPlan(path: path, everySteps: 12)
        #expect(try Self.bytes(Self.train("bert", options)) == whole)
        var steps: [Int] = []
        let resumed = try Self.train("bert", options) { if case .step(let p) = $0 { steps.append(p.step) } }
        #expect(steps == [25], "the state of step 24 was there")
        #expect(try Self.bytes(resumed) == whole)
        options.kind = .hybrid(.deterministic)
        let other = #expect(throws: TurnoutError.self) { try Self.train("bert", options) }
        #expect(other?.message.contains("another run") == true, "other labels are another run")
    }

    private struct Figures: Decodable {
        struct Router: Decodable { let drops: [Interval] }
        let routers: [Router], random_drops: [Double]
    }

    @Test("the experiment tunes a router for each kind of label, on the prompts that others get too")
    func experiment() throws {
        var frozen = RouterTraining.Options(encoder: LetterEncoder(), createdAt: "")
        (frozen.threads, frozen.resamples) = (2, 20)
        var options = Self.options(.transformed)
        options.tuning.epochs = 8
        let tuning = PairTuning(try TuningFixture("bert").encoder, options: options)
        var plans: [HybridLabels.Kind] = []
        let report = try HybridExperiment(options: frozen, tuning: tuning, mostDrop: 5).run(
            OutcomeTable(rows: Self.rows(200))
        ) { kind, event in
            if case .planned(let plan) = event {
                plans.append(kind)
                #expect(plan.training == 80 && plan.validation == 20 && plan.test == 0)
            }
        }
        #expect(plans == HybridLabels.Kind.allCases)
        let header = "100 to train on, 50 to choose thresholds on, 50 to test on; 5 samples a model"
        #expect(report.text().contains(header))
        let figures = try JSONDecoder().decode(Figures.self, from: Data(report.json().utf8))
        let half = DropCurve.advantages.count / 2
        #expect(figures.routers.allSatisfy { $0.drops[half].value < 0.8 * figures.random_drops[half] })
        let other = try HybridExperiment(options: frozen, mostDrop: 5).run(OutcomeTable(rows: Self.rows(200)))
        #expect(report.text().components(separatedBy: "\n")[0] == other.text().components(separatedBy: "\n")[0])
    }

    @Test("kinds whose labels are the same share one tuning")
    func sharedTuning() throws {
        var frozen = RouterTraining.Options(encoder: LetterEncoder(), createdAt: "")
        (frozen.threads, frozen.resamples) = (2, 20)
        let tuning = PairTuning(try TuningFixture("bert").encoder, options: Self.options(.transformed))
        let rows = Self.rows(200).map { row in
            var graded = row
            graded.scores = row.scores.mapValues { $0.rounded() }
            graded.samples = [:]
            return graded
        }
        var plans: [HybridLabels.Kind] = []
        let report = try HybridExperiment(options: frozen, tuning: tuning).run(OutcomeTable(rows: rows)) {
            kind, event in
            if case .planned = event { plans.append(kind) }
        }
        #expect(plans == [.deterministic])
        let routers = try JSONDecoder().decode(Figures.self, from: Data(report.json().utf8)).routers
        #expect(routers.count == 3 && routers.allSatisfy { $0.drops == routers[0].drops })
    }

    @Test("settings say whether the encoder is tuned; too few prompts and a damaged head are refused with a sentence")
    func refusals() throws {
        func read(_ settings: [String]) throws -> PairTuning.Options? {
            try PairTuning.Options(router: "hybrid", settings: settings, createdAt: "")
        }
        let untuned = [try read([]), try read(["labels=probabilistic", "tune=false"])]
        #expect(untuned.allSatisfy { $0 == nil })
        let own = try #require(try read(["tune=true", "labels=deterministic", "epochs=2", "steps=9"]))
        #expect(own.kind == .hybrid(.deterministic) && own.tuning.epochs == 2 && own.tuning.maximalSteps == 9)
        let standard = try #require(try read(["tune=true"]))
        #expect(standard.kind == .hybrid(.transformed) && standard.tuning.epochs == 5)
        #expect(standard.tuning.maximalSteps == nil)
        #expect(throws: TurnoutError.self) { try read(["tune=true", "least_penalty=1"]) }
        let folds = #expect(throws: TurnoutError.self) {
            try RouterTrainers.trainer("hybrid", settings: ["tune=true"])
        }
        #expect(folds?.message.contains("does not learn in folds") == true)
        let few = #expect(throws: TurnoutError.self) { try Self.train("bert", Self.options(.transformed), rows: 50) }
        #expect(few?.message.contains("at least 60 are needed, of which 40 are held out") == true)

        let result = try Self.train("bert", Self.options(.probabilistic), rows: 60)
        var file = SafetensorsBuilder()
        try result.router.store(in: &file)
        file.metadata["activation"] = "cube"
        let stored = try SafetensorsFile(bytes: file.serialized(), name: "x")
        let damaged = #expect(throws: TurnoutError.self) {
            try HybridEstimator(card: result.router.card, file: stored, encoder: TuningFixture("bert").encoder)
        }
        #expect(damaged?.code == .damagedFile && damaged?.message.contains("cube") == true)
    }
}
