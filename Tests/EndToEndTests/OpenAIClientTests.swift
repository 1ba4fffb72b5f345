import Foundation
import Testing

/// The official `openai` client from PyPI against the built gateway; see `Clients/openai_scenarios.py`.
@Suite(.timeLimit(.minutes(4)))
struct OpenAIClientTests {
    private static let python = DocumentationTests.root.appending(path: ".venv/bin/python")
    private static var hasPython: Bool { FileManager.default.isExecutableFile(atPath: python.path) }

    /// Where `Reference/build-llama-server.sh` has put a real model server, if it has.
    private static var llamaFolder: String {
        ProcessInfo.processInfo.environment["TURNOUT_LLAMA_SERVER"]
            ?? DocumentationTests.root.appending(path: ".build/llama").path
    }
    private static var hasLlama: Bool { FileManager.default.isExecutableFile(atPath: "\(llamaFolder)/llama-server") }

    @Test(
        "the official client gets what it expects",
        .enabled(if: hasPython, "the openai client is not installed in .venv: run 'make test', which installs it"),
        arguments: [
            "whole", "stream", "fields", "cancellation", "errors", "interruption", "drain", "embeddings", "faults",
        ])
    func scenario(name: String) async throws { try await run(name) }

    @Test(
        "the official client gets what it expects of a real llama.cpp server",
        .enabled(if: hasPython, "the openai client is not installed in .venv: run 'make test', which installs it"),
        .enabled(
            if: hasLlama, "there is no llama.cpp server in .build/llama: Reference/build-llama-server.sh builds one"),
        arguments: ["llama", "classifier"])
    func llama(name: String) async throws { try await run(name) }

    private func run(_ scenario: String) async throws {
        let script = try #require(
            Bundle.module.url(forResource: "openai_scenarios", withExtension: "py", subdirectory: "Clients"))
        let result = try await TurnoutProcess.run(
            shell: "'\(Self.python.path)' -B '\(script.path)' \(scenario)",
            environment: [
                "TURNOUT": TurnoutProcess.folder.appending(path: "turnout").path,
                "TURNOUT_LLAMA_SERVER": Self.llamaFolder,
            ])
        #expect(result.status == 0, "\(scenario)\n\(result.standardError)")
    }
}
