package import HTTPTypes
package import NIOCore

/// What the client gets.
package struct Reply {
    /// A body that is there, or one that is still coming.
    package enum Body {
        /// All of it.
        case whole(ByteBuffer)
        /// The rest is pulled from the provider while it is sent.
        case relayed(RelayBody)
    }

    /// The HTTP status.
    package var status: Int
    /// The headers, without those of the connection.
    package var headers: HTTPFields
    /// The body.
    package var body: Body

    /// Describes a reply.
    package init(status: Int, headers: HTTPFields, body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON text.
    package static func json(_ text: String, status: Int = 200, headers: HTTPFields = [:]) -> Reply {
        var headers = headers
        headers[.contentType] = "application/json"
        return Reply(status: status, headers: headers, body: .whole(ByteBuffer(string: text)))
    }

    /// An error in OpenAI's envelope.
    package static func error(_ error: GatewayError, headers: HTTPFields = [:]) -> Reply {
        var headers = headers
        headers[.retryAfter] = error.retryAfter
        return json(ErrorEnvelope.json(error), status: error.status, headers: headers)
    }
}
