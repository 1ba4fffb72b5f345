package import TurnoutCore

/// What one event of a chat stream, or a whole answer, says about the state of the answer.
package struct ChatChunk: Equatable, Sendable {
    /// Whether it carries any part of the answer: text, reasoning, a refusal or a tool call.
    package var hasContent = false
    /// Whether it has choices at all; the last event of a stream may carry usage only.
    package var hasChoices = false
    /// Choices that it speaks of, a bit each by their index.
    package var startedChoices: UInt128 = 0
    /// Choices of which it says why the model stopped.
    package var finishedChoices: UInt128 = 0
    /// Whether it is an error and not an answer.
    package var isError = false
    /// Tokens spent, where it says so.
    package var usage: TokenUsage?
    /// Whether the answer in it is nothing but the text of one choice.
    package var isPlainText = true
    /// Where the text of its delta stands.
    package var content: JSONCursor.StringToken?
    /// Where the reasoning of its delta stands.
    package var reasoning: JSONCursor.StringToken?
    /// Where its `id` stands.
    package var id: JSONCursor.StringToken?

    /// Reads an event's data, or a whole answer's body.
    ///
    /// - Throws: ``JSONSyntaxError``; such an event is to be passed over, such an answer is none.
    package init(_ data: UnsafeRawBufferPointer) throws(JSONSyntaxError) {
        var cursor = JSONCursor(data)
        var chunk = ChatChunk()
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            let first = cursor.peek()
            if cursor.matches(key, "choices"), first == UInt8(ascii: "[") {
                try cursor.readArray { (cursor) throws(JSONSyntaxError) in try chunk.readChoice(&cursor) }
            } else if cursor.matches(key, "usage"), first == UInt8(ascii: "{") {
                // Some servers give usage twice; the last that says anything counts.
                chunk.usage = try ChatUsage.read(&cursor) ?? chunk.usage
            } else if cursor.matches(key, "error"), first != UInt8(ascii: "n") {
                chunk.isError = true
                try cursor.skipValue()
            } else if cursor.matches(key, "id"), first == UInt8(ascii: "\"") {
                chunk.id = try cursor.readString()
            } else {
                try cursor.skipValue()
            }
        }
        try cursor.expectEnd()
        self = chunk
    }

    private init() {}

    private mutating func readChoice(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        hasChoices = true
        guard cursor.peek() == UInt8(ascii: "{") else {
            try cursor.skipValue()
            return
        }
        var index = 0
        var isFinished = false
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            let first = cursor.peek()
            if cursor.matches(key, "delta"), first == UInt8(ascii: "{") {
                try readDelta(&cursor)
            } else {
                let range = try cursor.skipValue()
                if cursor.matches(key, "finish_reason"), first == UInt8(ascii: "\"") { isFinished = true }
                if cursor.matches(key, "index") { index = ChatUsage.count(cursor, range) ?? 0 }
                if cursor.matches(key, "logprobs"), first != UInt8(ascii: "n") { isPlainText = false }
            }
        }
        if index != 0 { isPlainText = false }
        // The protocol allows 128 choices; should there be more, the last bit stands for the rest.
        let bit: UInt128 = 1 << min(index, 127)
        startedChoices |= bit
        if isFinished { finishedChoices |= bit }
    }

    /// Anything but the role counts that is neither null nor empty.
    private mutating func readDelta(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            let first = cursor.peek()
            if cursor.matches(key, "role") {
                try cursor.skipValue()
            } else if first == UInt8(ascii: "\""), cursor.matches(key, "content") {
                content = try cursor.readString()
                if content?.range.isEmpty == false { hasContent = true }
            } else if first == UInt8(ascii: "\""),
                cursor.matches(key, "reasoning_content") || cursor.matches(key, "reasoning")
            {
                // A server that sends both sends the same in both.
                let token = try cursor.readString()
                reasoning = reasoning ?? token
                if !token.range.isEmpty { hasContent = true }
            } else {
                let length = try cursor.skipValue().count
                if first != UInt8(ascii: "n"), length > 2 { (hasContent, isPlainText) = (true, false) }
            }
        }
    }
}
