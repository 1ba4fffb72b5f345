import FakeHub
import Foundation
import NIOHTTP1
import Synchronization
import Testing
import TurnoutCore

@testable import TurnoutHub

/// A folder to push, and a hub to push it to.
private struct PushScene {
    let scene: HubScene
    let folder: String

    static let weights = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 7) }

    static func with(
        _ environment: [String: String] = [:], change: (inout FakeHub.State) -> Void = { _ in },
        _ body: (PushScene) async throws -> Void
    ) async throws {
        try await HubScene.with(
            environment,
            change: { state in
                state.files = [:]
                state.uploads.exists = false
                state.uploads.token = HubScene.token
                change(&state)
            }
        ) { scene in
            let folder = FileManager.default.temporaryDirectory.appending(path: "turnout-push-\(UUID().uuidString)")
                .path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            for (name, bytes) in [
                ("config.json", Array(#"{"hidden_size": 8}"#.utf8)), ("modules.json", Array("[]".utf8)),
                ("1_Pooling/config.json", Array("{}".utf8)), ("empty.txt", []), ("model.safetensors", weights),
                (".git/HEAD", [1]), ("half.partial", [1]),
            ] {
                let path = URL(filePath: "\(folder)/\(name)")
                try FileManager.default.createDirectory(
                    at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(bytes).write(to: path)
            }
            try await body(PushScene(scene: scene, folder: folder))
        }
    }

    func push(
        _ options: ModelPush.Options = .init(), report: @escaping @Sendable (PullEvent) -> Void = { _ in }
    ) async throws -> ModelPush.Report {
        let push = ModelPush(
            settings: scene.settings, environment: TransferEnvironment(clock: scene.clock, random: { 0.5 }))
        return try await push.run(folder, to: RepositoryID("org/tiny"), options: options, report: report)
    }

    /// The refusal; `nil` when there is none.
    func failedPush() async -> TurnoutError? {
        do {
            _ = try await push()
            return nil
        } catch { return error as? TurnoutError }
    }

    var state: FakeHub.State { scene.hub.state }
}

struct PushTests {
    static let names = [
        "1_Pooling/config.json", "README.md", "config.json", "empty.txt", "model.safetensors", "modules.json",
    ]

    @Test("a folder becomes one commit: small files inside it, large ones beside it, hidden ones not at all")
    func pushes() async throws {
        try await PushScene.with { scene in
            let report = try await scene.push()
            let state = scene.state
            #expect(report.isNew && report.commit == state.commit && report.committed == Self.names)
            #expect(report.sentBytes == 50_000 && report.skipped.isEmpty)
            #expect(state.files.keys.sorted() == Self.names)
            #expect(state.files["model.safetensors"]?.bytes == PushScene.weights)
            #expect(state.uploads.commits.count == 1)
            #expect(state.uploads.commits[0].first == "header Upload model")
            #expect(state.uploads.commits[0].contains("lfsFile model.safetensors"))
            #expect(state.uploads.isPrivate == false)
        }
    }

    @Test("large files go in parts where the hub wants them so, and the last part may be short")
    func parts() async throws {
        try await PushScene.with(change: { $0.uploads.partBytes = 16_384 }) { scene in
            _ = try await scene.push()
            #expect(scene.state.files["model.safetensors"]?.bytes == PushScene.weights)
            #expect(scene.scene.hub.network.requests.count { $0.method == .PUT } == 4)
        }
    }

    @Test("what the hub has is not sent again; a push of the same folder commits nothing")
    func again() async throws {
        try await PushScene.with { scene in
            _ = try await scene.push()
            let report = try await scene.push()
            #expect(
                report.commit == nil && !report.isNew && report.committed.isEmpty
                    && report.skipped == Self.names)
            #expect(scene.state.uploads.commits.count == 1)
            try Data("{ }".utf8).write(to: URL(filePath: "\(scene.folder)/config.json"))
            let third = try await scene.push()
            #expect(third.committed == ["config.json"] && third.sentBytes == 0)
        }
    }

    @Test("a push that was broken off before its commit does not send the large file again")
    func resumes() async throws {
        try await PushScene.with(change: { $0.uploads.faults["commit"] = [{ $0.status = .forbidden }] }) { scene in
            #expect(await scene.failedPush()?.code == .network)
            #expect(scene.state.uploads.commits.isEmpty)
            let report = try await scene.push()
            #expect(report.committed == Self.names && report.sentBytes == 0)
            #expect(scene.scene.hub.network.requests.count { $0.method == .PUT } == 1)
        }
    }

    @Test(
        "a hub that is unwell is asked again", arguments: ["create", "preupload", "batch", "put", "verify", "commit"])
    func retries(step: String) async throws {
        try await PushScene.with(change: { state in
            state.uploads.faults[step] = [
                { $0.status = .serviceUnavailable }, { ($0.announcedLength, $0.cutAfter) = (10, 0) },
            ]
        }) { scene in
            let moved = Mutex<Int64>(0)
            _ = try await scene.push { event in
                if case .moved(let bytes, _) = event { moved.withLock { $0 += bytes } }
            }
            #expect(scene.state.files["model.safetensors"]?.bytes == PushScene.weights)
            #expect(moved.withLock { $0 } == 50_000)
        }
    }

    @Test(
        "a refusal says what to do, and never shows the token",
        arguments: [
            ("create", 401, "does not accept the token"), ("create", 403, "may not write org/tiny"),
            ("preupload", 404, "no such branch"), ("commit", 409, "at the same time"), ("put", 413, "larger than"),
            ("batch", 418, "status 418"), ("commit", 500, "gave up after 5 tries"),
        ])
    func refused(step: String, status: Int, words: String) async throws {
        try await PushScene.with(change: { state in
            state.uploads.faults[step] = Array(
                repeating: { $0.status = .init(statusCode: status) }, count: status == 500 ? 5 : 1)
        }) { scene in
            let failure = await scene.failedPush()
            #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
            #expect(failure?.message.contains(HubScene.token) == false)
        }
    }

    @Test("a token that may make no model may write one that exists")
    func narrowToken() async throws {
        try await PushScene.with(change: { state in
            state.uploads.exists = true
            state.uploads.faults["create"] = [{ $0.status = .forbidden }]
        }) { scene in
            let report = try await scene.push()
            #expect(!report.isNew && report.committed == Self.names)
        }
    }

    @Test(
        "an address of the store that is no longer good is asked for anew, once",
        arguments: [(nil, "put"), (16_384, "put"), (16_384, "complete")])
    func expired(partBytes: Int?, step: String) async throws {
        try await PushScene.with(change: { state in
            state.uploads.partBytes = partBytes
            state.uploads.faults[step] = [{ $0.status = .forbidden }]
        }) { scene in
            let moved = Mutex<Int64>(0)
            _ = try await scene.push { event in
                if case .moved(let bytes, _) = event { moved.withLock { $0 += bytes } }
            }
            #expect(scene.state.files["model.safetensors"]?.bytes == PushScene.weights)
            #expect(moved.withLock { $0 } == 50_000)
            #expect(scene.scene.hub.hub.requests.count { $0.path.hasSuffix("/objects/batch") } == 2)
        }
    }

    @Test("a store that refuses for good is not blamed on the token")
    func refusingStore() async throws {
        try await PushScene.with(change: { state in
            state.uploads.faults["put"] = Array(repeating: { $0.status = .forbidden }, count: 2)
        }) { scene in
            let failure = await scene.failedPush()
            #expect(failure?.message.contains("status 403, which has nothing to do with the token") == true)
        }
    }

    @Test("what is written follows no redirect", arguments: ["create", "preupload", "batch", "commit"])
    func redirects(step: String) async throws {
        try await PushScene.with(change: { state in
            state.uploads.faults[step] = [
                { reply in
                    reply.status = .temporaryRedirect
                    reply.headers.add(name: "location", value: "http://127.0.0.1:9/elsewhere")
                }
            ]
        }) { scene in
            #expect(await scene.failedPush()?.message.contains("status 307") == true)
            #expect(scene.state.uploads.commits.isEmpty)
        }
    }

    @Test("a store that verifies by itself is asked without the token")
    func storeVerifies() async throws {
        try await PushScene.with(change: { $0.uploads.storeVerifies = true }) { scene in
            _ = try await scene.push()
            let asked = scene.scene.hub.network.requests.filter { $0.path.hasPrefix("/verify/") }
            #expect(asked.count == 1 && asked.allSatisfy { !$0.headers.contains(name: "authorization") })
        }
    }

    @Test("another branch is named in every question that concerns one")
    func revision() async throws {
        try await PushScene.with { scene in
            var options = ModelPush.Options()
            options.revision = try Revision("few/shot")
            _ = try await scene.push(options)
            let asked = scene.scene.hub.hub.requests
            let paths = asked.map(\.path).filter { $0.contains("preupload") || $0.contains("commit") }
            #expect(Set(paths) == Set(["preupload", "commit"].map { "/api/models/org/tiny/\($0)/few%2Fshot" }))
            let batch = try #require(asked.first { $0.path.hasSuffix("/objects/batch") })
            #expect(String(decoding: batch.body, as: UTF8.self).contains(#""ref":{"name":"few/shot"}"#))
        }
    }

    @Test("the token goes to the hub and to nobody else")
    func token() async throws {
        try await PushScene.with { scene in
            _ = try await scene.push()
            let (hub, network) = (scene.scene.hub.hub.requests, scene.scene.hub.network.requests)
            #expect(!network.isEmpty && network.allSatisfy { !$0.headers.contains(name: "authorization") })
            #expect(hub.allSatisfy { $0.headers.first(name: "authorization") == "Bearer \(HubScene.token)" })
        }
    }

    @Test("without a token, offline, or without a folder nothing is asked")
    func early() async throws {
        for environment in [["HF_TOKEN": ""], ["HF_HUB_OFFLINE": "1"]] {
            try await PushScene.with(environment) { scene in
                let failure = await scene.failedPush()
                #expect(failure?.code == .invalidConfiguration, "\(failure?.message ?? "")")
                #expect(scene.scene.hub.hub.requests.isEmpty)
            }
        }
        try await PushScene.with { scene in
            try FileManager.default.removeItem(atPath: scene.folder)
            #expect(await scene.failedPush()?.code == .io)
            #expect(scene.scene.hub.hub.requests.isEmpty)
        }
    }

    @Test("a new model can be private; a card is made only where there is none, here or there")
    func cards() async throws {
        try await PushScene.with { scene in
            var options = ModelPush.Options()
            (options.isPrivate, options.licence) = (true, "Apache-2.0")
            _ = try await scene.push(options)
            #expect(scene.state.uploads.isPrivate == true)
            let card = String(decoding: scene.state.files["README.md"]?.bytes ?? [], as: UTF8.self)
            #expect(card.hasPrefix("---\nlicense: apache-2.0\nlibrary_name: sentence-transformers\n"))
            scene.scene.hub.change { $0.files["README.md"] = .init(bytes: Array("written by hand".utf8)) }
            #expect(try await scene.push().commit == nil)
            #expect(scene.state.files["README.md"]?.bytes == Array("written by hand".utf8))
            try Data("mine".utf8).write(to: URL(filePath: "\(scene.folder)/README.md"))
            #expect(try await scene.push().committed == ["README.md"])
        }
    }
}

extension PythonTests {
    private static let pushCondition: ConditionTrait = .enabled(
        if: python != nil, "no Python with huggingface_hub: make test installs it into .venv, or set TURNOUT_PYTHON")

    @Test(
        "Python's upload of the same folder asks the same and leaves the same behind", pushCondition,
        arguments: [nil, 16_384])
    func uploads(partBytes: Int?) async throws {
        let python = try #require(Self.python)
        try await PushScene.with(change: { $0.uploads.partBytes = partBytes }) { scene in
            var options = ModelPush.Options()
            options.licence = "mit"
            _ = try await scene.push(options)
            let ours = scene.state
            let asked = Self.writes(scene)
            try Data(ours.files["README.md"]?.bytes ?? []).write(to: URL(filePath: "\(scene.folder)/README.md"))
            scene.scene.hub.change { state in
                state.files = [:]
                let (token, part) = (state.uploads.token, state.uploads.partBytes)
                state.uploads = FakeHub.Uploads()
                (state.uploads.exists, state.uploads.token, state.uploads.partBytes) = (false, token, part)
            }
            let script = """
                from huggingface_hub import HfApi
                api = HfApi(endpoint="\(scene.scene.hub.hub.address)", token="\(HubScene.token)")
                api.create_repo("org/tiny", exist_ok=True)
                api.upload_folder(repo_id="org/tiny", folder_path="\(scene.folder)", commit_message="Upload model",
                    ignore_patterns=["*.partial"])
                """
            let result = try Self.run(python, script, ["HF_ENDPOINT": scene.scene.hub.hub.address])
            #expect(result.status == 0, "\(result.output)")
            let theirs = scene.state
            #expect(theirs.files.mapValues(\.bytes) == ours.files.mapValues(\.bytes))
            #expect(theirs.files.mapValues(\.isLarge) == ours.files.mapValues(\.isLarge))
            #expect(theirs.uploads.commits.map { $0.sorted() } == ours.uploads.commits.map { $0.sorted() })
            #expect(Set(Self.writes(scene)).isSuperset(of: asked))
        }
    }

    /// What was asked of the hub to write.
    private static func writes(_ scene: PushScene) -> Set<String> {
        Set(scene.scene.hub.hub.requests.filter { $0.method == .POST }.map(\.path))
    }
}
