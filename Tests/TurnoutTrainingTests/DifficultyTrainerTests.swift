import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

@Suite("Training a difficulty router")
struct DifficultyTrainerTests {
    /// A folder with two sources of outcomes, one of labels, and a recipe.
    private final class Workplace {
        let folder: URL
        var recipe: URL { folder.appendingPathComponent("recipe.json") }

        init() throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("turnout-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (name, seed) in [("one.jsonl", 1), ("two.jsonl", 2)] {
                let lines = madeUpRows(200, seed: UInt64(seed)).map { row in
                    #"{"prompt": "\#(row.prompt) of \#(name)", "scores": {"weak": \#(row.scores["weak"] ?? 0), "strong": \#(row.scores["strong"] ?? 0)}}"#
                }
                try write(name, lines.joined(separator: "\n"))
            }
            try write(
                "labels.jsonl",
                (0..<40).map {
                    #"{"text": "label \#($0) \#($0 % 2 == 0 ? "" : "xxxxx")", "label": "\#($0 % 2 == 0 ? "low" : "high")"}"#
                }
                .joined(separator: "\n"))
            try write("recipe.json", Self.json())
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        static func json(extra: String = "") -> String {
            """
            {"router": "difficulty", "encoder": "static", "seed": 1, "folds": 3, "penalty": 10, "gapShare": 0.3,
             "quadratic": false, \(extra) "sources": [
              {"file": "one.jsonl", "licence": "MIT"}, {"file": "two.jsonl", "licence": "Apache-2.0"},
              {"file": "labels.jsonl", "licence": "MIT", "labels": {"low": -1, "high": 1}, "weight": 2}]}
            """
        }

        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }

        func trainer() throws -> DifficultyTrainer {
            try DifficultyTrainer(
                recipe: TrainingRecipe(path: recipe.path), folders: [folder.path], encoder: LetterEncoder())
        }
    }

    @Test("it orders prompts by difficulty for models it has never met")
    func orders() throws {
        let place = try Workplace()
        let result = try place.trainer().train(createdAt: "2026-01-01T00:00:00Z")
        let scores = ["label 10 ", "label 10 xxx", "label 10 xxxxx"].map {
            result.router.assess($0, candidates: ["a", "b"]).score
        }
        #expect(scores[0] < scores[1] && scores[1] < scores[2])
        let estimates = result.router.assess("label 10 xx", candidates: ["a", "b"]).estimates
        #expect(estimates[0].value < estimates[1].value)
        #expect(result.router.card.sources.map(\.licence) == ["MIT", "Apache-2.0", "MIT"])
        #expect(result.rows == 440)
        #expect(result.router.card.metrics.map(\.name) == ["auc:labels.jsonl"])
    }

    @Test("leaving each source out gives figures beside length, chance and the oracle")
    func leaveOneOut() throws {
        let figures = try Workplace().trainer().leaveOneSourceOut(resamples: 50)
        #expect(figures.map(\.file) == ["one.jsonl", "one.jsonl", "two.jsonl", "two.jsonl"])
        let apgr = try #require(figures[0].metrics.first { $0.name == "apgr" })
        #expect(figures[0].weak == "weak" && apgr.value > 0.55)
    }

    @Test("prompts of the source left out are removed from the others, by text and by question")
    func removal() throws {
        let place = try Workplace()
        let shared = (0..<30).map {
            #"{"prompt": "Shared \#($0)\nA. yes\nB. no", "scores": {"weak": \#($0 % 2), "strong": 1}}"#
        }
        let lettered = shared.map {
            $0.replacingOccurrences(of: "A. yes", with: "A. no").replacingOccurrences(
                of: "\"strong\": 1", with: "\"strong\": 0, \"third\": 1")
        }
        let plain = madeUpRows(60, seed: 3).map {
            #"{"prompt": "\#($0.prompt) three", "scores": {"weak": \#($0.scores["weak"] ?? 0), "strong": 1}}"#
        }
        try place.write("one.jsonl", (shared + plain).joined(separator: "\n"))
        try place.write(
            "two.jsonl",
            (lettered + plain.map { $0.replacingOccurrences(of: "three", with: "four") }).joined(separator: "\n"))
        let figures = try place.trainer().leaveOneSourceOut(resamples: 20).filter { $0.file == "one.jsonl" }
        #expect(figures.map(\.removed) == [0, 30])
    }

    @Test("a recipe trains to the same bytes twice")
    func deterministic() throws {
        let place = try Workplace()
        let files = ["a", "b"].map { place.folder.appendingPathComponent($0 + ".safetensors") }
        for file in files {
            try RouterArtifact.save(try place.trainer().train(createdAt: "2026-01-01T00:00:00Z").router, to: file.path)
        }
        #expect(try Data(contentsOf: files[0]) == Data(contentsOf: files[1]))
    }

    @Test(
        "a recipe that is wrong is refused by the name of the key",
        arguments: [
            ("\"rooter\": 1,", "rooter"), ("\"folds\": 1,", "folds"),
        ])
    func refused(extra: String, key: String) throws {
        let place = try Workplace()
        var text = Workplace.json(extra: extra)
        if key == "folds" { text = text.replacingOccurrences(of: "\"folds\": 3, ", with: "") }
        try place.write("recipe.json", text)
        #expect {
            try TrainingRecipe(path: place.recipe.path)
        } throws: { "\($0)".contains(key) }
    }

    @Test("a file that is nowhere and a label without difficulty are named")
    func missing() throws {
        let place = try Workplace()
        try place.write("labels.jsonl", #"{"text": "x", "label": "unheard-of"}"#)
        #expect { try place.trainer() } throws: { "\($0)".contains("unheard-of") }
        try FileManager.default.removeItem(at: place.folder.appendingPathComponent("two.jsonl"))
        #expect { try place.trainer() } throws: { "\($0)".contains("two.jsonl") }
    }
}

/// Where the development data lies: `TURNOUT_DATA`, or `../shared/data` beside the package.
private let dataFolder: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let folder =
        ProcessInfo.processInfo.environment["TURNOUT_DATA"]
        ?? root.deletingLastPathComponent().appendingPathComponent("shared/data").path
    return FileManager.default.fileExists(atPath: folder + "/routellm_gsm8k.jsonl.gz") ? folder : nil
}()

@Suite("On the development data")
struct DevelopmentDataTests {
    @Test(
        "GSM8K in random folds is routed better than at random",
        .enabled(if: dataFolder != nil, "set TURNOUT_DATA to the folder of the development data to run this"))
    func gsm8k() throws {
        let folder = try #require(dataFolder)
        var reader = OutcomeReader.Options()
        reader.exclude = ["contaminated"]
        let table = try OutcomeTable(paths: [folder + "/routellm_gsm8k.jsonl.gz"], options: reader)
        var options = RouterTraining.Options(encoder: try StaticEncoder.embedded(), createdAt: "2026-01-01T00:00:00Z")
        options.resamples = 200
        let card = try RouterTraining(RouterTrainers.trainer("linear"), options: options).train(table).router.card
        let apgr = try #require(card.metrics.first { $0.name == "apgr" })
        #expect(apgr.low > 0.5)
    }
}
