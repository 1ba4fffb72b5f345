import FakeHub
import Foundation
import Testing

@testable import TurnoutHub

/// The cache is shared with Python's `huggingface_hub`: each opens what the other downloaded.
struct PythonTests {
    static let python: String? = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let named = ProcessInfo.processInfo.environment["TURNOUT_PYTHON"]
        return ([named] + [root.appending(path: ".venv/bin/python").path, "python3"]).compactMap(\.self)
            .first { (try? run($0, "import huggingface_hub", [:]))?.status == 0 }
    }()

    private static let condition: ConditionTrait = .enabled(
        if: python != nil, "no Python with huggingface_hub: make test installs it into .venv, or set TURNOUT_PYTHON")

    static func run(_ python: String, _ script: String, _ environment: [String: String]) throws -> (
        status: Int32, output: String
    ) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [python, "-c", script]
        process.environment = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("HF_") && !$0.key.lowercased().hasSuffix("_proxy") }
            .merging(["HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_XET": "1"]) { $1 }.merging(environment) {
                $1
            }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (
            process.terminationStatus,
            String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        )
    }

    @Test("Python opens, offline, what we downloaded, and its scan of the cache finds no fault", condition)
    func ours() async throws {
        let python = try #require(Self.python)
        try await HubScene.with { scene in
            let report = try await scene.pull()
            let script = """
                from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download
                print(snapshot_download("org/tiny", local_files_only=True))
                print(len(open(hf_hub_download("org/tiny", "model.safetensors", local_files_only=True), "rb").read()))
                info = scan_cache_dir()
                print(len(info.warnings), info.size_on_disk, sorted(r.repo_id for r in info.repos))
                """
            let result = try Self.run(python, script, ["HF_HUB_CACHE": scene.cache.folder, "HF_HUB_OFFLINE": "1"])
            #expect(result.status == 0, "\(result.output)")
            #expect(result.output == "\(report.folder)\n300000\n0 \(report.bytes) ['org/tiny']")
        }
    }

    @Test("we find what Python downloaded from the same hub, and download nothing again", condition)
    func theirs() async throws {
        let python = try #require(Self.python)
        try await HubScene.with { scene in
            let script = """
                from huggingface_hub import snapshot_download
                print(snapshot_download("org/tiny", allow_patterns=["*.json", "*.txt", "*.safetensors"]))
                """
            let result = try Self.run(
                python, script,
                ["HF_HUB_CACHE": scene.cache.folder, "HF_ENDPOINT": scene.hub.hub.address, "HF_TOKEN": HubScene.token])
            #expect(result.status == 0, "\(result.output)")
            let folder = try #require(try scene.cache.snapshot(of: "org/tiny"))
            #expect(result.output == folder)
            #expect(scene.bytes("model.safetensors") == HubScene.weights)
            let report = try await scene.pull()
            #expect(report.folder == folder)
            #expect(report.downloadedBytes == 0)
            #expect(try scene.cache.models().first?.snapshots.first?.files == 6)
        }
    }
}
