import HTTPTypes
import HummingbirdCore
import NIOCore

/// Reads a request body up to a limit, and drops what is beyond it up to another.
struct BodyReader {
    /// Whether the body was read to its end.
    private(set) var isAtEnd = false
    private var iterator: RequestBody.AsyncIterator
    private let limit: Int
    private let announced: Int?
    private let isChunked: Bool
    /// Whether the client waits to be told to send its body.
    private(set) var isAwaited: Bool

    init(_ request: Request, limit: Int) {
        self.iterator = request.body.makeAsyncIterator()
        self.limit = limit
        self.announced = request.headers[.contentLength].flatMap { Int($0) }
        self.isChunked = request.headers[.transferEncoding] != nil
        self.isAwaited = request.headers[.expect]?.lowercased() == "100-continue"
    }

    /// Whether the connection cannot serve another request: so much may still come that reading on is not worth it,
    /// or, from a client that was not told to send its body, nobody knows whether anything will.
    var endsConnection: Bool { !isAtEnd && (isChunked || announced ?? 0 > limit || isAwaited) }

    /// Tells a client that waits for it to send its body, unless the body is announced to be too long.
    @concurrent
    mutating func sendContinue(_ writer: borrowing ResponseWriter) async throws {
        guard isAwaited, announced ?? 0 <= limit else { return }
        isAwaited = false
        try await writer.writeInformationalHead(HTTPResponse(status: .continue))
    }

    /// The body; `nil` when it is longer than the limit.
    @concurrent
    mutating func collect() async throws -> ByteBuffer? {
        guard announced ?? 0 <= limit else { return nil }
        var body = ByteBuffer()
        while let chunk = try await iterator.next() {
            if body.readableBytes + chunk.readableBytes > limit { return nil }
            if body.readableBytes == 0 {
                body = chunk
                if let announced, announced > chunk.readableBytes { body.reserveCapacity(announced) }
            } else {
                body.writeImmutableBuffer(chunk)
            }
        }
        isAtEnd = true
        return body
    }

    /// Reads on and drops what comes.
    @concurrent
    mutating func drain(upTo limit: Int) async throws {
        var dropped = 0
        while dropped < limit, let chunk = try await iterator.next() { dropped += chunk.readableBytes }
    }
}
