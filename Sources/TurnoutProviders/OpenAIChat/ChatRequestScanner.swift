/// One pass over a chat request that notes where things stand.
///
/// Keys that routing depends on must not be repeated: readers differ on whether the first or the last of them
/// counts, so a repeated key could mean one thing here and another upstream. Of other keys nothing is known.
struct ChatRequestScanner {
    private(set) var model: String?
    private(set) var modelRange: Range<Int>?
    private(set) var streams = false
    private(set) var includesUsage = false
    private(set) var messageCount = 0
    private(set) var textRange: Range<Int>?
    /// Where the `messages` array stands, brackets included.
    private(set) var messagesRange: Range<Int>?
    /// Where the value of `stream_options` stands.
    private(set) var streamOptionsRange: Range<Int>?
    /// Where the value of `include_usage` stands.
    private(set) var includeUsageRange: Range<Int>?
    private var lastUserContent: Range<Int>?
    private var lastContent: Range<Int>?
    private var promptRange: Range<Int>?
    private var seen: Field = []
    private var problem: ChatRequestError?
    private var promptProblem: ChatRequestError?

    private struct Field: OptionSet {
        let rawValue: UInt8
        static let model = Field(rawValue: 1)
        static let messages = Field(rawValue: 2)
        static let stream = Field(rawValue: 4)
        static let streamOptions = Field(rawValue: 8)
    }

    mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(ChatRequestError) {
        var cursor = JSONCursor(bytes)
        do {
            try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in try member(&cursor, key) }
            try cursor.expectEnd()
        } catch {
            throw ChatRequestError(error.description)
        }
        // Beside messages, `prompt` is an unknown field like any other.
        if let problem = problem ?? (messageCount == 0 ? promptProblem : nil) { throw problem }
        textRange = lastUserContent ?? lastContent ?? promptRange
    }

    @inline(__always)
    private mutating func member(_ cursor: inout JSONCursor, _ key: JSONCursor.StringToken) throws(JSONSyntaxError) {
        if cursor.matches(key, "messages") {
            once(.messages, "messages")
            try messages(&cursor)
        } else if cursor.matches(key, "model") {
            once(.model, "model")
            try modelName(&cursor)
        } else if cursor.matches(key, "stream") {
            once(.stream, "stream")
            streams = try flag(&cursor, "stream")
        } else if cursor.matches(key, "stream_options") {
            once(.streamOptions, "stream_options")
            try streamOptions(&cursor)
        } else if cursor.matches(key, "prompt") {
            try prompt(&cursor)
        } else {
            try cursor.skipValue()
        }
    }

    private mutating func once(_ field: Field, _ name: String) {
        if seen.contains(field) { note(Self.repeated(name), name) }
        seen.insert(field)
    }

    private static func repeated(_ name: String) -> String { "'\(name)' stands twice in the request; keep one" }

    /// Keeps the first problem and reads on, because a syntax error further on is the better message.
    private mutating func note(_ message: String, _ field: String) {
        problem = problem ?? ChatRequestError(message, field: field)
    }

    private mutating func modelName(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        guard cursor.peek() == UInt8(ascii: "\"") else {
            try cursor.skipValue()
            return note("'model' must be a string", "model")
        }
        let token = try cursor.readString()
        model = cursor.decode(token)
        modelRange = token.range.lowerBound - 1..<token.range.upperBound + 1
    }

    private mutating func prompt(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        let isString = cursor.peek() == UInt8(ascii: "\"")
        let range = try cursor.skipValue()
        if promptRange != nil {
            promptProblem = ChatRequestError(Self.repeated("prompt"), field: "prompt")
        } else if !isString {
            promptProblem = ChatRequestError("'prompt' must be a string", field: "prompt")
        }
        promptRange = range
    }

    private mutating func flag(_ cursor: inout JSONCursor, _ name: String) throws(JSONSyntaxError) -> Bool {
        let first = cursor.peek()
        try cursor.skipValue()
        if first != UInt8(ascii: "t"), first != UInt8(ascii: "f"), first != UInt8(ascii: "n") {
            note("'\(name)' must be true or false", name)
        }
        return first == UInt8(ascii: "t")
    }

    private mutating func streamOptions(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        guard cursor.peek() == UInt8(ascii: "{") else {
            streamOptionsRange = try cursor.skipValue()
            return
        }
        let start = cursor.offset
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            let wanted = cursor.matches(key, "include_usage")
            let first = cursor.peek()
            let range = try cursor.skipValue()
            guard wanted else { return }
            includesUsage = first == UInt8(ascii: "t")
            includeUsageRange = range
        }
        streamOptionsRange = start..<cursor.offset
    }

    private mutating func messages(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        guard cursor.peek() == UInt8(ascii: "[") else {
            try cursor.skipValue()
            return note("'messages' must be an array", "messages")
        }
        let start = cursor.offset
        try cursor.readArray { (cursor) throws(JSONSyntaxError) in
            messageCount += 1
            guard cursor.peek() == UInt8(ascii: "{") else {
                try cursor.skipValue()
                return note("each of 'messages' must be an object", "messages")
            }
            try message(&cursor)
        }
        messagesRange = start..<cursor.offset
    }

    private mutating func message(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        var isUser = false
        var content: Range<Int>?
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            if cursor.matches(key, "role"), cursor.peek() == UInt8(ascii: "\"") {
                isUser = cursor.matches(try cursor.readString(), "user")
            } else if cursor.matches(key, "content") {
                let first = cursor.peek()
                let range = try cursor.skipValue()
                if first == UInt8(ascii: "\"") || first == UInt8(ascii: "[") { content = range }
            } else {
                try cursor.skipValue()
            }
        }
        guard let content else { return }
        lastContent = content
        if isUser { lastUserContent = content }
    }
}
