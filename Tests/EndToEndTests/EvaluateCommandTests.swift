import Foundation
import Testing

/// Compares routers on outcomes written here: sums are easy for both models, proofs only for the strong one.
struct EvaluateCommandTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func outcomes(_ count: Int = 120) -> String {
        (0..<count).map { index in
            let hard = index % 2 == 0
            let prompt =
                hard ? "Prove lemma \(index) on compact sets by contradiction." : "What is \(index) plus \(index * 7)?"
            let weak = hard == (index % 12 == 0 || index % 14 == 1) ? 1 : 0
            let strong = index % 10 == 3 ? 0 : 1
            return """
                {"prompt": "\(prompt)", "scores": {"weak": \(weak), "strong": \(strong)}, "subject": "s\(index / 12)", \
                "tokens": {"weak": [20, 50], "strong": [20, 80]}}
                """
        }.joined(separator: "\n")
    }

    private func write(_ text: String, as name: String) throws -> String {
        try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
        return name
    }

    private func evaluate(_ options: String) async throws -> TurnoutProcess.Result {
        try await TurnoutProcess.run(shell: "turnout evaluate --quiet --resamples 60 \(options)", in: folder)
    }

    @Test("a trained and a stored router are compared, in text, JSON, a page and a picture")
    func compared() async throws {
        let data = try write(outcomes(), as: "outcomes.jsonl")
        let trained = try await TurnoutProcess.run(
            shell: "turnout train --data \(data) -o mine.safetensors --quiet", in: folder)
        #expect(trained.status == 0, "\(trained.standardError)")
        let result = try await evaluate(
            """
            --data \(data) --router mine.safetensors --router default --train linear --price weak=0.1,0.2 \
            --price strong=1,5 --json --report page.html --svg curve.svg
            """)
        #expect(result.status == 0, "\(result.standardError)")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.standardOutput.utf8)) as? [String: Any])
        let names = (object["routers"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
        #expect(names == ["mine", "default", "linear"])
        #expect(object["worth_routing"] as? Bool == true)
        let notes = try #require(object["notes"] as? [String])
        #expect(notes.contains { $0.contains("mine was trained on outcomes.jsonl") })
        let page = try String(contentsOf: folder.appending(path: "page.html"), encoding: .utf8)
        #expect(page.hasPrefix("<!doctype html>") && page.contains("Dollars per 1,000 prompts"))
        #expect(try String(contentsOf: folder.appending(path: "curve.svg"), encoding: .utf8).hasPrefix("<svg"))
        let text = try await evaluate("--data \(data) --train linear --group-by subject --folds 4")
        #expect(text.status == 0, "\(text.standardError)")
        #expect(text.standardOutput.contains("10 whole groups") && text.standardOutput.contains("APGR"))
    }

    @Test("a test file keeps its prompts out of training")
    func transfer() async throws {
        let data = try write(outcomes(160), as: "many.jsonl")
        let test = try write(outcomes(60), as: "few.jsonl")
        let result = try await evaluate("--data \(data) --train linear --test \(test)")
        #expect(result.status == 0, "\(result.standardError)")
        #expect(result.standardOutput.contains("Trained on 100 prompts; 60 that stand in the test data were removed"))
        let nothing = try await evaluate("--data \(test) --train linear --test \(data)")
        #expect(nothing.status == 3)
        #expect(nothing.standardError.contains("nothing is left to train on"))
    }

    @Test(
        "bad data is refused in a sentence",
        arguments: [
            ("", "no rows"),
            ("{\"prompt\": \"a\", \"scores\": {\"weak\": 1, \"strong\": 0}}", "20 are the least"),
            ("{\"prompt\": \"a\", \"scores\": {\"weak\": 1}}", "one model only"),
            ("{\"prompt\": \"a\", \"label\": \"x\"}", "no row has scores"),
        ])
    func badData(text: String, words: String) async throws {
        let result = try await evaluate("--data \(try write(text, as: "bad.jsonl"))")
        #expect(result.status == 3)
        #expect(result.standardError.contains(words), "\(result.standardError)")
    }

    @Test(
        "options that do not fit together are refused before anything is read",
        arguments: [
            ("", "--data is missing"), ("--data x --test y", "--test is for"),
            ("--data x --train linear --test y --folds 3", "no use with --test"),
            ("--data x --show-prompts", "--report"),
            ("--data x --train sorcery", "sorcery"), ("--data x --set a=1", "--set"), ("--data x --price weak", "weak"),
        ])
    func usage(options: String, words: String) async throws {
        let result = try await evaluate(options)
        #expect(result.status == 2, "\(result.standardError)")
        #expect(result.standardError.contains(words), "\(result.standardError)")
    }
}
