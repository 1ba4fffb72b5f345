import FakeHub
import Foundation
import NIOHTTP1
import Testing
import TurnoutCore

@testable import TurnoutHub

struct FaultTests {
    private static let file = "model.safetensors"

    @Test("a connection cut in the middle of a file is taken up where it broke, on condition that the file is the same")
    func cut() async throws {
        try await HubScene.with(change: {
            $0.faults[Self.file] = [{ $0.cutAfter = 100_000 }, { $0.cutAfter = 50_000 }]
        }) { scene in
            let report = try await scene.pull()
            #expect(scene.bytes(Self.file) == HubScene.weights)
            #expect(report.downloadedBytes == report.bytes)
            // Not from where the hub stopped: what was still on its way when the connection broke is lost.
            let starts = scene.hub.network.requests.map(\.rangeStart)
            #expect(starts.count == 3 && starts[0] == 0)
            #expect((1...100_000).contains(starts[1]) && (starts[1] + 1...150_000).contains(starts[2]))
            let conditions = scene.hub.network.requests.map { $0.headers.first(name: "if-range") }
            #expect(conditions[0] == nil)
            #expect(conditions[1]?.hasPrefix("\"s3-") == true)
        }
    }

    @Test("a pull that failed half way is taken up by the next one")
    func resume() async throws {
        let fatal: @Sendable (inout LoopbackServer.Reply) -> Void = { $0.status = .forbidden }
        try await HubScene.with(change: { $0.faults[Self.file] = [{ $0.cutAfter = 100_000 }, fatal] }) { scene in
            #expect(await scene.failedPull() != nil)
            #expect(try scene.cache.snapshot(of: "org/tiny") == nil, "half a model must not be found")
            #expect(try scene.cache.models().first?.looseBytes ?? 0 > 0)
            let report = try await scene.pull()
            #expect((200_000..<300_000).contains(report.files.first { $0.path == Self.file }?.downloadedBytes ?? 0))
            #expect(scene.bytes(Self.file) == HubScene.weights)
        }
    }

