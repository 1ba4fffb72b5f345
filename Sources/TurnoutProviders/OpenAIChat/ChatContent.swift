/// Reads the `content` of a message that was checked before.
enum ChatContent {
    /// The text of a string, or of all parts of type `text`, joined by line feeds.
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

    private static func textPart(_ cursor: inout JSONCursor) throws(JSONSyntaxError) -> String? {
        var isText = false
        var text: JSONCursor.StringToken?
        try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
            if cursor.matches(key, "type"), cursor.peek() == UInt8(ascii: "\"") {
                isText = cursor.matches(try cursor.readString(), "text")
            } else if cursor.matches(key, "text"), cursor.peek() == UInt8(ascii: "\"") {
                text = try cursor.readString()
            } else {
                try cursor.skipValue()
            }
        }
        return isText ? text.map { cursor.decode($0) } : nil
    }
}
