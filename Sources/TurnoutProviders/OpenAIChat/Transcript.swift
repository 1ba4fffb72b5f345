/// What of an answer the client has, in bytes of UTF-8.
package struct Transcript: Sendable, Equatable {
    /// The text.
    package private(set) var content: [UInt8] = []
    /// What the model thought aloud.
    package private(set) var reasoning: [UInt8] = []
    /// Whether that is all there is, so that another stream can take the answer up.
    ///
    /// Tool calls, several choices and log-probabilities cannot be taken up, nor more than a megabyte of text.
    package private(set) var isSpliceable = true
    /// The answer's id.
    package private(set) var id: String?

    static let limit = 1 << 20

    /// Nothing yet.
    package init() {}

    mutating func append(_ chunk: ChatChunk, _ data: UnsafeRawBufferPointer) {
        guard isSpliceable else { return }
        if id == nil, let token = chunk.id { id = JSONCursor(data).decode(token) }
        if let token = chunk.content { Self.append(token, data, to: &content) }
        if let token = chunk.reasoning { Self.append(token, data, to: &reasoning) }
        guard chunk.isPlainText, content.count + reasoning.count <= Self.limit else {
            isSpliceable = false
            (content, reasoning) = ([], [])
            return
        }
    }

    mutating func append(content: [UInt8], reasoning: [UInt8]) {
        self.content += content
        self.reasoning += reasoning
    }

    private static func append(_ token: JSONCursor.StringToken, _ data: UnsafeRawBufferPointer, to text: inout [UInt8])
    {
        if token.hasEscapes {
            text += JSONCursor(data).decode(token).utf8
        } else {
            text += data[token.range]
        }
    }
}
