import Foundation
import Testing

/// A transformer with random weights learns battles, from the command line.
struct ClassifierCommandTests {
    private let folder: URL
    private let encoder = DocumentationTests.root.appending(path: "Tests/TurnoutTrainingTests/Fixtures/Tuning/bert")
        .path

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let rows = (0..<120).map { i in
            let letters = Array(i % 2 == 0 ? "abcdefg" : "tuvwxyz")
            var number = i * 97 + 13  // its digits to the base of 7: no two texts are the same
            let text = (0..<6).map { _ in
                defer { number /= 7 }
                return String(letters[number % 7])
            }.joined(separator: " ")
            return "{\"prompt\": \"\(text)\", \"scores\": {\"weak\": \(i % 2 == 0 ? 1 : 0), \"strong\": 1}}"
        }
        try rows.joined(separator: "\n").write(
            to: folder.appending(path: "outcomes.jsonl"), atomically: true, encoding: .utf8)
    }

    private func run(_ command: String) async throws -> (status: Int32, output: String, error: String) {
        let result = try await TurnoutProcess.run(shell: "cd '\(folder.path)' && \(command)")
        return (result.status, result.standardOutput, result.standardError)
    }

    @Test("outcomes become a router in one file, which routes without the encoder's folder")
    func trains() async throws {
        let trained = try await run(
            """
            turnout train --router classifier --data outcomes.jsonl --models weak,strong --encoder '\(encoder)' \
            --set learning_rate=0.01 --set epochs=12 --checkpoint state --svg loss.svg -o battles.safetensors
            """)
        #expect(trained.status == 0, "\(trained.error)")
        #expect(trained.error.contains("100 texts (and 20 held out), 84 steps; up to "))
        #expect(trained.output.contains("classifier router on 120 rows") && trained.output.contains("84 steps, loss "))
        let easy = try await run("turnout route --router battles.safetensors --threshold 0.5 'a c d e f'")
        let hard = try await run("turnout route --router battles.safetensors --threshold 0.5 't z u v x'")
        #expect(easy.output.hasPrefix("weak") && hard.output.hasPrefix("strong"), "\(easy) \(hard)")
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "loss.svg").path))
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "state").path))
    }

    @Test("a static encoder, options of other kinds and bad settings are refused with a sentence")
    func refusals() async throws {
        for (arguments, status, word) in [
            ("--data outcomes.jsonl", 2, "tunes a transformer"),
            ("--data outcomes.jsonl --folds 3", 2, "tenths of the prompts"),
            ("--data outcomes.jsonl --class-map a=b", 2, "setfit"),
            ("--data outcomes.jsonl --set layers=3", 2, "no setting 'layers'"),
            ("", 2, "--data is missing"),
        ] as [(String, Int32, String)] {
            let refused = try await run("turnout train --router classifier \(arguments) -o x.safetensors")
            #expect(refused.status == status && refused.error.contains(word), "\(arguments): \(refused)")
        }
    }
}
