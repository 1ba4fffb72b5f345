import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TurnoutCore

/// Speaks the hub's protocol.
///
/// Knows addresses, headers, redirects and whom the token is for; no files, no retries.
struct HubClient: Sendable {
    /// What a model has at a revision.
    struct Listing: Sendable {
        let commit: String
        let paths: [RemotePath]
    }

    /// A file at a commit, before its bytes.
    struct Metadata: Sendable {
        let path: RemotePath
        let blob: BlobName
        let size: Int64?
        /// The validator of whoever serves the bytes, where the hub does so itself.
        let validators: Validators
    }

    /// Strong ETags, as they were sent, by who sent them: what `If-Range` may say to whom.
    typealias Validators = [Origin: String]

    /// The beginning of a file's bytes, or of their rest.
    struct Download {
        let reply: RangeReply
        let blob: BlobName?
        let validators: Validators
        let body: HTTPClientResponse.Body
    }

    private struct Answer {
        let url: URL
        let response: HTTPClientResponse
        let linkedETag: String?
        let commit: String?

        var isRedirect: Bool { [301, 302, 303, 307, 308].contains(response.status.code) }

        /// The content's name: what the hub says of a file that lies elsewhere, else what it says of its own response.
        var blob: BlobName? { BlobName(etag: linkedETag ?? response.headers.first(name: "etag")) }

        var validators: Validators {
            guard let origin = Origin(url), let etag = response.headers.first(name: "etag"), etag.hasPrefix("\"") else {
                return [:]
            }
            return [origin: etag]
        }
    }

    private let http: HTTPClient
    private let settings: HubSettings
    private let id: RepositoryID

    init(http: HTTPClient, settings: HubSettings, id: RepositoryID) {
        self.http = http
        self.settings = settings
        self.id = id
    }

