import Foundation
import Testing

/// Trains on outcomes written here: sums are easy for both models, proofs only for the strong one.
struct TrainCommandTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func outcomes(_ count: Int = 120) -> String {
        (0..<count).map { index in
            let hard = index % 2 == 0
            let lucky = index % 12 == 0 || index % 14 == 1
            let prompt =
                hard ? "Prove lemma \(index) on compact sets by contradiction." : "What is \(index) plus \(index * 7)?"
            let weak = hard == lucky ? 1 : 0
            return
                "{\"prompt\": \"\(prompt)\", \"scores\": {\"weak\": \(weak), \"strong\": \(index % 10 == 3 ? 0 : 1)}}"
        }.joined(separator: "\n")
    }

    private func write(_ text: String, as name: String) throws -> String {
        let file = folder.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    @Test("from outcomes to a routed prompt")
    func loop() async throws {
        let data = try write(outcomes(), as: "outcomes.jsonl")
        let artifact = folder.appending(path: "mine.safetensors").path
        let trained = try await TurnoutProcess.run(
            shell: "turnout train --router linear --data '\(data)' --models weak,strong -o '\(artifact)' --json --quiet"
        )
        #expect(trained.status == 0, "\(trained.standardError)")
        let summary = try #require(
            try JSONSerialization.jsonObject(with: Data(trained.standardOutput.utf8)) as? [String: Any])
        for key in ["artifact", "router", "encoder", "models", "rows", "seconds", "metrics"] {
            #expect(summary[key] != nil, "\(key)")
        }
        #expect(summary["rows"] as? Int == 120)
        for (prompt, model) in [("What is 40 plus 2?", "weak"), ("Prove the lemma on compact sets.", "strong")] {
            let routed = try await TurnoutProcess.run(shell: "turnout route --router '\(artifact)' '\(prompt)'")
            #expect(routed.standardOutput.hasPrefix(model), "\(routed.standardOutput)\(routed.standardError)")
        }
    }

    @Test("the same data and seed give the same file but for its date, on one thread or two")
    func deterministic() async throws {
        let data = try write(outcomes(60), as: "outcomes.jsonl")
        var files: [String] = []
        for threads in ["1", "2"] {
            let path = folder.appending(path: "\(threads).safetensors")
            let result = try await TurnoutProcess.run(
                shell: "turnout train --data '\(data)' -o '\(path.path)' --threads \(threads) --quiet")
            #expect(result.status == 0, "\(result.standardError)")
            let text = try #require(String(data: Data(contentsOf: path), encoding: .isoLatin1))
            files.append(text.replacing(/createdAt\\":\\"[^\\]*/, with: ""))
        }
        #expect(files[0] == files[1])
    }

    @Test(
        "bad data is refused in one sentence with its place",
        arguments: [
            ("", "no rows"),
            ("{\"prompt\": \"a\", \"scores\": {\"weak\": 1, \"strong\": 0}}\nnonsense", "line 2"),
            ("{\"prompt\": \"a\", \"scores\": {\"weak\": 1, \"strong\": 0}}", "1 distinct"),
            ("{\"prompt\": \"a\", \"scores\": {\"weak\": \"high\"}}", "line 1"),
        ])
    func badData(text: String, words: String) async throws {
        let data = try write(text, as: "bad.jsonl")
        let result = try await TurnoutProcess.run(
            shell: "turnout train --data '\(data)' --models weak,strong -o '\(folder.path)/out.safetensors' --quiet")
        #expect(result.status == 3, "\(result.standardError)")
        #expect(result.standardError.contains(words), "\(result.standardError)")
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "out.safetensors").path))
    }

    @Test("a model that the data does not have, and a file that is not there, are named")
    func missing() async throws {
        let data = try write(outcomes(), as: "outcomes.jsonl")
        let stranger = try await TurnoutProcess.run(
            shell: "turnout train --data '\(data)' --models weak,nobody -o x --quiet", in: folder)
        #expect(stranger.status == 2)
        #expect(stranger.standardError.contains("nobody"))
        let absent = try await TurnoutProcess.run(shell: "turnout train --data absent.jsonl -o x --quiet", in: folder)
        #expect(absent.status == 3)
        #expect(absent.standardError.contains("absent.jsonl"))
    }
}
