import FakeHub
import Foundation
import NIOHTTP1
import Testing
import TurnoutCore

@testable import TurnoutHub

struct RefusalTests {
    private static let refusals: [(Int, String?, String, TurnoutError.Code)] = [
        (404, "RevisionNotFound", "no revision 'main'", .invalidData),
        (404, "RepoNotFound", "no model org/tiny", .invalidData),
        (401, "RepoNotFound", "no model org/tiny", .invalidData),
        (401, "GatedRepo", "accept its terms", .network),
        (403, "GatedRepo", "accept its terms", .network),
        (401, nil, "does not accept the token", .network),
        (403, nil, "may not read org/tiny", .network),
        (418, nil, "HF_ENDPOINT", .network),
    ]

    @Test("what the hub refuses is said with what to do", arguments: refusals)
    func statuses(status: Int, code: String?, words: String, expected: TurnoutError.Code) async throws {
        try await HubScene.with(change: {
            $0.listingFaults = [
                { reply in
                    reply = .init(status: .init(statusCode: status))
                    if let code { reply.headers.add(name: "X-Error-Code", value: code) }
                }
            ]
        }) { scene in
            let failure = await scene.failedPull()
            #expect(failure?.code == expected)
            #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
            #expect(failure?.message.contains(HubScene.token) == false)
        }
    }

    @Test("a revision that is not there is named")
    func revision() async throws {
        try await HubScene.with { scene in
            let failure = await scene.failedPull(revision: "v9")
            #expect(failure?.message.contains("no revision 'v9'") == true)
        }
    }

    @Test("a file that is listed but not there is named")
    func missingFile() async throws {
        try await HubScene.with(change: { $0.listed = ["config.json", "gone.safetensors"] }) { scene in
            let failure = await scene.failedPull()
            #expect(failure?.message.contains("no file 'gone.safetensors'") == true)
        }
    }

    @Test(
        "names that lead out of the model's folder are refused before anything is written",
        arguments: [
            "../../etc/passwd", "/etc/passwd", "a/../../b", "a\\..\\b", "a\u{0}b", "C:evil", "a//b", "./a", "", "a\nb",
        ])
    func traversal(name: String) async throws {
        try await HubScene.with(change: { $0.listed = ["config.json", "model.safetensors", name] }) { scene in
            let failure = await scene.failedPull()
            #expect(failure?.code == .invalidData)
            #expect(failure?.message.contains("outside the model's folder") == true)
            #expect(scene.hub.downloads(of: "config.json").isEmpty)
        }
    }

    @Test(
        "something that is not a hub is recognised",
        arguments: ["<html>Sign in</html>", #"{"sha": "../..", "siblings": []}"#])
    func notAHub(body: String) async throws {
        try await HubScene.with(change: { $0.listingFaults = [{ $0 = .init(body: Array(body.utf8)) }] }) { scene in
            let failure = await scene.failedPull()
            #expect(failure?.message.contains("not that of a model hub") == true)
        }
    }

    @Test("redirects in circles end")
    func circles() async throws {
        try await HubScene.with(change: {
            let again: @Sendable (inout LoopbackServer.Reply) -> Void = {
                $0 = .init(status: .temporaryRedirect, headers: ["Location": "/api/models/org/tiny/revision/main"])
            }
            $0.listingFaults = Array(repeating: again, count: 20)
        }) { scene in
            let failure = await scene.failedPull()
            #expect(failure?.message.contains("circles") == true)
        }
    }

    @Test("nobody there is said so")
    func unreachable() async throws {
        // A port that nobody is given by chance.
        try await HubScene.with(["HF_ENDPOINT": "http://127.0.0.1:1"]) { scene in
            let failure = await scene.failedPull()
            #expect(failure?.code == .network)
            #expect(scene.clock.waits.count == 4)
        }
    }

    @Test("a model without safetensors is refused before anything is downloaded")
    func weights() async throws {
        try await HubScene.with(change: { $0.files["model.safetensors"] = nil }) { scene in
            let failure = await scene.failedPull()
            #expect(failure?.code == .unsupported)
            #expect(scene.paths("").isEmpty)
        }
    }

    @Test("a disk without room is noticed before the download")
    func space() async throws {
        try await HubScene.with { scene in
            scene.freeBytes = { _ in 200_000 }
            let failure = await scene.failedPull()
            #expect(failure?.message.contains("needs 300 kB") == true, "\(failure?.message ?? "")")
            #expect(scene.hub.downloads(of: "model.safetensors").isEmpty)
            scene.freeBytes = { _ in 400_000 }
            _ = try await scene.pull()
        }
    }

    @Test("a file where the cache should be is named")
    func notAFolder() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "turnout-file-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try await HubScene.with(["HF_HUB_CACHE": "\(file.path)/cache"]) { scene in
            let failure = await scene.failedPull()
            #expect(failure?.code == .io)
            #expect(failure?.message.contains(file.path) == true, "\(failure?.message ?? "")")
        }
    }

    @Test(
        "the system's refusals become sentences with a remedy",
        arguments: [(ENOSPC, "full"), (EACCES, "permission"), (EROFS, "read-only")])
    func system(code: Int32, words: String) {
        let error = SystemFailure.error(code, "write", "/somewhere")
        #expect(error.message.contains(words) && error.message.contains("HF_HUB_CACHE"))
    }
}
