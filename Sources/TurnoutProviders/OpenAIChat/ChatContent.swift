/// Reads the `content` of a message that was checked before.
enum ChatContent {
    /// The text of a string, or of all text parts, joined by line feeds.
    static func text(in bytes: UnsafeRawBufferPointer, at offset: Int) -> String {
        var cursor = JSONCursor(bytes, at: offset)
        // The scanner has walked over these bytes, so reading them again cannot fail.
        if cursor.peek() == UInt8(ascii: "\"") {
            return (try? cursor.readString()).map { cursor.decode($0) } ?? ""
        }
        var parts: [String] = []
        try? cursor.readArray { (cursor) throws(JSONSyntaxError) in
            guard cursor.peek() == UInt8(ascii: "{") else {
                try cursor.skipValue()
                return
            }
            if let part = try textPart(&cursor) { parts.append(part) }
        }
        return parts.joined(separator: "\n")
    }

    /// Whether a part of this type is text.
    static func isText(_ kind: JSONCursor.StringToken, _ cursor: JSONCursor) -> Bool {
        cursor.matches(kind, "text") || cursor.matches(kind, "input_text") || cursor.matches(kind, "output_text")
    }

    private static func textPart(_ cursor: inout JSONCursor) throws(JSONSyntaxError) -> String? {
        var isText = false
        var text: JSONCursor.StringToken?
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            if cursor.matches(key, "type"), cursor.peek() == UInt8(ascii: "\"") {
                isText = Self.isText(try cursor.readString(), cursor)
            } else if cursor.matches(key, "text"), cursor.peek() == UInt8(ascii: "\"") {
                text = try cursor.readString()
            } else {
                try cursor.skipValue()
            }
        }
        return isText ? text.map { cursor.decode($0) } : nil
    }
}
