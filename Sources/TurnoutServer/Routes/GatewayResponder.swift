import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import TurnoutGateway

/// Turns HTTP requests into calls of the gateway and its replies into HTTP responses.
struct GatewayResponder: Sendable {
    let gateway: Gateway
    let maxBodyBytes: Int
    let logger: Logger

    /// Bytes of a refused body that are read and dropped, so that the client comes to read the refusal.
    private static let drainLimit = 64 << 20

    /// Answers one request.
    ///
    /// - Throws: `CancellationError` or ``GatewayError`` when the connection is to be closed at once.
    @concurrent
    func respond(to request: Request, with writer: consuming ResponseWriter) async throws {
        var body = BodyReader(request, limit: maxBodyBytes)
        let endpoint = Endpoint(method: request.method, path: request.uri.path)
        let reply: Reply
        switch endpoint {
        case .chatCompletions, .embeddings, .route:
            if let refusal = CrossSiteGuard.refusal(of: request.headers) {
                reply = .error(refusal)
                break
            }
            try await body.sendContinue(writer)
            if let bytes = try await body.collect() {
                reply = try await answer(endpoint, bytes, request.headers)
            } else {
                reply = tooLarge()
            }
        case .models: reply = gateway.models()
        case .decision(let id): reply = gateway.decision(id: id)
        case .health: reply = .json("{\"status\":\"ok\"}")
        case .status: reply = gateway.status(headers: request.headers)
        case .wrongMethod(let allowed): reply = wrongMethod(request, allowed: allowed)
        case .unknown: reply = notFound()
        }
        logger.debug("request", metadata: ["endpoint": "\(endpoint)", "status": "\(reply.status)"])
        try await send(reply, isHead: request.method == .head, closes: body.endsConnection, writer)
        guard body.endsConnection else { return }
        if !body.isAwaited { try await body.drain(upTo: Self.drainLimit) }
        throw CancellationError()
    }

    private func answer(_ endpoint: Endpoint, _ body: ByteBuffer, _ headers: HTTPFields) async throws -> Reply {
        switch endpoint {
        case .route: try await gateway.route(body, headers: headers)
        case .embeddings: try await gateway.embeddings(body, headers: headers)
        default: try await gateway.chat(body, headers: headers)
        }
    }

    @concurrent
    private func send(
        _ reply: Reply, isHead: Bool, closes: Bool, _ writer: consuming ResponseWriter
    ) async throws {
        var head = HTTPResponse(status: .init(code: reply.status), headerFields: reply.headers)
        if closes { head.headerFields[.connection] = "close" }
        switch reply.body {
        case .whole(let bytes):
            head.headerFields[.contentLength] = String(bytes.readableBytes)
            if isHead { return try await writer.writeResponse(head) }
            try await writer.write(response: head, body: ResponseBody(byteBuffer: bytes))
        case .relayed(let rest):
            // A client that goes while bytes are on their way to it is known by the write that fails.
            defer { rest.cancel() }
            var body = try await writer.writeHead(head)
            while let chunk = try await rest.next() { try await body.write(chunk) }
            try await body.finish(nil)
        }
    }

    private func tooLarge() -> Reply {
        .error(
            .client(
                status: 413,
                "the request is longer than \(maxBodyBytes) bytes; shorten it, or raise server.max_body_bytes",
                code: "request_too_large"))
    }

    private func wrongMethod(_ request: Request, allowed: String) -> Reply {
        var headers = HTTPFields()
        headers[.allow] = allowed
        return .error(
            .client(status: 405, "this address takes \(allowed) requests only", code: "method_not_allowed"),
            headers: headers)
    }

    private func notFound() -> Reply {
        .error(
            .client(
                status: 404,
                """
                there is nothing at this address; there are POST /v1/chat/completions, POST /v1/embeddings, \
                POST /v1/route, GET /v1/models, GET /v1/decisions/{id}, GET /status and GET /health
                """, code: "not_found"))
    }
}

/// What the gateway offers, by method and path.
enum Endpoint: Equatable, CustomStringConvertible {
    case chatCompletions
    case embeddings
    case route
    case models
    case decision(id: String)
    case health
    case status
    case wrongMethod(allowed: String)
    case unknown

    init(method: HTTPRequest.Method, path: String) {
        let decisions = "/v1/decisions/"
        let (endpoint, allowed): (Endpoint, HTTPRequest.Method) =
            switch path {
            case "/v1/chat/completions": (.chatCompletions, .post)
            case "/v1/embeddings": (.embeddings, .post)
            case "/v1/route": (.route, .post)
            case "/v1/models": (.models, .get)
            case "/health": (.health, .get)
            case "/status": (.status, .get)
            case _ where path.hasPrefix(decisions) && path.count > decisions.count:
                (.decision(id: String(path.dropFirst(decisions.count))), .get)
            default: (.unknown, method)
            }
        let isAllowed = method == allowed || (method == .head && allowed == .get)
        self = isAllowed ? endpoint : .wrongMethod(allowed: allowed.rawValue)
    }

    /// A name for logs; an id is not part of it.
    var description: String {
        switch self {
        case .chatCompletions: "chat.completions"
        case .embeddings: "embeddings"
        case .route: "route"
        case .models: "models"
        case .decision: "decisions"
        case .health: "health"
        case .status: "status"
        case .wrongMethod: "wrong method"
        case .unknown: "unknown"
        }
    }
}
