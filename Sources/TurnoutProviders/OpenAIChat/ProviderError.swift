package import NIOCore

/// What a provider says of an error, in OpenAI's envelope, Anthropic's, or one of the many like them.
package struct ProviderError: Sendable, Equatable {
    /// A word for programs: `code` where there is one, else `type`.
    package var code: String?
    /// The words for people, cut at 500 characters.
    package var message: String?

    /// Reads a body, or the data of an event; what cannot be read says nothing.
    package init(_ body: ByteBuffer) {
        self = body.withUnsafeReadableBytes { ProviderError($0) }
    }

    /// Reads a body, or the data of an event; what cannot be read says nothing.
    package init(_ data: UnsafeRawBufferPointer) {
        var found = ProviderError()
        var cursor = JSONCursor(data)
        try? cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            let first = cursor.peek()
            if cursor.matches(key, "error"), first == UInt8(ascii: "{") {
                found = ProviderError()
                try found.readFields(&cursor)
            } else if cursor.matches(key, "error") || cursor.matches(key, "message") || cursor.matches(key, "detail"),
                first == UInt8(ascii: "\""), found.message == nil
            {
                found.message = String(cursor.decode(try cursor.readString()).prefix(500))
            } else {
                try cursor.skipValue()
            }
        }
        self = found
    }

    private init() {}

    private mutating func readFields(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        var type: String?
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            guard cursor.peek() == UInt8(ascii: "\"") else {
                try cursor.skipValue()
                return
            }
            let token = try cursor.readString()
            if cursor.matches(key, "message") { message = String(cursor.decode(token).prefix(500)) }
            if cursor.matches(key, "code") { code = String(cursor.decode(token).prefix(100)) }
            if cursor.matches(key, "type") { type = String(cursor.decode(token).prefix(100)) }
        }
        code = code ?? type
    }
}