    @Test("a hub that is not well for a while is asked again, later each time")
    func serverErrors() async throws {
        let busy: @Sendable (inout LoopbackServer.Reply) -> Void = {
            $0 = .init(status: .serviceUnavailable, headers: ["Retry-After": "7"])
        }
        let broken: @Sendable (inout LoopbackServer.Reply) -> Void = { $0 = .init(status: .internalServerError) }
        try await HubScene.with(change: {
            $0.faults[Self.file] = [broken, broken, busy]
            $0.listingFaults = [broken]
        }) { scene in
            _ = try await scene.pull()
            #expect(scene.bytes(Self.file) == HubScene.weights)
            #expect(
                scene.clock.waits.filter { $0 != .milliseconds(50) } == [
                    .milliseconds(250), .milliseconds(250), .milliseconds(500), .seconds(7),
                ])
        }
    }

    @Test("a hub that never gets well is given up on, in a sentence")
    func gaveUp() async throws {
        let broken: @Sendable (inout LoopbackServer.Reply) -> Void = { $0 = .init(status: .badGateway) }
        try await HubScene.with(change: { $0.listingFaults = Array(repeating: broken, count: 9) }) { scene in
            let failure = await scene.failedPull()
            #expect(failure?.code == .network)
            #expect(failure?.message.contains("status 502") == true)
            #expect(scene.hub.hub.requests.count == 5)
        }
    }

    @Test("a wrong checksum is fetched anew once, then refused, and nothing of it is kept")
    func checksum() async throws {
        let spoil: @Sendable (inout LoopbackServer.Reply) -> Void = { $0.body[12] ^= 1 }
        for path in [Self.file, "config.json"] {
            try await HubScene.with(change: { $0.faults[path] = [spoil] }) { scene in
                _ = try await scene.pull()
                #expect(scene.bytes(path) == HubScene.model[path]?.bytes)
            }
            try await HubScene.with(change: { $0.faults[path] = [spoil, spoil] }) { scene in
                let failure = await scene.failedPull()
                #expect(failure?.message.contains("checksum") == true)
                #expect(try scene.cache.snapshot(of: "org/tiny") == nil)
                let blob = try #require(scene.blob(path))
                #expect(!scene.paths("blobs").contains(blob.text))
            }
        }
    }

    @Test("a content that changes at the content network between two tries is fetched from the start")
    func conditionFails() async throws {
        try await HubScene.with(change: {
            // The second answer comes from a copy with another ETag, which therefore sends the whole file.
            $0.faults[Self.file] = [
                { $0.cutAfter = 100_000 },
                { $0 = .init(headers: ["ETag": "\"another\""], body: HubScene.weights) },
            ]
        }) { scene in
            let report = try await scene.pull()
            #expect(scene.bytes(Self.file) == HubScene.weights)
            #expect((300_001...400_000).contains(report.files.first { $0.path == Self.file }?.downloadedBytes ?? 0))
        }
    }

    @Test("a file that becomes another one at the hub between two tries is looked up again and fetched from the start")
    func changed() async throws {
        let bytes = Array("a new configuration".utf8)
        try await HubScene.with(change: { state in
            state.files["vocab.txt"] = .init(bytes: Array(repeating: 7, count: 5000))
            state.faults["vocab.txt"] = [{ $0.cutAfter = 1000 }]
            state.onRequest = { state, request in
                if request.method == .GET, request.headers.contains(name: "range") {
                    state.files["vocab.txt"] = .init(bytes: bytes)
                }
            }
        }) { scene in
            _ = try await scene.pull()
            #expect(scene.bytes("vocab.txt") == bytes)
        }
    }

    @Test("a hub that falls silent in the middle of a file is asked again")
    func silence() async throws {
        try await HubScene.with(change: { $0.faults[Self.file] = [{ $0.stallAfter = 100_000 }] }) { scene in
            scene.settings.silence = .milliseconds(500)
            _ = try await scene.pull()
            #expect(scene.bytes(Self.file) == HubScene.weights)
            #expect((1...100_000).contains(scene.hub.network.requests.dropFirst().first?.rangeStart ?? 0))
        }
    }

    @Test("a Content-Length that lies is found out, whichever way it lies")
    func length() async throws {
        try await HubScene.with(change: {
            $0.faults[Self.file] = [
                {
                    $0.announcedLength = 400_000; $0.cutAfter = 300_000
                },
                {
                    $0.announcedLength = 299_000; $0.body.removeLast(1000)
                },
            ]
        }) { scene in
            _ = try await scene.pull()
            #expect(scene.bytes(Self.file) == HubScene.weights)
        }
    }

    @Test("a hub that ignores the range sends the file from the start")
    func rangeIgnored() async throws {
        try await HubScene.with(change: {
            $0.faults[Self.file] = [
                { $0.cutAfter = 100_000 }, { $0 = .init(headers: $0.headers, body: HubScene.weights) },
            ]
        }) { scene in
            _ = try await scene.pull()
            #expect(scene.bytes(Self.file) == HubScene.weights)
        }
    }

    @Test("a leftover that is longer than the file, or not its beginning, does no harm")
    func leftovers() async throws {
        for leftover in [
            Array(repeating: UInt8(1), count: 400_000), Array(repeating: 1, count: 1000), HubScene.weights,
        ] {
            try await HubScene.with { scene in
                let id = try RepositoryID("org/tiny")
                let blob = try #require(scene.blob(Self.file))
                try CacheFolder.make(scene.cache.layout.blobs(id))
                try Data(leftover).write(to: URL(filePath: scene.cache.layout.incomplete(blob, of: id)))
                let report = try await scene.pull()
                #expect(scene.bytes(Self.file) == HubScene.weights)
                let fetched = report.files.first { $0.path == Self.file }?.downloadedBytes
                #expect(leftover == HubScene.weights ? fetched == 0 : (fetched ?? 0) >= 299_000)
            }
        }
    }

    @Test("an ETag that is no checksum is accepted, and it is said that nothing was checked")
    func unverified() async throws {
        try await HubScene.with(change: { $0.files["vocab.txt"]?.etag = "5f-2" }) { scene in
            let report = try await scene.pull()
            #expect(report.files.filter { !$0.isVerified }.map(\.path) == ["vocab.txt"])
        }
    }
}