    /// A client that follows no redirect by itself and gives up on silence.
    ///
    /// - Parameters:
    ///   - settings: The environment's.
    ///   - patience: How long a silence may last; by default as long as the settings say.
    /// - Returns: The client; whoever asked for it shuts it down.
    /// - Throws: ``TurnoutError`` with code `.invalidConfiguration` when the environment's proxy is none.
    static func makeHTTP(_ settings: HubSettings, patience: Duration? = nil) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .seconds(10), read: TimeAmount(patience ?? settings.silence))
        configuration.proxy = try settings.proxy?.forClient()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Asks for the commit and the files of a revision.
    ///
    /// - Throws: ``HubFailure``; ``TurnoutError`` with code `.invalidData` for unsafe names; `CancellationError`.
    func listing(of revision: Revision) async throws -> Listing {
        struct Information: Decodable {
            struct Sibling: Decodable { let rfilename: String }
            let sha: String
            let siblings: [Sibling]
        }
        let path = "/api/models/\(id)/revision/\(Self.escaped(revision.name, keepingSlashes: false))"
        let question = question(revision.name)
        let answer = try await ask(.GET, path, question: question)
        guard answer.response.status == .ok else { throw Self.refusal(answer.response, question) }
        let body = try await Self.catching { try await answer.response.body.collect(upTo: 64 << 20) }
        guard let information = try? JSONDecoder().decode(Information.self, from: Data(body.readableBytesView)),
            Revision.isCommit(information.sha)
        else { throw notAHub }
        let names = Set(information.siblings.map(\.rfilename))
        return Listing(commit: information.sha, paths: try names.map { try RemotePath($0) }.sorted())
    }

    /// Asks for the name and the size of a file's content.
    ///
    /// - Throws: ``HubFailure``, `CancellationError`.
    func metadata(of path: RemotePath, commit: String) async throws -> Metadata {
        let question = question(commit, path)
        let answer = try await ask(.HEAD, resolve(path, commit), question: question)
        guard answer.response.status == .ok || answer.isRedirect else { throw Self.refusal(answer.response, question) }
        guard answer.commit == commit, let blob = answer.blob else { throw notAHub }
        let headers = answer.response.headers
        let announced = answer.isRedirect ? nil : headers.first(name: "content-length")
        return Metadata(
            path: path, blob: blob,
            size: (headers.first(name: "x-linked-size") ?? announced).flatMap { Int64($0) }.flatMap {
                $0 < 0 ? nil : $0
            },
            validators: answer.isRedirect ? [:] : answer.validators)
    }

    /// Asks for a file's bytes from an offset on, and returns as soon as the head of the response is there.
    ///
    /// - Throws: ``HubFailure``, `CancellationError`.
    func download(_ file: Metadata, commit: String, from offset: Int64, validators: Validators) async throws -> Download
    {
        let question = question(commit, file.path)
        let answer = try await ask(
            .GET, resolve(file.path, commit), question: question, range: offset > 0 ? offset : nil,
            validators: validators)
        guard [200, 206, 416].contains(answer.response.status.code) else {
            throw Self.refusal(answer.response, question)
        }
        let headers = answer.response.headers
        let reply = RangeReply(
            status: Int(answer.response.status.code), contentRange: headers.first(name: "content-range"),
            contentLength: headers.first(name: "content-length").flatMap { Int64($0) }, offset: offset, size: file.size)
        return Download(reply: reply, blob: answer.blob, validators: answer.validators, body: answer.response.body)
    }

    /// Sends a request and follows redirects by hand: the token goes to the hub's own origin and to no other.
    ///
    /// A `HEAD` stops at a redirect to elsewhere that already says what the file is, as the hub's do.
    private func ask(
        _ method: HTTPMethod, _ path: String, question: HubQuestion, range: Int64? = nil, validators: Validators = [:]
    ) async throws -> Answer {
        guard let start = URL(string: settings.endpoint + path), let home = Origin(start) else { throw notAHub }
        var (url, linkedETag, commit): (URL, String?, String?) = (start, nil, nil)
        for _ in 0..<10 {
            guard let origin = Origin(url) else { break }
            var request = HTTPClientRequest(url: url.absoluteString)
            request.method = method
            request.headers.add(name: "user-agent", value: "turnout/\(turnoutVersion)")
            request.headers.add(name: "accept-encoding", value: "identity")
            if let token = settings.token, origin == home {
                request.headers.add(name: "authorization", value: "Bearer \(token.reveal())")
            }
            if let range {
                request.headers.add(name: "range", value: "bytes=\(range)-")
                if let validator = validators[origin] { request.headers.add(name: "if-range", value: validator) }
            }
            let response = try await Self.catching { [http] in try await http.execute(request, deadline: .distantFuture)
            }
            linkedETag = linkedETag ?? response.headers.first(name: "x-linked-etag")
            commit = commit ?? response.headers.first(name: "x-repo-commit")
            let answer = Answer(url: url, response: response, linkedETag: linkedETag, commit: commit)
            guard answer.isRedirect, let location = response.headers.first(name: "location") else { return answer }
            guard let next = URL(string: location, relativeTo: url)?.absoluteURL, let target = Origin(next),
                !origin.isDowngraded(to: target)
            else { break }
            if method == .HEAD, target != home, linkedETag != nil { return answer }
            // Reading the little there is lets the connection be used again.
            _ = try? await response.body.collect(upTo: 1 << 16)
            url = next
        }
        throw HubFailure(
            .permanent(.network),
            "the hub at \(settings.endpoint) redirects to nowhere, in circles, or from https to http")
    }

    private func question(_ revision: String, _ file: RemotePath? = nil) -> HubQuestion {
        HubQuestion(
            endpoint: settings.endpoint, id: id, revision: revision, file: file, hasToken: settings.token != nil)
    }

    private func resolve(_ path: RemotePath, _ commit: String) -> String {
        "/\(id)/resolve/\(commit)/\(Self.escaped(path.text, keepingSlashes: true))"
    }

    private var notAHub: HubFailure {
        HubFailure(
            .permanent(.network),
            "the answer of \(settings.endpoint) is not that of a model hub; check HF_ENDPOINT, and that no proxy or "
                + "sign-in page stands in between")
    }

    static func escaped(_ text: String, keepingSlashes: Bool) -> String {
        var plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        if keepingSlashes { plain.insert("/") }
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
    }

    private static func refusal(_ response: HTTPClientResponse, _ question: HubQuestion) -> HubFailure {
        question.refusal(
            status: Int(response.status.code), code: response.headers.first(name: "x-error-code"),
            retryAfter: response.headers.first(name: "retry-after"))
    }

    /// Runs something that uses the network and names its failures.
    static func catching<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch {
            throw NetworkFailure.named(error)
        }
    }
}
