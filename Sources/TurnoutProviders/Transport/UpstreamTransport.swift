package import HTTPTypes
package import NIOCore

/// How a request reaches a provider.
///
/// The gateway knows nothing else of sockets.
package protocol UpstreamTransport: Sendable {
    /// Sends a request and returns as soon as the provider's response head is there.
    ///
    /// Cancelling the task cancels the request at the provider; so does dropping the response's body.
    ///
    /// - Throws: ``UpstreamFailure`` when there is no response, `CancellationError` when the task was cancelled.
    func send(_ request: UpstreamRequest) async throws -> UpstreamResponse
}

/// A request as it leaves for a provider.
package struct UpstreamRequest: Sendable {
    /// Which of the provider's endpoints it is for, relative to the base address: `chat/completions`.
    package var endpoint: String
    /// The few headers of the client that travel on; see ``ForwardedHeaders``.
    package var headers: HTTPFields
    /// The body.
    package var body: ByteBuffer
    /// Whether the answer is wanted as a stream.
    package var streams: Bool

    /// Describes a request.
    package init(endpoint: String, headers: HTTPFields = [:], body: ByteBuffer, streams: Bool) {
        self.endpoint = endpoint
        self.headers = headers
        self.body = body
        self.streams = streams
    }
}

/// A provider's response: its head at once, its body bit by bit.
package struct UpstreamResponse {
    /// The HTTP status.
    package var status: Int
    /// Headers for the client, without those of the connection.
    package var headers: HTTPFields
    /// The body; it can be read once.
    package var body: UpstreamBody

    /// Describes a response.
    package init(status: Int, headers: HTTPFields, body: UpstreamBody) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Whether the body is a stream of server-sent events.
    package var isEventStream: Bool {
        headers[.contentType]?.lowercased().hasPrefix("text/event-stream") ?? false
    }
}

/// A response body, read chunk by chunk in the order of arrival.
package struct UpstreamBody: AsyncSequence, AsyncIteratorProtocol {
    private let read: () async throws -> ByteBuffer?

    /// Reads chunks from a closure until it returns `nil`.
    ///
    /// - Parameter read: Throws ``UpstreamFailure`` when the provider breaks off.
    package init(_ read: @escaping () async throws -> ByteBuffer?) {
        self.read = read
    }

    /// A body that is there already.
    package init(_ chunks: [ByteBuffer]) {
        var remaining = chunks[...]
        self.init { remaining.popFirst() }
    }

    /// The next chunk; `nil` at the end.
    package func next() async throws -> ByteBuffer? { try await read() }

    /// The body itself.
    package func makeAsyncIterator() -> UpstreamBody { self }
}
