import FakeHub
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import TurnoutCore

@testable import TurnoutHub

struct PullTests {
    @Test("a pull lays out the cache as Python does: contents by name, relative links, the reference")
    func layout() async throws {
        try await HubScene.with { scene in
            let report = try await scene.pull()
            let commit = String(repeating: "c", count: 40)
            #expect(report.commit == commit)
            #expect(try scene.cache.snapshot(of: "org/tiny") == report.folder)
            #expect(try scene.cache.snapshot(of: "org/tiny", revision: commit) == report.folder)
            #expect(scene.bytes("model.safetensors") == HubScene.weights)
            #expect(scene.bytes("1_Pooling/config.json") == HubScene.model["1_Pooling/config.json"]?.bytes)
            #expect(scene.paths("refs") == ["main"])
            func link(_ path: String) throws -> String {
                try FileManager.default.destinationOfSymbolicLink(atPath: "\(report.folder)/\(path)")
            }
            #expect(try link("config.json") == "../../blobs/\(try #require(scene.blob("config.json")))")
            #expect(
                try link("1_Pooling/config.json")
                    == "../../../blobs/\(try #require(scene.blob("1_Pooling/config.json")))")
            let expected = [
                "config.json", "tokenizer.json", "vocab.txt", "modules.json", "1_Pooling/config.json",
                "model.safetensors",
            ]
            #expect(report.files.map(\.path) == expected.sorted())
            #expect(report.files.allSatisfy { $0.isVerified })
            #expect(scene.paths("blobs").count == expected.count)
        }
    }

    @Test("a pull goes through the proxy that the environment names")
    func proxied() async throws {
        let proxy = try await LoopbackServer { _ in .init(status: .notFound) }
        let environment = ["HTTP_PROXY": proxy.address, "HF_ENDPOINT": "http://hub.invalid"]
        try await HubScene.with(environment) { scene in _ = await scene.failedPull() }
        #expect(proxy.requests.first?.method == .CONNECT && proxy.requests.first?.uri == "hub.invalid:80")
        await proxy.close()
    }

    @Test("a second pull asks for the list and for nothing else")
    func again() async throws {
        try await HubScene.with { scene in
            let first = try await scene.pull()
            let asked = scene.hub.hub.requests.count
            let second = try await scene.pull()
            #expect(scene.hub.hub.requests.count == asked + 1)
            #expect(first.downloadedBytes == first.bytes)
            #expect(second.downloadedBytes == 0)
            #expect(second.bytes == first.bytes)
        }
    }

    @Test("the token goes to the hub and never to where it redirects")
    func token() async throws {
        try await HubScene.with { scene in
            _ = try await scene.pull()
            #expect(!scene.hub.network.requests.isEmpty)
            #expect(scene.hub.network.requests.allSatisfy { $0.headers["authorization"].isEmpty })
            #expect(scene.hub.hub.requests.allSatisfy { $0.headers["authorization"] == ["Bearer \(HubScene.token)"] })
        }
    }

    @Test("a new commit shares the contents that did not change, and the reference moves on")
    func update() async throws {
        try await HubScene.with { scene in
            let old = try await scene.pull()
            scene.hub.change {
                $0.commit = String(repeating: "d", count: 40)
                $0.files["vocab.txt"] = .init(bytes: Array("[PAD]\n".utf8))
            }
            let new = try await scene.pull()
            #expect(new.downloadedBytes == 6)
            #expect(try scene.cache.snapshot(of: "org/tiny") == new.folder)
            #expect(try scene.cache.snapshot(of: "org/tiny", revision: old.commit) == old.folder)
            let blobs = scene.paths("blobs").count
            #expect(blobs == old.files.count + 1)
        }
    }

    @Test("files with the same content are stored once")
    func duplicates() async throws {
        try await HubScene.with(change: { $0.files["tokenizer_config.json"] = .init(bytes: Array("{}".utf8)) }) {
            scene in
            _ = try await scene.pull()
            #expect(scene.bytes("tokenizer_config.json") == Array("{}".utf8))
            let downloads =
                scene.hub.downloads(of: "tokenizer.json").count + scene.hub.downloads(of: "tokenizer_config.json").count
            #expect(downloads == 1)
        }
    }

    @Test("two pulls at once bring every file once and agree")
    func concurrent() async throws {
        try await HubScene.with { scene in
            let gate = scene.hub.network.eventLoop.makePromise(of: Void.self)
            let lists = Counter()
            scene.hub.change { state in
                // The weights wait until both pulls are under way.
                state.faults["model.safetensors"] = [{ $0.gate = gate.futureResult }]
                state.onRequest = { _, request in
                    if request.path.hasPrefix("/api/"), lists.increment() == 2 { gate.succeed() }
                }
            }
            let here = scene
            async let first = here.pull()
            async let second = here.pull()
            let (a, b) = try await (first, second)
            #expect(a.folder == b.folder)
            #expect(a.downloadedBytes + b.downloadedBytes == a.bytes)
            for file in a.files {
                #expect(scene.hub.downloads(of: file.path).count == (file.path.hasSuffix("safetensors") ? 2 : 1))
            }
            #expect(scene.bytes("model.safetensors") == HubScene.weights)
        }
    }

    @Test("--include and --exclude choose by whole paths")
    func selection() async throws {
        try await HubScene.with { scene in
            let report = try await scene.pull(
                selection: FileSelection(include: ["*.json", "README*"], exclude: ["1_*"]))
            #expect(report.files.map(\.path) == ["README.md", "config.json", "modules.json", "tokenizer.json"])
        }
    }

    @Test("offline, the cache answers, or a sentence does; the hub is not asked")
    func offline() async throws {
        try await HubScene.with { scene in
            scene.settings.isOffline = true
            let refusal = await scene.failedPull()
            #expect(refusal?.message.contains("HF_HUB_OFFLINE") == true)
            scene.settings.isOffline = false
            let online = try await scene.pull()
            let asked = scene.hub.hub.requests.count
            scene.settings.isOffline = true
            let report = try await scene.pull()
            #expect(report.folder == online.folder)
            #expect(report.isOffline)
            #expect(scene.hub.hub.requests.count == asked)
        }
    }

    @Test("the events add up to the size of the model, however it came")
    func events() async throws {
        try await HubScene.with { scene in
            for _ in 0..<2 {
                let events = EventLog()
                let report = try await scene.pull { events.append($0) }
                #expect(events.all.first == .planned(files: 6, bytes: report.bytes))
                let moved = events.all.reduce(Int64(0)) { if case .moved(let bytes, _) = $1 { $0 + bytes } else { $0 } }
                #expect(moved == report.bytes)
            }
        }
    }
}

final class Counter: Sendable {
    private let value = Mutex(0)
    func increment() -> Int {
        value.withLock {
            $0 += 1
            return $0
        }
    }
}

final class EventLog: Sendable {
    private let events = Mutex<[PullEvent]>([])
    var all: [PullEvent] { events.withLock { $0 } }
    func append(_ event: PullEvent) { events.withLock { $0.append(event) } }
}
