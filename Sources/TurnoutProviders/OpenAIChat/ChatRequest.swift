package import NIOCore

/// A chat completion request that was scanned once and is otherwise kept as it came.
///
/// Only what routing and relaying need was looked at; everything else travels byte for byte, unknown fields
/// included.
package struct ChatRequest: Sendable {
    /// The body as the client sent it.
    package let body: ByteBuffer
    /// The model asked for; `nil` when none was named.
    package let model: String?
    /// Whether the answer is wanted as a stream.
    package let streams: Bool
    /// Whether the client asked for usage at the end of a stream.
    package let includesUsage: Bool
    /// Whether there is a `messages` array with at least one element.
    package let hasMessages: Bool
    /// Where the model's name stands in the body, quotes included.
    let modelRange: Range<Int>?
    /// Where the text to be routed stands: a string, or an array of content parts.
    let textRange: Range<Int>?

    /// Scans a body.
    ///
    /// - Throws: ``ChatRequestError`` for text that is not JSON, is no object, or repeats or mistypes a field that
    ///   routing depends on.
    /// - Complexity: one pass over the bytes; no field is decoded but the model's name.
    package init(scanning body: ByteBuffer) throws(ChatRequestError) {
        let found = try body.withUnsafeReadableBytes { (bytes) -> Result<ChatRequestScanner, ChatRequestError> in
            var scanner = ChatRequestScanner()
            do throws(ChatRequestError) {
                try scanner.scan(bytes)
                return .success(scanner)
            } catch {
                return .failure(error)
            }
        }.get()
        self.body = body
        self.model = found.model
        self.modelRange = found.modelRange
        self.streams = found.streams
        self.includesUsage = found.includesUsage
        self.hasMessages = found.messageCount > 0
        self.textRange = found.textRange
    }

    /// The text to be routed: the last user message, else the last message of any role, else `prompt`, else empty.
    ///
    /// Of content parts, those of type `text` are joined by line feeds.
    package func promptText() -> String {
        guard let textRange else { return "" }
        return body.withUnsafeReadableBytes { ChatContent.text(in: $0, at: textRange.lowerBound) }
    }

    /// The body with another model's name in place of the one asked for, every other byte untouched.
    ///
    /// A body that names no model is returned as it is.
    package func body(naming name: String) -> ByteBuffer {
        guard let modelRange, name != model else { return body }
        let quoted = JSONText.quoted(name)
        var result = ByteBufferAllocator().buffer(
            capacity: body.readableBytes - modelRange.count + quoted.utf8.count)
        body.withUnsafeReadableBytes { bytes in
            _ = result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<modelRange.lowerBound]))
            result.writeString(quoted)
            _ = result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[modelRange.upperBound...]))
        }
        return result
    }
}

/// Why a request cannot be taken.
package struct ChatRequestError: Error, Equatable, Sendable {
    /// A sentence for the caller, without any part of the request.
    package let message: String
    /// The field at fault, where it is one.
    package let field: String?

    init(_ message: String, field: String? = nil) {
        self.message = message
        self.field = field
    }
}
