/// Tells messages that stand on their own from those that refer to what was said before.
enum FollowUp {
    /// Longer messages say themselves what they want.
    private static let characterLimit = 80
    /// A message of so few words is taken for a reference, whatever they are.
    private static let wordLimit = 4
    /// Words that refer to something said before, in the languages that the project is tried with.
    private static let references: [String] = [
        // English
        "it", "this", "those", "these", "them", "same", "again", "continue", "proceed", "above", "previous", "instead",
        "also", "too", "yes", "ok", "okay", "sure", "now", "shorter", "longer", "rest",
        // Vietnamese
        "nó", "này", "đó", "Đó", "ấy", "tiếp", "vâng", "nữa", "luôn",
        // French
        "ça", "Ça", "cela", "même", "encore", "oui", "aussi",
        // German
        "dasselbe", "dies", "weiter", "nochmal", "ja", "auch", "davon",
        // Spanish
        "eso", "esto", "mismo", "sigue", "continúa", "sí", "también",
    ]

    private static let hashes = Set(references.map { $0.utf8.reduce(AgentMarkup.hashStart, AgentMarkup.hash) })

    /// Whether the message needs an earlier one to be understood.
    ///
    /// The error costs little on one side: with an earlier ask behind it, a message that stood on its own is still
    /// judged by both. Without, "commit it" goes to the smallest model.
    static func isOne(_ text: String) -> Bool {
        guard text.utf8.count <= characterLimit * 4 else { return false }
        var (characters, words, wide, refers) = (0, 0, 0, false)
        var word = AgentMarkup.hashStart
        func endWord() {
            guard word != AgentMarkup.hashStart else { return }
            words += 1
            refers = refers || hashes.contains(word)
            word = AgentMarkup.hashStart
        }
        for byte in text.utf8 {
            if byte & 0xC0 != 0x80 { characters += 1 }
            // From U+3000 on, mostly scripts without spaces.
            if byte >= 0xE3 { wide += 1 }
            if isWordPart(byte) { word = AgentMarkup.hash(word, byte) } else { endWord() }
        }
        endWord()
        // There two characters make a word as a rule.
        return characters <= characterLimit && (refers || words + wide / 2 <= wordLimit)
    }

    private static func isWordPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
            true
        default: false
        }
    }
}
