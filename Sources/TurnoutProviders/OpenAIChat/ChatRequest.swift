package import NIOCore
package import TurnoutCore

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
    /// What it needs from a model, and how large it is.
    package let needs: RequestNeeds
    /// Whether there is a `messages` array with at least one element.
    package var hasMessages: Bool { needs.messageCount > 0 }
    /// Where the model's name stands in the body, quotes included.
    let modelRange: Range<Int>?
    /// Where the contents of the user's messages stand; without such, that of the last message with content.
    let contentRanges: [Range<Int>]
    /// Whether the user speaks in any message.
    let hasUserMessage: Bool
    /// Where the value of `prompt` stands.
    let promptRange: Range<Int>?
    /// Whether the assistant has spoken in any message.
    package let hasAnswer: Bool
    /// The first message after the last in which the user says something: where a loop of tools begins.
    package let loopStart: Int
    /// Who has issued the thoughts in it: they travel to nobody else.
    ///
    /// Default: whoever is asked.
    package var thoughtOrigin = ThoughtOrigin.asked
    /// Where thoughts stand, in the order of the body.
    let thoughts: [Thought]
    /// Whether it brings thoughts of a model along.
    package var hasThoughts: Bool { !thoughts.isEmpty }
    let userToken: JSONCursor.StringToken?
    /// Where text and the definitions of tools stand: all that counts as tokens but images.
    let textRanges: [Range<Int>]
    let messagesRange: Range<Int>?
    let streamOptionsRange: Range<Int>?
    let includeUsageRange: Range<Int>?

    /// Scans a body.
    ///
    /// - Throws: ``RequestError`` for text that is not JSON, is no object, or repeats or mistypes a field that
    ///   routing depends on.
    /// - Complexity: one pass over the bytes; no field is decoded but the model's name.
    package init(scanning body: ByteBuffer) throws(RequestError) {
        let found = try body.withUnsafeReadableBytes { (bytes) -> Result<ChatRequestScanner, RequestError> in
            var scanner = ChatRequestScanner()
            do throws(RequestError) {
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
        self.needs = found.needs
        self.hasUserMessage = !found.messages.userContents.isEmpty
        self.contentRanges =
            hasUserMessage ? found.messages.userContents : found.messages.lastContent.map { [$0] } ?? []
        self.hasAnswer = found.messages.answers > 0
        self.loopStart = found.messages.loopStart
        self.thoughts = found.messages.thoughts
        self.promptRange = found.promptRange
        self.userToken = found.user
        self.textRanges =
            (found.messages.count == 0
                ? found.promptRange.map { [$0.lowerBound + 1..<$0.upperBound - 1] } ?? [] : found.messages.texts)
            + found.toolRanges
        self.messagesRange = found.messagesRange
        self.streamOptionsRange = found.streamOptionsRange
        self.includeUsageRange = found.includeUsageRange
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
    ///   - model: The model that is asked.
    ///   - name: The provider's name of the model.
    ///   - beginning: What the model is to go on from, if anything.
    /// - Returns: The client's bytes with these changes only: the model's name; in a stream, that usage is wanted;
    ///   thoughts of other models cut; the beginning as a last message of the assistant.
    package func outgoing(to model: ModelID, naming name: String, after beginning: Beginning? = nil) -> ByteBuffer {
        var edits: [Edit] = []
        if let modelRange, name != self.model { edits.append((modelRange, JSONText.quoted(name))) }
        if streams, !includesUsage { edits.append(usageEdit) }
        let first = thoughtOrigin.firstMessage(for: model) ?? .max
        edits += thoughts.filter { $0.message < first }.map { ($0.range, $0.replacement) }
        if let beginning { edits += self.edits(after: beginning) }
        return edited(edits)
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

    private typealias Edit = (range: Range<Int>, text: String)

    private func edits(after beginning: Beginning) -> [Edit] {
        guard let end = messagesRange.map({ $0.upperBound - 1 }) else { return [] }
        let prefix = beginning.style == .prefix ? ",\"prefix\":true" : ""
        let message = ",{\"role\":\"assistant\",\"content\":\(JSONText.quoted(beginning.text))\(prefix)}"
        guard beginning.style == .continueFinalMessage else { return [(end..<end, message)] }
        return [(end..<end, message), start("\"continue_final_message\":true,\"add_generation_prompt\":false,")]
    }

    /// The body with some ranges replaced, none overlapping.
    private func edited(_ edits: [Edit]) -> ByteBuffer {
        guard !edits.isEmpty else { return body }
        let edits = edits.sorted { $0.range.lowerBound < $1.range.lowerBound }
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

    private var usageEdit: Edit {
        if let includeUsageRange { return (includeUsageRange, "true") }
        guard let range = streamOptionsRange else { return start("\"stream_options\":{\"include_usage\":true},") }
        let isObject = body.getInteger(at: body.readerIndex + range.lowerBound, as: UInt8.self) == UInt8(ascii: "{")
        let inside = body.readableBytesView.dropFirst(range.lowerBound + 1).prefix(max(0, range.count - 2))
        let isEmpty = inside.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard isObject, !isEmpty else { return (range, "{\"include_usage\":true}") }
        return (range.lowerBound + 1..<range.lowerBound + 1, "\"include_usage\":true,")
    }

    /// Members to stand before all others; there are others, since a request that is edited says `stream`.
    private func start(_ members: String) -> Edit {
        let brace = body.readableBytesView.firstIndex(of: UInt8(ascii: "{")) ?? body.readerIndex
        let at = brace - body.readerIndex + 1
        return (at..<at, members)
    }
}
