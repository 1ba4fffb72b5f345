import FakeHub
import Foundation
import Testing
import TurnoutCore

@testable import TurnoutHub

struct CacheTests {
    @Test("the list says what is there, how large, and under which names")
    func list() async throws {
        try await HubScene.with { scene in
            #expect(try scene.cache.models().isEmpty)
            let report = try await scene.pull()
            for other in ["datasets--a--b", ".locks", "notes"] {
                try CacheFolder.make("\(scene.cache.folder)/\(other)")
            }
            let models = try scene.cache.models()
            let model = try #require(models.first)
            #expect(models.count == 1)
            #expect(model.id.name == "org/tiny")
            #expect(model.bytes == report.bytes)
            #expect(model.looseBytes == 0)
            #expect(model.snapshots.map(\.references) == [["main"]])
            #expect(model.snapshots.first?.files == 6)
            #expect(model.lastUsed != nil)
        }
    }

    @Test("removing a model frees its bytes and touches nothing else")
    func remove() async throws {
        try await HubScene.with { scene in
            let report = try await scene.pull()
            let id = try RepositoryID("org/tiny")
            try CacheFolder.make("\(scene.cache.folder)/models--org--other/snapshots")
            #expect(try scene.cache.remove(id) == RemovalReport(commits: [report.commit], freedBytes: report.bytes))
            #expect(try scene.cache.remove(id) == nil)
            #expect(try scene.cache.snapshot(of: "org/tiny") == nil)
            #expect(try scene.cache.models().map(\.id.name) == ["org/other"])
        }
    }

    @Test("removing one revision keeps what the others need")
    func removeRevision() async throws {
        try await HubScene.with { scene in
            let old = try await scene.pull()
            scene.hub.change {
                $0.commit = String(repeating: "d", count: 40)
                $0.files["vocab.txt"] = .init(bytes: Array("[PAD]\n".utf8))
            }
            let new = try await scene.pull()
            let removed = try scene.cache.remove(RepositoryID("org/tiny"), revision: Revision(old.commit))
            #expect(removed == RemovalReport(commits: [old.commit], freedBytes: 12))
            #expect(try scene.cache.snapshot(of: "org/tiny") == new.folder)
            #expect(scene.bytes("model.safetensors") == HubScene.weights)
            #expect(try scene.cache.remove(RepositoryID("org/tiny"), revision: Revision("v1")) == nil)
            let last = try scene.cache.remove(RepositoryID("org/tiny"), revision: .main)
            #expect(last?.freedBytes == new.bytes)
            #expect(scene.paths("blobs").isEmpty)
        }
    }

    @Test("a model that is being downloaded is not removed")
    func removeLocked() async throws {
        try await HubScene.with { scene in
            _ = try await scene.pull()
            let id = try RepositoryID("org/tiny")
            let lock = try FileLock.tryAcquire(scene.cache.layout.pullLock(id), shared: true)
            let cache = scene.cache
            let failure = #expect(throws: TurnoutError.self) { try cache.remove(id) }
            #expect(failure?.message.contains("being downloaded") == true)
            #expect(try cache.snapshot(of: "org/tiny") != nil)
            withExtendedLifetime(lock) {}
        }
    }

    @Test("removal follows no link out of the cache")
    func removeLink() async throws {
        try await HubScene.with { scene in
            let outside = "\(scene.cache.folder)-outside"
            defer { try? FileManager.default.removeItem(atPath: outside) }
            try CacheFolder.make("\(outside)/blobs")
            try CacheFolder.make(scene.cache.folder)
            try Data([1]).write(to: URL(filePath: "\(outside)/precious"))
            let id = try RepositoryID("org/tiny")
            try FileManager.default.createSymbolicLink(
                atPath: scene.cache.layout.repository(id), withDestinationPath: outside)
            let cache = scene.cache
            #expect(throws: TurnoutError.self) { try cache.remove(id) }
            try FileManager.default.removeItem(atPath: scene.cache.layout.repository(id))

            try CacheFolder.make(scene.cache.layout.blobs(id))
            try CacheFolder.make(scene.cache.layout.snapshot("abc", of: id))
            try CacheFolder.link("\(scene.cache.layout.blobs(id))/x", to: "\(outside)/precious")
            try CacheFolder.link("\(scene.cache.layout.snapshot("abc", of: id))/x", to: "../../blobs/x")
            #expect(try cache.remove(id) == RemovalReport(commits: ["abc"], freedBytes: 0, sharedBytes: 1))
            #expect(FileManager.default.fileExists(atPath: "\(outside)/precious"))
        }
    }

    @Test("a reference that leads out of the cache is not followed")
    func foreignReference() async throws {
        try await HubScene.with { scene in
            let id = try RepositoryID("org/tiny")
            try CacheFolder.make(scene.cache.layout.refs(id))
            try CacheFolder.make(scene.cache.layout.snapshots(id))
            for text in ["../..", "", "a/b", "/etc"] {
                try CacheFolder.write(text, to: scene.cache.layout.ref(.main, of: id))
                #expect(try scene.cache.snapshot(of: "org/tiny") == nil)
            }
        }
    }

    @Test("a lock excludes the next one until it is let go, and shared ones do not mind each other")
    func locks() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString).lock").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        func isFreeWhileHeld(shared: Bool) throws -> Bool {
            let lock = try FileLock.tryAcquire(path)
            defer { withExtendedLifetime(lock) {} }
            return try isFree(shared: shared)
        }
        func isFree(shared: Bool) throws -> Bool {
            if let lock = try FileLock.tryAcquire(path, shared: shared) {
                withExtendedLifetime(lock) {}
                return true
            }
            return false
        }
        #expect(try !isFreeWhileHeld(shared: false))
        #expect(try !isFreeWhileHeld(shared: true))
        #expect(try isFree(shared: false))
        let first = try FileLock.tryAcquire(path, shared: true)
        #expect(try isFree(shared: true))
        #expect(try !isFree(shared: false))
        withExtendedLifetime(first) {}
    }
}
