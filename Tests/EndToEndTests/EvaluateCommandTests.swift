import FakeHub
import Foundation
import NIOHTTP1
import Synchronization
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

    @Test("with --test-after routers learn from what is older and are judged on the rest")
    func splitByTime() async throws {
        let lines = outcomes().split(separator: "\n").enumerated().map { index, line in
            "{\"asked\": \"2024-0\(1 + index / 40)-1\(index % 10)\", " + line.dropFirst()
        }
        let data = try write(lines.joined(separator: "\n"), as: "dated.jsonl")
        let result = try await evaluate("--data \(data) --train linear --test-after 2024-03-01 --time-column asked")
        #expect(result.status == 0, "\(result.standardError)")
        #expect(result.standardOutput.contains("40 prompts"))
        #expect(result.standardOutput.contains("Trained on 80 prompts from before 2024-03-01; 0 that stand"))
        for (options, words) in [
            ("--test-after 2020-01-01 --time-column asked", "choose a time later than --test-after"),
            ("--test-after 2024-03-01", "the row lacks 'time'"),
        ] {
            let refused = try await evaluate("--data \(data) --train linear \(options)")
            #expect(refused.status == 3 && refused.standardError.contains(words), "\(refused.standardError)")
        }
    }

    /// Grades everything 4, at twice the odds of a 2.
    private static let grade = """
        {"choices": [{"logprobs": {"content": [{"token": "4", "logprob": -0.405, "top_logprobs": \
        [{"token": "4", "logprob": -0.405}, {"token": "2", "logprob": -1.099}]}]}}]}
        """

    @Test("a language model is asked about every prompt once, and measured beside the others")
    func causalLLM() async throws {
        let data = try write(outcomes(60), as: "outcomes.jsonl")
        let server = try await LoopbackServer { _ in .init(body: Array(Self.grade.utf8)) }
        let result = try await evaluate(
            "--data \(data) --router causal-llm --router default --classifier-url \(server.address)/v1 --json")
        await server.close()
        #expect(result.status == 0, "\(result.standardError)")
        #expect(server.requests.count == 60)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.standardOutput.utf8)) as? [String: Any])
        let routers = try #require(object["routers"] as? [[String: Any]])
        #expect(routers.compactMap { $0["name"] as? String } == ["causal-llm", "default"])
        // One grade for all prompts orders nothing.
        let apgr = try #require(routers[0]["apgr"] as? [String: Double])
        #expect(abs(try #require(apgr["value"]) - 0.5) < 1e-9)
        #expect((routers[0]["micros_per_decision"] as? Double ?? 0) > 0 && routers[0]["calibration"] == nil)
    }

    @Test("a language model that grades nothing is no router; one that sometimes does not is measured with its gaps")
    func failingCausalLLM() async throws {
        let data = try write(outcomes(60), as: "outcomes.jsonl")
        let broken = try await LoopbackServer { _ in .init(status: .internalServerError) }
        let options = "--data \(data) --router causal-llm --classifier-url"
        let failed = try await evaluate("\(options) \(broken.address)/v1")
        await broken.close()
        #expect(failed.status == 4, "\(failed.standardOutput)")
        #expect(failed.standardError.contains("decided nothing: status 500, on all 60 prompts"))
        let count = Mutex(0)
        let flaky = try await LoopbackServer { _ in
            let isBad = count.withLock { count in
                count += 1
                return count % 3 == 0
            }
            return isBad ? .init(status: .tooManyRequests) : .init(body: Array(Self.grade.utf8))
        }
        let result = try await evaluate("\(options) \(flaky.address)/v1")
        await flaky.close()
        #expect(result.status == 0, "\(result.standardError)")
        #expect(result.standardOutput.contains("status 429, and so on 20 of 60 prompts"))
    }

    @Test("a report does not take the place of the router or the data that it is about")
    func outputs() async throws {
        let data = try write(outcomes(60), as: "outcomes.jsonl")
        for options in ["--report \(data)", "--report page.html --svg ./page.html"] {
            let refused = try await evaluate("--data \(data) \(options)")
            #expect(refused.status == 2 && refused.standardError.contains("would write over"), "\(refused)")
        }
        let router = try write("router", as: "router.safetensors")
        let refused = try await evaluate("--data \(data) --router \(router) --svg \(router)")
        #expect(refused.status == 2 && refused.standardError.contains("which is read"), "\(refused)")
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
            ("--data x --train linear --test-after 2024-01-01 --folds 3", "no use with --test"),
            ("--data x --train linear --test-after yesterday", "must be a date"),
            ("--data x --test-after 2024-01-01", "it needs --train"), ("--data x --time-column t", "--test-after"),
            ("--data x --router causal-llm", "needs --classifier-url"),
            ("--data x --classifier-url http://localhost:1/v1", "belong to --router causal-llm"),
            ("--data x --models a,,b", "--models"),
            ("--data x --train sorcery", "sorcery"), ("--data x --set a=1", "--set"), ("--data x --price weak", "weak"),
        ])
    func usage(options: String, words: String) async throws {
        let result = try await evaluate(options)
        #expect(result.status == 2, "\(result.standardError)")
        #expect(result.standardError.contains(words), "\(result.standardError)")
    }
}
