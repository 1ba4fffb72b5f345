import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TurnoutCore

/// Speaks the part of the hub's protocol that changes a model: the questions that Python's `huggingface_hub` asks, too.
///
/// Knows addresses, bodies and whom the token is for; no retries. It follows no redirect: what is written must not end
/// up elsewhere.
struct HubWriter: Sendable {
    /// How the hub wants a file.
    struct UploadMode: Decodable, Sendable {
        let path: String
        let uploadMode: String
        let shouldIgnore: Bool?
        /// The content that the hub has under this path.
        let oid: String?

        var isLarge: Bool { uploadMode == "lfs" }
    }

    /// What to do with a large file.
    struct LargeObject: Decodable, Sendable {
        struct Action: Decodable, Sendable {
            let href: String
            let header: [String: LooseText]?
        }
        struct Actions: Decodable, Sendable {
            let upload: Action?
            let verify: Action?
        }
        struct Failure: Decodable, Sendable {
            let code: Int
        }
        let oid: String
        let actions: Actions?
        let error: Failure?
    }

    /// A line of a commit.
    enum CommitLine: Sendable {
        case header(summary: String)
        case file(path: String, bytes: [UInt8])
        case largeFile(path: String, sha256: String, size: Int64)
    }

    let http: HTTPClient
    let settings: HubSettings
    let id: RepositoryID
    let revision: Revision

    /// Makes the model, where it does not exist.
    ///
    /// - Returns: Whether it is new.
    /// - Throws: ``HubFailure``, `CancellationError`.
    func create(isPrivate: Bool) async throws -> Bool {
        let parts = id.name.split(separator: "/").map(String.init)
        var fields: [String: Any] = ["name": parts[parts.count - 1], "type": "model"]
        if parts.count == 2 { fields["organization"] = parts[0] }
        if isPrivate { (fields["private"], fields["visibility"]) = (true, "private") }
        do {
            _ = try await post("/api/repos/create", json: fields)
            return true
        } catch let refusal as HubRefusal where refusal.status == 409 {
            return false
        } catch let refusal as HubRefusal where refusal.status == 403 {
            // A token for one model may write that one, and make none.
            guard try await exists() else { throw refusal }
            return false
        }
    }

    private func exists() async throws -> Bool {
        do {
            _ = try await send(.GET, settings.endpoint + "/api/models/\(id)", type: "application/json", body: nil)
            return true
        } catch let refusal as HubRefusal where [401, 403, 404].contains(refusal.status) {
            return false
        }
    }

    /// Asks how the hub wants files, and what it has.
    ///
    /// - Throws: ``HubFailure``, `CancellationError`.
    func modes(of files: [LocalFile]) async throws -> [UploadMode] {
        struct Answer: Decodable { let files: [UploadMode] }
        let entries = files.map {
            ["path": $0.name, "sample": Data($0.sample).base64EncodedString(), "size": $0.size] as [String: Any]
        }
        let bytes = try await post("/api/models/\(id)/preupload/\(branch)", json: ["files": entries])
        return try decode(Answer.self, bytes).files
    }

    /// Asks where large files go.
    ///
    /// - Throws: ``HubFailure``, `CancellationError`.
    func places(of files: [LocalFile]) async throws -> [LargeObject] {
        struct Answer: Decodable { let objects: [LargeObject] }
        let fields: [String: Any] = [
            "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256",
            "ref": ["name": revision.name],
            "objects": files.map { ["oid": $0.sha256, "size": $0.size] as [String: Any] },
        ]
        let bytes = try await post("/\(id).git/info/lfs/objects/batch", json: fields, type: Self.lfs)
        return try decode(Answer.self, bytes).objects
    }

    /// Commits what was sent and the small files themselves.
    ///
    /// - Returns: The commit.
    /// - Throws: ``HubFailure``, `CancellationError`.
    func commit(_ lines: [CommitLine]) async throws -> String {
        struct Answer: Decodable { let commitOid: String }
        var body: [UInt8] = []
        for line in lines { body += try line.json() + [UInt8(ascii: "\n")] }
        let bytes = try await send(
            .POST, settings.endpoint + "/api/models/\(id)/commit/\(branch)", type: "application/x-ndjson",
            body: .bytes(body)
        ).bytes
        return try decode(Answer.self, bytes).commitOid
    }

    /// Sends bytes or a question to an address that the hub named.
    ///
    /// - Returns: The answer's `ETag`.
    /// - Throws: ``HubFailure``, `CancellationError`.
    @discardableResult
    func put(
        _ address: String, _ file: LocalFile, from start: Int64, count: Int64, headers: [String: String],
        moved: @escaping @Sendable (Int64) -> Void
    ) async throws -> String? {
        let blocks = FileBlocks(file: file, start: start, count: count, moved: moved)
        return try await send(
            .PUT, address, type: nil, body: .stream(blocks, length: .known(count)), headers: headers
        ).etag
    }

