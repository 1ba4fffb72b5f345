import Foundation
import Testing

struct RouteCommandTests {
    @Test("a prompt is routed in words, and --explain adds a line for every candidate and what would change the choice")
    func explain() async throws {
        let result = try await TurnoutProcess.run(shell: "turnout route --explain 'What is the capital of France?'")
        #expect(result.status == 0, "\(result.standardError)")
        let lines = result.standardOutput.split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines[0].hasPrefix("weak") || lines[0].hasPrefix("strong"))
        #expect(!result.standardOutput.contains("\u{1B}"), "no colours into a file")
    }

    @Test("--json keeps the promised keys")
    func json() async throws {
        let result = try await TurnoutProcess.run(shell: "turnout route --json --strong-share 0 'Prove it.'")
        let object = try JSONSerialization.jsonObject(with: Data(result.standardOutput.utf8)) as? [String: Any]
        let receipt = try #require(object)
        for key in ["decision", "model", "reason", "score", "micros", "candidates"] {
            #expect(receipt[key] != nil, "\(key)")
        }
        #expect(receipt["model"] as? String == "weak")
        let first = try #require((receipt["candidates"] as? [[String: Any]])?.first)
        for key in ["model", "estimate", "low", "high"] { #expect(first[key] != nil, "\(key)") }
    }

    @Test("standard input is read line by line: bare prompts, JSON prompts and messages")
    func lines() async throws {
        let input = """
            plain words

            {"prompt": "a prompt"}
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "parts"}]}]}
            """
        let result = try await TurnoutProcess.run(shell: "turnout route --json", input: input)
        #expect(result.status == 0, "\(result.standardError)")
        #expect(result.standardOutput.split(separator: "\n").count == 3)
    }

    @Test(
        "what is wrong is said in a sentence, with the exit code of its kind",
        arguments: [
            ("turnout route --strong-share 2 x", 2, "between 0 and 1"),
            ("turnout route --strong-share 0.1 --threshold 0.1 x", 2, "exclude"),
            ("turnout route --router no-such-file x", 3, "no-such-file"),
            ("turnout route --router /bin/sh x", 3, "/bin/sh"),
            ("turnout route --config no-such-file x", 3, "no-such-file"),
            ("turnout route --models a,a x", 2, "twice"),
            ("turnout route < /dev/null", 2, "no prompt"),
            ("turnout route --json x > /dev/full", 3, "standard output cannot be written"),
            ("echo '{\"prompt\": ' | turnout route", 3, "line 1"),
        ])
    func refusals(line: String, status: Int32, words: String) async throws {
        let result = try await TurnoutProcess.run(shell: line)
        #expect(result.status == status, "\(result.standardError)")
        #expect(result.standardError.contains(words), "\(result.standardError)")
        #expect(result.standardError.split(separator: "\n").count == 1)
    }
}
