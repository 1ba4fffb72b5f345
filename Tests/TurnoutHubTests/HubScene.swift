import FakeHub
import Foundation
import Testing
import TurnoutCore

@testable import TurnoutHub

/// A fake hub with a small model, an empty cache and a clock without waits; cleaned up afterwards.
struct HubScene {
    let hub: FakeHub
    let cache: HubCache
    let clock = InstantClock()
    var settings: HubSettings
    var freeBytes: @Sendable (String) -> Int64? = { _ in nil }

    static let weights = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    static let token = "hf_verySecretToken"
    static let model: [String: FakeHub.File] = [
        "config.json": .init(bytes: Array(#"{"hidden_size": 8}"#.utf8)),
        "tokenizer.json": .init(bytes: Array("{}".utf8)),
        "vocab.txt": .init(bytes: Array("[PAD]\n[UNK]\n".utf8)),
        "modules.json": .init(bytes: Array("[]".utf8)),
        "1_Pooling/config.json": .init(bytes: Array(#"{"pooling_mode_mean_tokens": true}"#.utf8)),
        "model.safetensors": .init(bytes: weights, isLarge: true),
        "pytorch_model.bin": .init(bytes: [1, 2, 3], isLarge: true),
        "onnx/model.onnx": .init(bytes: [1, 2, 3], isLarge: true),
        "README.md": .init(bytes: Array("# tiny".utf8)),
    ]

    static func with(
        _ environment: [String: String] = [:], change: (inout FakeHub.State) -> Void = { _ in },
        _ body: (inout HubScene) async throws -> Void
    ) async throws {
        var state = FakeHub.State()
        state.files = model
        change(&state)
        let hub = try await FakeHub(state)
        let folder = FileManager.default.temporaryDirectory.appending(path: "turnout-hub-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let variables = ["HF_ENDPOINT": hub.hub.address, "HF_HUB_CACHE": folder, "HF_TOKEN": token].merging(environment)
        { $1 }
        let settings = try HubSettings(environment: variables, currentFolder: "/", readFile: { _ in nil })
        var scene = HubScene(hub: hub, cache: HubCache(settings: settings), settings: settings)
        do { try await body(&scene) } catch {
            await hub.close()
            throw error
        }
        await hub.close()
    }

    func pull(
        _ id: String = "org/tiny", revision: String = "main", selection: FileSelection = FileSelection(),
        report: @escaping @Sendable (PullEvent) -> Void = { _ in }
    ) async throws -> ModelPull.Report {
        let environment = TransferEnvironment(clock: clock, random: { 0 }, freeBytes: freeBytes)
        return try await ModelPull(settings: settings, environment: environment).run(
            RepositoryID(id), revision: Revision(revision), selection: selection, report: report)
    }

    /// Why a pull failed; `nil` when it did not.
    func failedPull(revision: String = "main") async -> TurnoutError? {
        do {
            _ = try await pull(revision: revision)
        } catch let error as TurnoutError {
            return error
        } catch {
            Issue.record(error)
        }
        return nil
    }

    /// The bytes that someone who opens the snapshot reads.
    func bytes(_ path: String) -> [UInt8]? {
        guard let folder = try? cache.snapshot(of: "org/tiny") else { return nil }
        return FileManager.default.contents(atPath: "\(folder)/\(path)").map(Array.init)
    }

    /// Every path below a folder of the model in the cache.
    func paths(_ folder: String) -> [String] {
        let path = "\(cache.folder)/models--org--tiny/\(folder)"
        return ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).sorted()
    }

    func blob(_ path: String) -> BlobName? { Self.model[path].flatMap { BlobName(etag: $0.name) } }
}