    /// Posts JSON to an address that the hub named.
    ///
    /// - Parameters:
    ///   - address: Where.
    ///   - json: What.
    ///   - isSigned: Whether the address itself proves who asks, so that no token is sent.
    /// - Throws: ``HubFailure``, `CancellationError`.
    func tell(_ address: String, json: [UInt8], isSigned: Bool) async throws {
        _ = try await send(.POST, address, type: Self.lfs, body: .bytes(json), isSigned: isSigned)
    }

    // MARK: - Requests

    private static let lfs = "application/vnd.git-lfs+json"

    private var branch: String { HubClient.escaped(revision.name, keepingSlashes: false) }

    private func post(_ path: String, json: [String: Any], type: String = "application/json") async throws -> [UInt8] {
        try await send(.POST, settings.endpoint + path, type: type, body: .bytes(try Self.encode(json))).bytes
    }

    private func send(
        _ method: HTTPMethod, _ address: String, type: String?, body: HTTPClientRequest.Body?,
        headers: [String: String] = [:], isSigned: Bool = false
    ) async throws -> (bytes: [UInt8], etag: String?) {
        guard let url = URL(string: address), let origin = Origin(url),
            let home = URL(string: settings.endpoint).flatMap(Origin.init), !home.isDowngraded(to: origin)
        else { throw HubFailure(.permanent(.network), "the hub leads to an address that is not valid") }
        var request = HTTPClientRequest(url: address)
        request.method = method
        request.body = body
        request.headers.add(name: "user-agent", value: "turnout/\(turnoutVersion)")
        if let type {
            request.headers.add(name: "content-type", value: type)
            request.headers.add(name: "accept", value: type == Self.lfs ? Self.lfs : "application/json")
        }
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        // What is signed needs no token, and must not get it.
        if let token = settings.token, origin == home, !isSigned {
            request.headers.replaceOrAdd(name: "authorization", value: "Bearer \(token.reveal())")
        }
        let final = request
        return try await HubClient.catching {
            let response = try await http.execute(final, deadline: .distantFuture)
            let answer = try await response.body.collect(upTo: 16 << 20)
            guard (200..<300).contains(response.status.code) else {
                throw HubRefusal(
                    status: Int(response.status.code), retryAfter: response.headers.first(name: "retry-after"),
                    endpoint: settings.endpoint, id: id, isOfStore: origin != home || isSigned)
            }
            return ([UInt8](answer.readableBytesView), response.headers.first(name: "etag"))
        }
    }

    private static func encode(_ fields: [String: Any]) throws -> [UInt8] {
        [UInt8](try JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes]))
    }

    private func decode<Answer: Decodable>(_ type: Answer.Type, _ bytes: [UInt8]) throws -> Answer {
        guard let answer = try? JSONDecoder().decode(type, from: Data(bytes)) else {
            throw HubFailure(
                .permanent(.network),
                "the answer of \(settings.endpoint) is not that of a model hub; check HF_ENDPOINT, and that it takes uploads"
            )
        }
        return answer
    }
}

/// Text, or a number that some hubs send instead.
struct LooseText: Decodable, Sendable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else {
            self.text = String(try container.decode(Int.self))
        }
    }
}

extension HubWriter.CommitLine {
    /// One line of JSON.
    func json() throws -> [UInt8] {
        let (key, value): (String, [String: Any]) =
            switch self {
            case .header(let summary): ("header", ["summary": summary, "description": ""])
            case .file(let path, let bytes):
                ("file", ["path": path, "encoding": "base64", "content": Data(bytes).base64EncodedString()])
            case .largeFile(let path, let sha256, let size):
                ("lfsFile", ["path": path, "algo": "sha256", "oid": sha256, "size": size])
            }
        return [UInt8](
            try JSONSerialization.data(
                withJSONObject: ["key": key, "value": value], options: [.sortedKeys, .withoutEscapingSlashes]))
    }
}

/// A part of a file as the body of a request.
private struct FileBlocks: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let file: LocalFile
    let start: Int64
    let count: Int64
    let moved: @Sendable (Int64) -> Void

    struct AsyncIterator: AsyncIteratorProtocol {
        let sequence: FileBlocks
        var blocks: LocalFile.Blocks?

        mutating func next() async throws -> ByteBuffer? {
            if blocks == nil { blocks = try sequence.file.blocks(from: sequence.start, count: sequence.count) }
            guard let block = try blocks?.next() else { return nil }
            sequence.moved(Int64(block.count))
            return ByteBuffer(bytes: block)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(sequence: self) }
}
