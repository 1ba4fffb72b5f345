import Foundation
import Testing

/// A transformer with random weights learns when a small model suffices, from the command line.
struct HybridCommandTests {
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
            let small = i % 2 == 0 ? "[0.9, 1, 0.8]" : "[0.1, 0.3, 0.2]"
            return "{\"prompt\": \"\(text)\", \"scores\": {\"small\": \(small), \"large\": [0.9, 0.8, 0.9]}}"
        }
        try rows.joined(separator: "\n").write(
            to: folder.appending(path: "outcomes.jsonl"), atomically: true, encoding: .utf8)
    }

    private func run(_ command: String) async throws -> (status: Int32, output: String, error: String) {
        let result = try await TurnoutProcess.run(shell: "cd '\(folder.path)' && \(command)")
        return (result.status, result.standardOutput, result.standardError)
    }

    @Test("with tune=true sampled outcomes become a router in one file, which routes without the encoder's folder")
    func trains() async throws {
        let trained = try await run(
            """
            turnout train --router hybrid --set tune=true --data outcomes.jsonl --models small,large \
            --encoder '\(encoder)' --set learning_rate=0.01 --checkpoint state --svg loss.svg -o hybrid.safetensors
            """)
        #expect(trained.status == 0, "\(trained.error)")
        #expect(trained.error.contains("80 texts (and 40 held out), 25 steps; up to "))
        #expect(trained.error.contains("log-likelihood -0."))
        #expect(trained.output.contains("hybrid router on 120 rows") && trained.output.contains(", epoch "))
        let easy = try await run("turnout route --router hybrid.safetensors --threshold 0.5 'a c d e f'")
        let hard = try await run("turnout route --router hybrid.safetensors --threshold 0.5 't z u v x'")
        #expect(easy.output.hasPrefix("small") && hard.output.hasPrefix("large"), "\(easy) \(hard)")
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "loss.svg").path))
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "state").path))
    }

    @Test("the paper's figure is drawn with an encoder that is tuned for each kind of label")
    func figure() async throws {
        let drawn = try await run(
            """
            turnout hybrid --set tune=true --set learning_rate=0.01 --set epochs=2 --data outcomes.jsonl \
            --models small,large --encoder '\(encoder)' --resamples 20 --svg drop.svg
            """)
        #expect(drawn.output.contains("60 to train on, 30 to choose thresholds on, 30 to test on"), "\(drawn.error)")
        #expect(drawn.error.components(separatedBy: "40 texts (and 20 held out), 6 steps").count == 4)
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "drop.svg").path))
    }

    @Test("a static encoder, settings of the other kind and options without use are refused with a sentence")
    func refusals() async throws {
        for (arguments, word) in [
            ("train --router hybrid --set tune=true -o x.safetensors", "tunes a transformer"),
            ("train --router hybrid --set tune=true --folds 3 -o x.safetensors", "tenths"),
            ("train --router hybrid --set tune=perhaps -o x.safetensors", "true or false"),
            ("train --router hybrid --set tune=true --set least_penalty=1 -o x.safetensors", "no setting"),
            ("train --router hybrid --svg loss.svg -o x.safetensors", "tune=true"),
            ("hybrid --set tune=true", "tunes a transformer"),
            ("hybrid --set tune=true --set labels=transformed", "each kind of label"),
            ("hybrid --set epochs=3", "tune=true"),
        ] {
            let refused = try await run("turnout \(arguments) --data outcomes.jsonl")
            #expect(refused.status == 2 && refused.error.contains(word), "\(arguments): \(refused)")
        }
    }
}
