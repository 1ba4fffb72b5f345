import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

struct TaskTrainerTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// One telling word for each task, among others that tell nothing.
    private func labels(_ perTask: Int = 8) -> String {
        TaskKind.allCases.flatMap { task in
            (0..<perTask).map { index in
                "{\"text\": \"please \(task.rawValue) item \(index) e\(String(repeating: "x", count: index % 3))\","
                    + " \"label\": \"\(task.rawValue)\", \"language\": \"\(index % 2 == 0 ? "en" : "vi")\"}"
            }
        }.joined(separator: "\n")
    }

    private func trainer(_ text: String, folds: Int = 4, threads: Int = 2) throws -> TaskTrainer {
        let file = folder.appending(path: "labels.jsonl")
        try text.write(to: file, atomically: true, encoding: .utf8)
        return try TaskTrainer(
            recipe: TaskRecipe(sources: [.init(file: file.path, licence: "MIT")], folds: folds), folders: [],
            encoder: LetterEncoder(), threads: threads)
    }

    @Test("words that tell the task are learnt, and the report is of prompts held out")
    func learns() throws {
        let result = try trainer(labels()).train(createdAt: "2026-01-01T00:00:00Z")
        #expect(result.rows == 64)
        let report = try #require(result.heldOut.first)
        #expect(report.answers.count == 64)
        #expect(report.accuracy.value > 0.95)
        #expect(report.majorityAccuracy.value == 0.125)
        #expect(report.confusion.map { $0.reduce(0, +) } == [Int](repeating: 8, count: 8))
        #expect(result.heldOut.map(\.name) == ["labels.jsonl", "labels.jsonl en", "labels.jsonl vi"])
        #expect(result.classifier.classify("please translation item 99").task == .translation)
        #expect(result.classifier.card.kind == "tasks")
        #expect(result.classifier.card.sources.first?.licence == "MIT")
    }

    @Test("the same data give the same classifier on one thread or two")
    func deterministic() throws {
        var files: [Data] = []
        for threads in [1, 2] {
            let path = folder.appending(path: "\(threads).safetensors")
            try trainer(labels(), threads: threads).train(createdAt: "2026-01-01T00:00:00Z").classifier.save(
                to: path.path)
            files.append(try Data(contentsOf: path))
        }
        #expect(files[0] == files[1])
    }

    @Test(
        "bad labels are refused in one sentence",
        arguments: [
            ("{\"text\": \"a\", \"label\": \"poem\"}", "label 'poem' is not a task"),
            ("{\"text\": \"a\", \"label\": \"chat\"}", "classification"),
            ("{\"text\": \"a\"}", "line 1"),
        ])
    func refused(text: String, words: String) throws {
        let error = try #require(throws: TurnoutError.self) { try trainer(text) }
        #expect(error.message.contains(words), "\(error.message)")
    }

    @Test("a recipe with an unknown key or task is refused by name")
    func recipe() throws {
        let file = folder.appending(path: "recipe.json")
        func refusal(_ sources: String) throws -> String {
            try """
            {"router": "tasks", "encoder": "static", "seed": 0, "folds": 2, "penalty": 1, "wordPenalty": 1, "sources": \
            \(sources)}
            """.write(to: file, atomically: true, encoding: .utf8)
            return try #require(throws: TurnoutError.self) { try TaskRecipe(path: file.path) }.message
        }
        #expect(try refusal("[{\"file\": \"a\", \"colour\": 1}]").contains("colour"))
        #expect(try refusal("[{\"file\": \"a\", \"task\": \"cooking\"}]").contains("task"))
        #expect(try refusal("[]").contains("names no file"))
    }

    @Test("prompts that were learnt from are left out of the tests")
    func tests() throws {
        let file = folder.appending(path: "labels.jsonl")
        try labels().write(to: file, atomically: true, encoding: .utf8)
        let other = folder.appending(path: "tests.jsonl")
        try (labels() + "\n{\"text\": \"please chat more\", \"label\": \"small talk\"}")
            .write(to: other, atomically: true, encoding: .utf8)
        var recipe = try TaskRecipe(sources: [.init(file: "labels.jsonl")], folds: 2)
        recipe.tests = [.init(file: "tests.jsonl")]
        recipe.tests?[0].labels = ["small talk": .chat, "code": .code]
        let result = try TaskTrainer(recipe: recipe, folders: [folder.path], encoder: LetterEncoder())
            .train(createdAt: "2026-01-01T00:00:00Z")
        #expect(result.tests.map(\.answers.count) == [1])
    }
}
