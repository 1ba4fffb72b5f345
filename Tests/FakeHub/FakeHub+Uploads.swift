import Crypto
import Foundation
import NIOHTTP1

extension FakeHub {
    /// What was uploaded, and how uploads are to go wrong.
    package struct Uploads: Sendable {
        /// Whether the model is there before anybody makes it.
        package var exists = true
        /// What the model was made with.
        package var isPrivate: Bool?
        /// The only token that may write.
        package var token: String?
        /// Files of at least so many bytes lie in the content network, and all that are not UTF-8.
        package var largeBytes = 10_000
        /// Bytes of a part, where large files come in parts.
        package var partBytes: Int?
        /// Whether the store, and not the hub, is asked whether a large file is there.
        package var storeVerifies = false
        /// The lines of every commit, decoded.
        package var commits: [[String]] = []
        /// Changes the next answers of a step (`create`, `preupload`, `batch`, `put`, `complete`, `verify`, `commit`).
        package var faults: [String: [@Sendable (inout LoopbackServer.Reply) -> Void]] = [:]
        /// Contents that came, by SHA-256.
        package var contents: [String: [UInt8]] = [:]
        var parts: [String: [Int: [UInt8]]] = [:]

        /// Nothing yet.
        package init() {}
    }

    /// What a request to write is answered; `nil` for one that is none.
    static func upload(_ request: LoopbackServer.Request, _ state: inout State, network: String, hub: String)
        -> LoopbackServer.Reply?
    {
        let path = request.path.removingPercentEncoding ?? request.path
        let model = "/api/models/\(state.id)"
        let step: String
        switch path {
        case "/api/repos/create": step = "create"
        case model where request.method == .GET: step = "info"
        case "/api/validate-yaml": return .init(body: Array(#"{"warnings":[],"errors":[]}"#.utf8))
        case "/\(state.id).git/info/lfs/objects/batch": step = "batch"
        case _ where path.hasPrefix("\(model)/preupload/"): step = "preupload"
        case _ where path.hasPrefix("\(model)/commit/"): step = "commit"
        case _ where path.hasPrefix("/complete/"): step = "complete"
        case _ where path.hasPrefix("/verify/"): step = "verify"
        default: return nil
        }
        // The address of a completion is signed: Python's library sends it no token, and ours must not need to.
        if step == "complete", request.headers.first(name: "authorization") != nil { return .init(status: .badRequest) }
        if step != "complete", let token = state.uploads.token,
            request.headers.first(name: "authorization") != "Bearer \(token)"
        {
            return .init(status: .unauthorized)
        }
        if let fault = state.uploads.faults[step]?.first {
            state.uploads.faults[step]?.removeFirst()
            var reply = LoopbackServer.Reply()
            fault(&reply)
            return reply
        }
        let fields = (try? JSONSerialization.jsonObject(with: Data(request.body))) as? [String: Any] ?? [:]
        return switch step {
        case "create": create(fields, &state, hub: hub)
        case "info": state.uploads.exists ? json(["id": state.id]) : .init(status: .notFound)
        case "preupload": preupload(fields, state)
        case "batch": batch(fields, state, network: network, hub: hub)
        case "complete": complete(String(path.dropFirst("/complete/".count)), fields, &state)
        case "verify": verify(fields, state)
        default: commit(request.body, &state, hub: hub)
        }
    }

    /// Takes the bytes of a large file, or of a part of one.
    static func store(_ request: LoopbackServer.Request, _ state: inout State) -> LoopbackServer.Reply {
        if let fault = state.uploads.faults["put"]?.first {
            state.uploads.faults["put"]?.removeFirst()
            var reply = LoopbackServer.Reply()
            fault(&reply)
            return reply
        }
        // A store that is asked by signature refuses any other proof.
        guard request.headers.first(name: "authorization") == nil else { return .init(status: .badRequest) }
        let names = request.path.split(separator: "/").map(String.init)
        if names.count == 3, let number = Int(names[2]) {
            state.uploads.parts[names[1], default: [:]][number] = request.body
        } else if names.count == 2, sha256(request.body) == names[1] {
            state.uploads.contents[names[1]] = request.body
        } else {
            return .init(status: .badRequest)
        }
        return .init(headers: ["ETag": "\"part-\(sha256(request.body).prefix(8))\""])
    }

    private static func create(_ fields: [String: Any], _ state: inout State, hub: String) -> LoopbackServer.Reply {
        let name = [fields["organization"], fields["name"]].compactMap { $0 as? String }.joined(separator: "/")
        guard name == state.id else { return .init(status: .forbidden) }
        guard !state.uploads.exists else { return .init(status: .conflict) }
        state.uploads.exists = true
        state.uploads.isPrivate = fields["private"] as? Bool ?? (fields["visibility"] as? String == "private")
        return json(["url": "\(hub)/\(name)", "name": name])
    }

    private static func preupload(_ fields: [String: Any], _ state: State) -> LoopbackServer.Reply {
        guard state.uploads.exists else { return .init(status: .notFound, headers: ["X-Error-Code": "RepoNotFound"]) }
        let files = (fields["files"] as? [[String: Any]] ?? []).map { file -> [String: Any] in
            let (path, size) = (file["path"] as? String ?? "", file["size"] as? Int ?? 0)
            let sample = Data(base64Encoded: file["sample"] as? String ?? "") ?? Data()
            let isLarge = size >= state.uploads.largeBytes || String(validating: sample, as: UTF8.self) == nil
            let oid: [String: Any] = state.files[path].map { ["oid": $0.name] } ?? [:]
            return ["path": path, "uploadMode": isLarge ? "lfs" : "regular", "shouldIgnore": false]
                .merging(oid) { $1 }
        }
        return json(["files": files])
    }

    private static func batch(_ fields: [String: Any], _ state: State, network: String, hub: String)
        -> LoopbackServer.Reply
    {
        guard fields["operation"] as? String == "upload", fields["hash_algo"] as? String == "sha256" else {
            return .init(status: .unprocessableEntity)
        }
        let objects = (fields["objects"] as? [[String: Any]] ?? []).map { object -> [String: Any] in
            guard let oid = object["oid"] as? String, let size = object["size"] as? Int,
                state.uploads.contents[oid] == nil
            else { return object }
            var upload: [String: Any] = ["href": "\(network)/upload/\(oid)?X-Signature=abc%2Fdef"]
            if let part = state.uploads.partBytes {
                var header = ["chunk_size": "\(part)"]
                for number in 1...max(1, (size + part - 1) / part) {
                    header[String(format: "%05d", number)] = "\(network)/upload/\(oid)/\(number)?X-Signature=abc"
                }
                upload = ["href": "\(hub)/complete/\(oid)", "header": header]
            }
            let verify = ["href": "\(state.uploads.storeVerifies ? network : hub)/verify/\(oid)"]
            return object.merging(["actions": ["upload": upload, "verify": verify]]) { $1 }
        }
        return json(["transfer": state.uploads.partBytes == nil ? "basic" : "multipart", "objects": objects])
    }

    private static func complete(_ oid: String, _ fields: [String: Any], _ state: inout State) -> LoopbackServer.Reply {
        let parts = (state.uploads.parts[oid] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        let named = (fields["parts"] as? [[String: Any]] ?? []).compactMap { $0["etag"] as? String }
        guard named == parts.map({ "\"part-\(sha256($0).prefix(8))\"" }), sha256(parts.flatMap { $0 }) == oid else {
            return .init(status: .badRequest)
        }
        state.uploads.contents[oid] = parts.flatMap { $0 }
        return json([:])
    }

    /// Whether a large file came, asked of the store, which the token is not for.
    static func verify(_ request: LoopbackServer.Request, _ state: State) -> LoopbackServer.Reply {
        guard request.headers.first(name: "authorization") == nil else { return .init(status: .badRequest) }
        let fields = (try? JSONSerialization.jsonObject(with: Data(request.body))) as? [String: Any]
        return verify(fields ?? [:], state)
    }

    private static func verify(_ fields: [String: Any], _ state: State) -> LoopbackServer.Reply {
        let content = state.uploads.contents[fields["oid"] as? String ?? ""]
        return content?.count == fields["size"] as? Int ? json([:]) : .init(status: .notFound)
    }

    private static func commit(_ body: [UInt8], _ state: inout State, hub: String) -> LoopbackServer.Reply {
        var lines: [String] = []
        for line in body.split(separator: UInt8(ascii: "\n")) {
            guard let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any],
                let key = object["key"] as? String, let value = object["value"] as? [String: Any]
            else { return .init(status: .badRequest) }
            let path = value["path"] as? String ?? ""
            switch key {
            case "header": lines.append("header \(value["summary"] ?? "")")
            case "file":
                guard let bytes = Data(base64Encoded: value["content"] as? String ?? "") else {
                    return .init(status: .badRequest)
                }
                state.files[path] = File(bytes: [UInt8](bytes))
                lines.append("file \(path)")
            case "lfsFile":
                guard let bytes = state.uploads.contents[value["oid"] as? String ?? ""] else {
                    return .init(status: .badRequest)
                }
                state.files[path] = File(bytes: bytes, isLarge: true)
                lines.append("lfsFile \(path)")
            default: return .init(status: .badRequest)
            }
        }
        state.uploads.commits.append(lines)
        return json([
            "success": true, "commitOid": state.commit, "commitUrl": "\(hub)/\(state.id)/commit/\(state.commit)",
        ])
    }

    private static func json(_ object: [String: Any]) -> LoopbackServer.Reply {
        .init(
            headers: ["content-type": "application/json"],
            body: (try? JSONSerialization.data(withJSONObject: object)).map(Array.init) ?? [])
    }

    private static func sha256(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
    }
}
