import TurnoutCore

/// The `usage` object of an answer, whose counts overlap: cached tokens are among the prompt's.
struct ChatUsage {
    private var prompt: Int?
    private var completion: Int?
    private var total: Int?
    private var cached = 0
    private var written = 0
    private var reasoning = 0

    /// Reads the object at the cursor; `nil` unless it gives both counts as whole numbers.
    ///
    /// An embeddings answer gives input and total instead of the two.
    static func read(_ cursor: inout JSONCursor) throws(JSONSyntaxError) -> TokenUsage? {
        var usage = ChatUsage()
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            let isObject = cursor.peek() == UInt8(ascii: "{")
            if isObject, cursor.matches(key, "prompt_tokens_details") {
                try usage.readPromptDetails(&cursor)
            } else if isObject, cursor.matches(key, "completion_tokens_details") {
                try usage.readCompletionDetails(&cursor)
            } else {
                let range = try cursor.skipValue()
                if cursor.matches(key, "prompt_tokens") { usage.prompt = count(cursor, range) }
                if cursor.matches(key, "completion_tokens") { usage.completion = count(cursor, range) }
                if cursor.matches(key, "total_tokens") { usage.total = count(cursor, range) }
                // Where DeepSeek and Moonshot say it; some servers say it in both places, and mean the same tokens.
                if cursor.matches(key, "prompt_cache_hit_tokens") || cursor.matches(key, "cached_tokens") {
                    usage.cached = max(usage.cached, count(cursor, range) ?? 0)
                }
            }
        }
        return usage.tokens
    }

    private mutating func readPromptDetails(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            let range = try cursor.skipValue()
            if cursor.matches(key, "cached_tokens") { cached = max(cached, Self.count(cursor, range) ?? 0) }
            if cursor.matches(key, "cache_write_tokens") { written = Self.count(cursor, range) ?? 0 }
        }
    }

    private mutating func readCompletionDetails(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            let range = try cursor.skipValue()
            if cursor.matches(key, "reasoning_tokens") { reasoning = Self.count(cursor, range) ?? 0 }
        }
    }

    /// The counts, each token once.
    private var tokens: TokenUsage? {
        guard let prompt, var output = completion ?? total.map({ max(0, $0 - prompt) }) else { return nil }
        // Some servers count thought beside the completion; the total tells, and so does more thought than completion.
        let (beside, overflow) = output.addingReportingOverflow(reasoning)
        if reasoning > 0, !overflow, reasoning > output || total.map({ $0 - prompt }) == beside { output = beside }
        let (known, overflowAgain) = cached.addingReportingOverflow(written)
        // More than the prompt has cannot be part of it: then it is counted beside it.
        let fresh = overflowAgain || known > prompt ? prompt : prompt - known
        return TokenUsage(
            input: fresh, output: output, cacheRead: cached, cacheWrite: written, reasoning: min(reasoning, output))
    }

    /// A whole number that is not negative; `nil` for anything else.
    static func count(_ cursor: JSONCursor, _ range: Range<Int>) -> Int? {
        Int(String(decoding: cursor.bytes[range], as: UTF8.self)).flatMap { $0 >= 0 ? $0 : nil }
    }
}
