import Foundation
import Testing

/// Replays policies on outcomes written here: sums are easy for both models, proofs only for the strong one.
struct ReplayCommandTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let rows = (0..<120).map { index in
            let hard = index % 2 == 0
            let prompt =
                hard ? "Prove lemma \(index) on compact sets by contradiction." : "What is \(index) plus \(index * 7)?"
            return """
                {"prompt": "\(prompt)", "scores": {"weak": \(hard ? 0 : 1), "strong": \(index % 40 == 2 ? 0 : 1)}, \
                "output_chars": {"weak": 200, "strong": 300}}
                """
        }
        try rows.joined(separator: "\n").write(
            to: folder.appending(path: "outcomes.jsonl"), atomically: true, encoding: .utf8)
    }

    private func replay(_ options: String) async throws -> TurnoutProcess.Result {
        try await TurnoutProcess.run(
            shell: "turnout replay --quiet --resamples 40 --data outcomes.jsonl \(options)", in: folder)
    }

    @Test("policies are shown at their settings, over all settings beside baselines, as JSON and drawn")
    func shown() async throws {
        let prices = "--price weak=0.1,0.2 --price strong=1,5"
        let text = try await replay(
            "\(prices) --policy cheapest_above=0.5 --policy target_quality=0.95 --svg curves.svg")
        #expect(text.status == 0, "\(text.standardError)")
        let lines = text.standardOutput.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.first == "120 prompts, 2 models")
        #expect(lines.contains("cheapest_above: 0.5") && lines.contains("  weak 50 %, strong 50 %"))
        #expect(text.standardOutput.contains("best single model: strong, quality 0.975 ["))
        #expect(lines.contains { $0.hasPrefix("    single models, mixed at random") })
        #expect(try String(contentsOf: folder.appending(path: "curves.svg"), encoding: .utf8).hasPrefix("<svg"))
        let json = try await replay("\(prices) --policy lambda=100 --budget 0.2 --json")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.standardOutput.utf8)) as? [String: Any])
        #expect((object["budgets"] as? [Any])?.count == 40, "five orders, four ways to arrive, two days")
        let sweeps = (object["sweeps"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
        #expect(sweeps == ["lambda", "shuffled", "hull", "oracle"])
    }

    @Test(
        "what cannot be replayed is refused in a sentence",
        arguments: [
            ("--policy x=1", 2, "a policy reads NAME=VALUE"),
            ("--policy lambda=1", 3, "what calls cost is not known"),
            ("--budget 0", 2, "more than zero"),
            ("--policy lambda=1 --train matrix-factorisation", 2, "choose linear, knn or ensemble"),
        ] as [(String, Int32, String)])
    func refused(options: String, status: Int32, message: String) async throws {
        let result = try await replay(options)
        #expect(result.status == status, "\(result.standardError)")
        #expect(result.standardError.contains(message), "\(result.standardError)")
    }
}
