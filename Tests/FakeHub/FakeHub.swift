import Crypto
import Foundation
import NIOHTTP1
import Synchronization

/// A model hub on this machine, with a content network on a second origin for large files.
package final class FakeHub: Sendable {
    /// A file of the model.
    package struct File: Sendable {
        package var bytes: [UInt8]
        /// Large files lie in the content network and are named by their SHA-256.
        package var isLarge: Bool
        /// What the hub calls the content, where that is not its checksum.
        package var etag: String?

        /// Describes a file.
        package init(bytes: [UInt8], isLarge: Bool = false, etag: String? = nil) {
            (self.bytes, self.isLarge, self.etag) = (bytes, isLarge, etag)
        }

        /// The content's checksum, or what it is called instead.
        package var name: String {
            if let etag { return etag }
            if isLarge { return SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined() }
            let blob = Array("blob \(bytes.count)\0".utf8) + bytes
            return Insecure.SHA1.hash(data: blob).map { String(format: "%02x", $0) }.joined()
        }
    }

    /// What the hub has, and how it is to misbehave.
    package struct State: Sendable {
        package var id = "org/tiny"
        package var commit = String(repeating: "c", count: 40)
        package var revisions: Set<String> = ["main"]
        package var files: [String: File] = [:]
        package var listed: [String]?
        /// Changes the next answers to `GET`s of a file, one each.
        package var faults: [String: [@Sendable (inout LoopbackServer.Reply) -> Void]] = [:]
        /// Changes the next answers to anything else, one each.
        package var listingFaults: [@Sendable (inout LoopbackServer.Reply) -> Void] = []
        /// What was uploaded.
        package var uploads = Uploads()
        /// Runs before every answer, with what was asked.
        package var onRequest: (@Sendable (inout State, LoopbackServer.Request) -> Void)?

        /// A hub without files.
        package init() {}
    }

    private final class Shared: Sendable {
        let state: Mutex<State>
        init(_ state: State) { self.state = Mutex(state) }
    }

    private let shared: Shared
    /// Where lists and small files are.
    package let hub: LoopbackServer
    /// Where large files are.
    package let network: LoopbackServer

    /// Starts both servers.
    package init(_ state: State) async throws {
        let shared = Shared(state)
        self.shared = shared
        let network = try await LoopbackServer { request in
            shared.state.withLock { state in
                state.onRequest?(&state, request)
                if request.method == .PUT { return Self.store(request, &state) }
                if request.path.hasPrefix("/verify/") { return Self.verify(request, state) }
                let path = String(request.path.dropFirst())
                guard let file = state.files[path] else { return .init(status: .notFound) }
                return Self.serve(path, file, etag: "\"s3-\(file.name.prefix(8))\"", request, &state)
            }
        }
        self.network = network
        hub = try await LoopbackServer { [address = network.address] request in
            shared.state.withLock { state in
                state.onRequest?(&state, request)
                let home = "http://\(request.headers.first(name: "host") ?? "")"
                return Self.upload(request, &state, network: address, hub: home)
                    ?? Self.answer(request, &state, network: address)
            }
        }
    }

    /// Stops both servers.
    package func close() async {
        await hub.close()
        await network.close()
    }

    /// What the hub has now.
    package var state: State { shared.state.withLock { $0 } }

    /// Changes what the hub has while it runs.
    package func change(_ body: @Sendable (inout State) -> Void) { shared.state.withLock { body(&$0) } }

    /// How often a file's bytes were asked for, here or there.
    package func downloads(of path: String) -> [LoopbackServer.Request] {
        let (id, commit) = shared.state.withLock { ($0.id, $0.commit) }
        return (hub.requests + network.requests).filter {
            $0.method == .GET && ["/\(id)/resolve/\(commit)/\(path)", "/\(path)"].contains($0.path)
        }
    }

    private static func answer(_ request: LoopbackServer.Request, _ state: inout State, network: String)
        -> LoopbackServer.Reply
    {
        let path = request.path.removingPercentEncoding ?? request.path
        let (api, resolve) = ("/api/models/\(state.id)/revision/", "/\(state.id)/resolve/\(state.commit)/")
        if path.hasPrefix(api) {
            var reply = listing(String(path.dropFirst(api.count)), state)
            if !state.listingFaults.isEmpty { state.listingFaults.removeFirst()(&reply) }
            return reply
        }
        if path.hasPrefix("/api/models/\(state.id)/tree/") { return tree(state) }
        let roots = [resolve] + state.revisions.map { "/\(state.id)/resolve/\($0)/" }
        guard let root = roots.first(where: path.hasPrefix) else {
            return .init(status: .notFound, headers: ["X-Error-Code": "RepoNotFound"])
        }
        let name = String(path.dropFirst(root.count))
        guard let file = state.files[name] else {
            return .init(status: .notFound, headers: ["X-Error-Code": "EntryNotFound"])
        }
        guard file.isLarge else {
            var reply = serve(name, file, etag: "\"\(file.name)\"", request, &state)
            reply.headers.add(name: "X-Repo-Commit", value: state.commit)
            return reply
        }
        return .init(
            status: .found,
            headers: [
                "Location": "\(network)/\(name)?X-Signature=abc%2Fdef", "X-Repo-Commit": state.commit,
                "X-Linked-Etag": "\"\(file.name)\"", "X-Linked-Size": "\(file.bytes.count)", "ETag": "\"pointer\"",
            ])
    }

    private static func listing(_ revision: String, _ state: State) -> LoopbackServer.Reply {
        guard state.revisions.contains(revision) || revision == state.commit else {
            return .init(status: .notFound, headers: ["X-Error-Code": "RevisionNotFound"])
        }
        let siblings = (state.listed ?? state.files.keys.sorted()).map { ["rfilename": $0] }
        let object: [String: Any] = ["id": state.id, "sha": state.commit, "siblings": siblings]
        return .init(body: (try? JSONSerialization.data(withJSONObject: object)).map(Array.init) ?? [])
    }

    /// All files with their sizes and checksums, which only Python asks for.
    private static func tree(_ state: State) -> LoopbackServer.Reply {
        let entries = state.files.map { path, file -> [String: Any] in
            let large: [String: Any] = ["oid": file.name, "size": file.bytes.count, "pointerSize": 130]
            return ["type": "file", "path": path, "size": file.bytes.count, "oid": file.name]
                .merging(file.isLarge ? ["lfs": large] : [:]) { $1 }
        }
        return .init(body: (try? JSONSerialization.data(withJSONObject: entries)).map(Array.init) ?? [])
    }

    private static func serve(
        _ path: String, _ file: File, etag: String, _ request: LoopbackServer.Request, _ state: inout State
    ) -> LoopbackServer.Reply {
        var reply = LoopbackServer.Reply(headers: ["ETag": etag], body: file.bytes)
        let range = request.headers.first(name: "range")?.wholeMatch(of: /bytes=(\d+)-/).flatMap { Int($0.1) }
        let condition = request.headers.first(name: "if-range")
        if let range, condition == nil || condition == etag {
            if range >= file.bytes.count {
                reply = .init(status: .rangeNotSatisfiable, headers: ["ETag": etag])
            } else {
                reply.status = .partialContent
                reply.body = Array(file.bytes[range...])
                reply.headers.add(
                    name: "Content-Range", value: "bytes \(range)-\(file.bytes.count - 1)/\(file.bytes.count)")
            }
        }
        if request.method == .GET, let fault = state.faults[path]?.first {
            state.faults[path]?.removeFirst()
            fault(&reply)
        }
        return reply
    }
}
