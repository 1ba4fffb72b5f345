/// Reads the `messages` of a chat request once: where the user speaks, and what it takes to answer.
struct ChatMessagesScanner {
    private(set) var count = 0
    /// Where the contents of the user's messages stand, in the order of the conversation.
    private(set) var userContents: [Range<Int>] = []
    /// Where the content of the last message that has any stands.
    private(set) var lastContent: Range<Int>?
    /// Where text stands, without quotes, escapes as they are.
    private(set) var texts: [Range<Int>] = []
    var textBytes: Int { texts.reduce(0) { $0 + $1.count } }
    private(set) var images = 0
    /// Where thoughts stand in the assistant's messages, in the order of the body.
    private(set) var thoughts: [Thought] = []
    /// The assistant's messages.
    private(set) var answers = 0
    /// The first message after the last in which the user says something, tools' results aside.
    private(set) var loopStart = 0
    /// The first thing that is wrong.
    private(set) var problem: String?
    /// Calls of the assistant's last turn that no later message has answered.
    private var openCalls = 0
    private var endsWithToolResult = false

    var isInToolLoop: Bool { endsWithToolResult || openCalls > 0 }

    /// What one message says; the order of its keys does not matter.
    private struct Message {
        var role = Role.other
        var content: Range<Int>?
        var calls = 0
        var toolResults = 0
        var thoughts: [Thought] = []
        var hasRole = false
        var hasContent = false
    }

    private enum Role {
        case user, assistant, tool, other
    }

    mutating func scan(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        try cursor.readArray { (cursor) throws(JSONSyntaxError) in
            count += 1
            guard cursor.peek() == UInt8(ascii: "{") else {
                try cursor.skipValue()
                return note("each of 'messages' must be an object")
            }
            try message(&cursor)
        }
    }

    /// Keeps the first problem and reads on, because a syntax error further on is the better message.
    private mutating func note(_ message: String) { problem = problem ?? message }

    private mutating func message(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        var message = Message()
        var cuts = ListCuts()
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            let isThought = Thought.isMember(key, cursor)
            if cursor.matches(key, "role") {
                if message.hasRole { note("'role' stands twice in a message; keep one") }
                message.hasRole = true
                message.role = try Self.role(&cursor)
            } else if cursor.matches(key, "content") {
                if message.hasContent { note("'content' stands twice in a message; keep one") }
                message.hasContent = true
                try content(&cursor, of: &message)
            } else if cursor.matches(key, "tool_calls") {
                message.calls += try cursor.countElements()
            } else if cursor.matches(key, "function_call") {
                message.calls += cursor.peek() == UInt8(ascii: "{") ? 1 : 0
                try cursor.skipValue()
            } else {
                try cursor.skipValue()
            }
            cuts.pass(key.range.lowerBound - 1..<cursor.offset, isCut: isThought)
        }
        message.thoughts += cuts.ranges.map { Thought(message: count - 1, range: $0) }
        close(message)
    }

    private static func role(_ cursor: inout JSONCursor) throws(JSONSyntaxError) -> Role {
        guard cursor.peek() == UInt8(ascii: "\"") else {
            try cursor.skipValue()
            return .other
        }
        let token = try cursor.readString()
        if cursor.matches(token, "user") { return .user }
        if cursor.matches(token, "assistant") { return .assistant }
        return cursor.matches(token, "tool") || cursor.matches(token, "function") ? .tool : .other
    }

    private mutating func content(_ cursor: inout JSONCursor, of message: inout Message) throws(JSONSyntaxError) {
        switch cursor.peek() {
        case UInt8(ascii: "\""):
            let text = try cursor.readString().range
            texts.append(text)
            message.content = text.lowerBound - 1..<text.upperBound + 1
        case UInt8(ascii: "["):
            let start = cursor.offset
            var cuts = ListCuts()
            try cursor.readArray { (cursor) throws(JSONSyntaxError) in
                _ = cursor.peek()
                let start = cursor.offset
                let isThought = try part(&cursor, of: &message)
                cuts.pass(start..<cursor.offset, isCut: isThought)
            }
            message.content = start..<cursor.offset
            message.thoughts +=
                cuts.whole != nil
                ? [Thought(message: count - 1, range: start..<cursor.offset, isContent: true)]
                : cuts.ranges.map { Thought(message: count - 1, range: $0) }
        default:
            try cursor.skipValue()
        }
    }

    /// Reads a part and returns whether it is a thought.
    private mutating func part(_ cursor: inout JSONCursor, of message: inout Message) throws(JSONSyntaxError) -> Bool {
        guard cursor.peek() == UInt8(ascii: "{") else {
            try cursor.skipValue()
            return false
        }
        var kind: JSONCursor.StringToken?
        var text: Range<Int>?
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            let isString = cursor.peek() == UInt8(ascii: "\"")
            if isString, cursor.matches(key, "type") {
                kind = try cursor.readString()
            } else if isString, cursor.matches(key, "text") {
                text = try cursor.readString().range
            } else {
                try cursor.skipValue()
            }
        }
        guard let kind else { return false }
        if ChatContent.isText(kind, cursor) {
            if let text { texts.append(text) }
        } else if cursor.matches(kind, "image_url") || cursor.matches(kind, "input_image")
            || cursor.matches(kind, "image")
        {
            images += 1
        } else if cursor.matches(kind, "tool_use") {
            message.calls += 1
        } else if cursor.matches(kind, "tool_result") {
            message.toolResults += 1
        }
        return Thought.isPart(kind, cursor)
    }

    private mutating func close(_ message: Message) {
        if let content = message.content {
            lastContent = content
            if message.role == .user { userContents.append(content) }
        }
        if message.role == .assistant {
            answers += 1
            thoughts += message.thoughts.sorted { $0.range.lowerBound < $1.range.lowerBound }
        }
        if message.role == .user, message.toolResults == 0 { loopStart = count }
        let results = message.role == .tool ? max(1, message.toolResults) : message.toolResults
        endsWithToolResult = results > 0
        openCalls = message.role == .assistant ? message.calls : max(0, openCalls - results)
    }
}
