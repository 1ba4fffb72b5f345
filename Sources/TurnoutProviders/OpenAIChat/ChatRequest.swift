package import NIOCore

/// A chat completion request that was scanned once and is otherwise kept as it came.
///
/// Only what routing and relaying need was looked at; everything else travels byte for byte, unknown fields
/// included.
package struct ChatRequest: ModelRequest {
    package static let endpoint = "chat/completions"

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
    let messagesRange: Range<Int>?
    let streamOptionsRange: Range<Int>?
    let includeUsageRange: Range<Int>?

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
        self.messagesRange = found.messagesRange
        self.streamOptionsRange = found.streamOptionsRange
        self.includeUsageRange = found.includeUsageRange
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
        return body.replacing(modelRange, with: JSONText.quoted(name))
    }

    /// The body as it leaves for a provider.
    ///
    /// - Parameters:
    ///   - name: The provider's name of the model.
    ///   - beginning: What the model is to go on from, if anything.
    /// - Returns: The client's bytes with these changes only: the model's name; in a stream, that usage is wanted;
    ///   the beginning as a last message of the assistant.
    package func outgoing(naming name: String, after beginning: Beginning? = nil) -> ByteBuffer {
        edited(naming: name, asksForUsage: streams && !includesUsage, after: beginning)
    }

    /// A beginning that a model is to go on from.
    package struct Beginning: Sendable, Equatable {
        /// How a model is told to go on and not to answer anew.
        package enum Style: String, Sendable, Hashable, CaseIterable {
            /// A last message of the assistant is enough, as for llama.cpp.
            case plain
            /// The message says `"prefix": true`, as for Mistral and DeepSeek.
            case prefix
            /// The request says `"continue_final_message": true`, as for vLLM.
            case continueFinalMessage = "continue_final_message"
        }

        let text: String
        let style: Style

        /// - Parameters:
        ///   - text: The beginning.
        ///   - style: How the model is told.
        package init(_ text: String, style: Style) {
            self.text = text
            self.style = style
        }
    }

    private func edited(naming name: String, asksForUsage: Bool, after beginning: Beginning? = nil) -> ByteBuffer {
        var edits: [(range: Range<Int>, text: String)] = []
        if let modelRange, name != model { edits.append((modelRange, JSONText.quoted(name))) }
        if asksForUsage { edits.append(usageEdit) }
        if let beginning, let end = messagesRange.map({ $0.upperBound - 1 }) {
            let prefix = beginning.style == .prefix ? ",\"prefix\":true" : ""
            let message = ",{\"role\":\"assistant\",\"content\":\(JSONText.quoted(beginning.text))\(prefix)}"
            edits.append((end..<end, message))
            if beginning.style == .continueFinalMessage {
                edits.append(start("\"continue_final_message\":true,\"add_generation_prompt\":false,"))
            }
        }
        guard !edits.isEmpty else { return body }
        edits.sort { $0.range.lowerBound < $1.range.lowerBound }
        var result = ByteBufferAllocator().buffer(
            capacity: body.readableBytes + edits.reduce(0) { $0 + $1.text.utf8.count })
        body.withUnsafeReadableBytes { bytes in
            var at = 0
            for edit in edits {
                result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[at..<edit.range.lowerBound]))
                result.writeString(edit.text)
                at = edit.range.upperBound
            }
            result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[at...]))
        }
        return result
    }

    private var usageEdit: (range: Range<Int>, text: String) {
        if let includeUsageRange { return (includeUsageRange, "true") }
        guard let range = streamOptionsRange else { return start("\"stream_options\":{\"include_usage\":true},") }
        let isObject = body.getInteger(at: body.readerIndex + range.lowerBound, as: UInt8.self) == UInt8(ascii: "{")
        let inside = body.readableBytesView.dropFirst(range.lowerBound + 1).prefix(max(0, range.count - 2))
        let isEmpty = inside.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard isObject, !isEmpty else { return (range, "{\"include_usage\":true}") }
        return (range.lowerBound + 1..<range.lowerBound + 1, "\"include_usage\":true,")
    }

    /// Members to stand before all others; there are others, since a request that is edited says `stream`.
    private func start(_ members: String) -> (range: Range<Int>, text: String) {
        let brace = body.readableBytesView.firstIndex(of: UInt8(ascii: "{")) ?? body.readerIndex
        let at = brace - body.readerIndex + 1
        return (at..<at, members)
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
