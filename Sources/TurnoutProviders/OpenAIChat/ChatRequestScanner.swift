import TurnoutCore

/// One pass over a chat request that notes where things stand.
///
/// Keys that routing depends on must not be repeated: readers differ on whether the first or the last of them
/// counts, so a repeated key could mean one thing here and another upstream. Of other keys nothing is known.
struct ChatRequestScanner {
    private(set) var model: String?
    private(set) var modelRange: Range<Int>?
    private(set) var streams = false
    private(set) var includesUsage = false
    private(set) var messages = ChatMessagesScanner()
    /// Where the `messages` array stands, brackets included.
    private(set) var messagesRange: Range<Int>?
    /// Where the value of `stream_options` stands.
    private(set) var streamOptionsRange: Range<Int>?
    /// Where the value of `include_usage` stands.
    private(set) var includeUsageRange: Range<Int>?
    /// Where the value of `prompt` stands.
    private(set) var promptRange: Range<Int>?
    /// Where `tools` and `functions` stand.
    private(set) var toolRanges: [Range<Int>] = []
    private(set) var user: JSONCursor.StringToken?
    private(set) var needs = RequestNeeds()
    private var maxTokens: Int?
    private var seen: Field = []
    private var problem: RequestError?
    private var promptProblem: RequestError?

    private struct Field: OptionSet {
        let rawValue: UInt16
        static let model = Field(rawValue: 1)
        static let messages = Field(rawValue: 2)
        static let stream = Field(rawValue: 4)
        static let streamOptions = Field(rawValue: 8)
        static let tools = Field(rawValue: 16)
        static let functions = Field(rawValue: 32)
        static let responseFormat = Field(rawValue: 64)
        static let maxTokens = Field(rawValue: 128)
        static let maxCompletionTokens = Field(rawValue: 256)
        static let user = Field(rawValue: 512)
        static let answers = Field(rawValue: 1024)
    }

    mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(RequestError) {
        var cursor = JSONCursor(bytes)
        do {
            try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in try member(&cursor, key) }
            try cursor.expectEnd()
        } catch {
            throw RequestError(error.description)
        }
        // Beside messages, `prompt` is an unknown field like any other.
        if let problem = problem ?? (messages.count == 0 ? promptProblem : nil) { throw problem }
        needs.messageCount = messages.count
        needs.images = messages.images
        needs.isInToolLoop = messages.isInToolLoop
        needs.textBytes = messages.count == 0 ? max(0, (promptRange?.count ?? 0) - 2) : messages.textBytes
        needs.maxOutputTokens = needs.maxOutputTokens ?? maxTokens
    }

    @inline(__always)
    private mutating func member(_ cursor: inout JSONCursor, _ key: JSONCursor.StringToken) throws(JSONSyntaxError) {
        if cursor.matches(key, "messages") {
            once(.messages, "messages")
            try readMessages(&cursor)
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
            try need(&cursor, key)
        }
    }

    /// Reads a member that says what the model must be able to do, or passes over one that says nothing here.
    private mutating func need(_ cursor: inout JSONCursor, _ key: JSONCursor.StringToken) throws(JSONSyntaxError) {
        if cursor.matches(key, "tools") {
            once(.tools, "tools")
            try tools(&cursor)
        } else if cursor.matches(key, "functions") {
            once(.functions, "functions")
            try tools(&cursor)
        } else if cursor.matches(key, "response_format") {
            once(.responseFormat, "response_format")
            try responseFormat(&cursor)
        } else if cursor.matches(key, "max_tokens") {
            once(.maxTokens, "max_tokens")
            maxTokens = ChatUsage.count(cursor, try cursor.skipValue())
        } else if cursor.matches(key, "max_completion_tokens") {
            once(.maxCompletionTokens, "max_completion_tokens")
            needs.maxOutputTokens = ChatUsage.count(cursor, try cursor.skipValue())
        } else if cursor.matches(key, "n") {
            once(.answers, "n")
            needs.answers = ChatUsage.count(cursor, try cursor.skipValue()) ?? 1
        } else if cursor.matches(key, "user") {
            once(.user, "user")
            if cursor.peek() == UInt8(ascii: "\"") { user = try cursor.readString() } else { try cursor.skipValue() }
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
        problem = problem ?? RequestError(message, field: field)
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
            promptProblem = RequestError(Self.repeated("prompt"), field: "prompt")
        } else if !isString {
            promptProblem = RequestError("'prompt' must be a string", field: "prompt")
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

    private mutating func readMessages(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        guard cursor.peek() == UInt8(ascii: "[") else {
            try cursor.skipValue()
            return note("'messages' must be an array", "messages")
        }
        let start = cursor.offset
        try messages.scan(&cursor)
        messagesRange = start..<cursor.offset
        if let problem = messages.problem { note(problem, "messages") }
    }

    private mutating func tools(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        guard cursor.peek() == UInt8(ascii: "[") else {
            try cursor.skipValue()
            return
        }
        let start = cursor.offset
        guard try cursor.countElements() > 0 else { return }
        needs.needsTools = true
        toolRanges.append(start..<cursor.offset)
        needs.toolDefinitionBytes += cursor.offset - start
    }

    private mutating func responseFormat(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        guard cursor.peek() == UInt8(ascii: "{") else {
            try cursor.skipValue()
            return
        }
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            guard cursor.matches(key, "type"), cursor.peek() == UInt8(ascii: "\"") else {
                try cursor.skipValue()
                return
            }
            let kind = try cursor.readString()
            needs.needsStructuredOutput = cursor.matches(kind, "json_object") || cursor.matches(kind, "json_schema")
        }
    }
}
