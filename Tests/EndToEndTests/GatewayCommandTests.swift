import Foundation
import Testing

@Suite(.timeLimit(.minutes(4)))
struct GatewayCommandTests {
    private static let good = """
        providers: { sim: { protocol: simulated } }
        models: { weak: { provider: sim }, strong: { provider: sim } }
        routes: { auto: { candidates: [weak, strong], policy: { strong_share: 0.3 } } }
        """

    private func withFile<Value>(_ text: String, _ body: (String) async throws -> Value) async throws -> Value {
        let file = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString).yaml")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await body(file.path)
    }

    @Test("check says in words what a configuration does")
    func check() async throws {
        try await withFile(Self.good) { path in
            let result = try await TurnoutProcess.run(shell: "turnout check --config '\(path)'")
            #expect(result.status == 0, "\(result.standardError)")
            #expect(result.standardOutput.contains("the hardest 30 % of prompts go to strong, the others to weak"))
            let json = try await TurnoutProcess.run(shell: "turnout check --json --config '\(path)'")
            let object = try JSONSerialization.jsonObject(with: Data(json.standardOutput.utf8)) as? [String: Any]
            #expect(object?["valid"] as? Bool == true)
        }
    }

    @Test(
        "check says no with code 1, serve with code 3, and both with file and line",
        arguments: [
            ("candidates: [", "candidats: [", ":3: unknown key 'routes.auto.candidats'; did you mean 'candidates'?"),
            (
                "protocol: simulated", "protocol: openai, api_key: ${NO_SUCH_KEY}",
                "environment variable NO_SUCH_KEY, which is not set"
            ),
            ("policy: { strong_share: 0.3 }", "router: /bin/sh", ":3: route 'auto': "),
        ])
    func refusals(what: String, by: String, words: String) async throws {
        try await withFile(Self.good.replacing(what, with: by)) { path in
            let check = try await TurnoutProcess.run(shell: "turnout check --config '\(path)'")
            #expect(check.status == 1)
            #expect(check.standardError.contains(words), "\(check.standardError)")
            let serve = try await TurnoutProcess.run(shell: "turnout serve --port 0 --config '\(path)'")
            #expect(serve.status == 3)
            #expect(serve.standardError == check.standardError)
        }
    }

    @Test("a port that cannot be had is told in a sentence, with code 4")
    func port() async throws {
        let line = """
            import socket, subprocess
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0)); s.listen()
                print(subprocess.run(["turnout", "serve", "--port", str(s.getsockname()[1])], capture_output=True, text=True))
            """
        let result = try await TurnoutProcess.run(shell: "python3 -c '\(line)'")
        #expect(result.standardOutput.contains("returncode=4"), "\(result.standardOutput)\(result.standardError)")
        #expect(result.standardOutput.contains("is in use by another process"))
        #expect(try await TurnoutProcess.run(shell: "turnout serve --port 99999").status == 2)
    }
}
