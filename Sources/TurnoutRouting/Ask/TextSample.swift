/// Cuts texts to a number of bytes.
enum TextSample {
    private static let gap = "\n[…]\n"

    /// The text, or its head and tail in equal parts where it is longer than `limit` bytes.
    ///
    /// Cuts between characters' encodings, never within one. `limit` must leave room for the mark of the gap.
    static func headAndTail(_ text: String, limit: Int) -> String {
        let bytes = text.utf8
        guard bytes.count > limit else { return text }
        let half = (limit - gap.utf8.count) / 2
        var head = bytes.index(bytes.startIndex, offsetBy: half)
        while head > bytes.startIndex, isContinuation(bytes[head]) { head = bytes.index(before: head) }
        var tail = bytes.index(bytes.endIndex, offsetBy: -half)
        while tail < bytes.endIndex, isContinuation(bytes[tail]) { tail = bytes.index(after: tail) }
        return "\(text[..<head])\(gap)\(text[tail...])"
    }

    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
