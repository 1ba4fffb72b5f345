import FakeHub
import Foundation
import Testing

/// `turnout models` against a hub on this machine, with the small random model of the encoder tests.
@Suite(.timeLimit(.minutes(4)))
struct ModelsCommandTests {
    private func withHub(_ body: (_ run: (String) async throws -> TurnoutProcess.Result) async throws -> Void)
        async throws
    {
        let fixture = DocumentationTests.root.appending(path: "Tests/TurnoutEncodersTests/Fixtures/Transformer/bert")
        var state = FakeHub.State()
        for path in try FileManager.default.subpathsOfDirectory(atPath: fixture.path) {
            guard let file = FileManager.default.contents(atPath: fixture.appending(path: path).path) else { continue }
            state.files[path] = .init(bytes: Array(file), isLarge: path.hasSuffix(".safetensors"))
        }
        state.files["vocab.txt"] = .init(bytes: Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello".utf8))
        let hub = try await FakeHub(state)
        let cache = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await body { line in
                    try await TurnoutProcess.run(
                        shell: line, environment: ["HF_ENDPOINT": hub.hub.address, "HF_HUB_CACHE": cache.path])
                })
        } catch {
            result = .failure(error)
        }
        await hub.close()
        try? FileManager.default.removeItem(at: cache)
        try result.get()
    }

    @Test("a model is pulled, listed, found, used as an encoder, and removed")
    func life() async throws {
        try await withHub { run in
            let none = try await run("turnout models list")
            #expect(none.status == 0 && none.standardOutput.hasPrefix("No models in "))

            let pulled = try await run("turnout models pull org/tiny --quiet")
            #expect(pulled.status == 0 && pulled.standardError.isEmpty, "\(pulled.standardError)")
            let path = try await run("turnout models path org/tiny")
            #expect(path.status == 0 && path.standardOutput == pulled.standardOutput)
            let listed = try await run("turnout models list")
            #expect(listed.standardOutput.contains("org/tiny") && listed.standardOutput.contains("main (cccccccc)"))
            let embedded = try await run("echo hello | turnout embed --encoder org/tiny --quiet")
            #expect(embedded.standardOutput.hasPrefix("{\"index\":0"), "\(embedded.standardError)")

            let again = try await run("turnout models pull org/tiny --json --quiet")
            let report = try JSONSerialization.jsonObject(with: Data(again.standardOutput.utf8)) as? [String: Any]
            #expect(report?["downloaded_bytes"] as? Int == 0)

            let unasked = try await run("turnout models rm org/tiny")
            #expect(unasked.status == 2 && unasked.standardError.contains("add --yes"))
            let removed = try await run("turnout models rm org/tiny --yes")
            #expect(removed.status == 0 && removed.standardOutput.contains("freed"), "\(removed.standardError)")
            #expect(try await run("turnout models path org/tiny").status == 1)
            #expect(try await run("turnout models rm org/tiny --yes").status == 1)
        }
    }

    @Test("a folder is pushed, the same again is no commit, and without a token nothing is asked")
    func push() async throws {
        try await withHub { run in
            let folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data("{}".utf8).write(to: folder.appending(path: "new.json"))
            let command = "turnout models push \(folder.path) org/tiny"
            let refused = try await run("HF_TOKEN= HF_TOKEN_PATH=/nowhere \(command)")
            #expect(refused.status == 3 && refused.standardError.contains("HF_TOKEN"), "\(refused.standardError)")
            let pushed = try await run("HF_TOKEN=hf_secret \(command) --json")
            #expect(pushed.status == 0, "\(pushed.standardError)")
            let report = try JSONSerialization.jsonObject(with: Data(pushed.standardOutput.utf8)) as? [String: Any]
            #expect(report?["committed"] as? [String] == ["README.md", "new.json"])
            #expect(!(pushed.standardOutput + pushed.standardError).contains("hf_secret"))
            let again = try await run("HF_TOKEN=hf_secret \(command)")
            #expect(again.status == 0 && again.standardError.contains("has all 2 files already"))
            #expect(again.standardOutput.hasSuffix("/org/tiny\n"))
        }
    }

    @Test("progress goes to standard error, and the folder alone to standard output")
    func streams() async throws {
        try await withHub { run in
            let pulled = try await run("turnout models pull org/tiny")
            #expect(pulled.standardOutput.split(separator: "\n").count == 1)
            #expect(pulled.standardError.contains("downloaded now"))
            #expect(!pulled.standardError.contains("\u{1B}"), "no bar into a file")
        }
    }

    @Test(
        "what is wrong is told in a sentence, with the exit code of its kind",
        arguments: [
            ("turnout models pull org/none", 3, "org/none"), ("turnout models pull a/b/c", 2, "a/b/c"),
            ("turnout models pull org/tiny --revision gone", 3, "gone"),
            ("turnout models pull org/tiny --parallel 99", 2, "1 to 16"),
            ("HF_HUB_OFFLINE=1 turnout models pull org/tiny", 3, "HF_HUB_OFFLINE"),
            ("HTTP_PROXY=socks5://localhost turnout models pull org/tiny", 3, "HTTP_PROXY is not"),
        ])
    func refusals(line: String, status: Int32, words: String) async throws {
        try await withHub { run in
            let result = try await run(line)
            #expect(result.status == status, "\(result.standardError)")
            #expect(result.standardError.contains(words), "\(result.standardError)")
        }
    }
}
