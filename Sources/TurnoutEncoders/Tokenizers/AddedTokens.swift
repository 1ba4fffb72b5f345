import CTurnoutDefaults
import TurnoutCore

/// A token that is found in the text itself, before or after it is normalised, whatever the model would make of it.
struct AddedToken: Sendable {
    var content: String
    var isSingleWord: Bool
    var stripsLeft: Bool
    var stripsRight: Bool
    var isNormalized: Bool
    var isSpecial: Bool

    init(_ component: TokenizerFileComponent) throws {
        content = try component["content"].string()
        isSingleWord = try component["single_word"].bool()
        stripsLeft = try component["lstrip"].bool()
        stripsRight = try component["rstrip"].bool()
        isNormalized = try component["normalized"].bool()
        isSpecial = try component["special"].bool()
    }
}

/// Finds added tokens in a text: from the left, the longest of those that begin at a place.
struct AddedTokens: Sendable {
    private let trie: DoubleArrayTrie
    private let tokens: [(id: Int32, token: AddedToken)]
    /// For each byte whether a token begins with it.
    private let beginnings: FrozenArray<Bool>

    /// Prepares the search; `nil` where there is nothing to be found.
    ///
    /// - Parameters:
    ///   - tokens: What is looked for, its id, and the token.
    ///   - file: What messages call the file.
    /// - Throws: `TurnoutError` when a token is empty.
    init?(_ tokens: [(text: [UInt8], id: Int32, token: AddedToken)], file: String) throws {
        guard !tokens.isEmpty else { return nil }
        var list = ByteStringList()
        var beginnings = [Bool](repeating: false, count: 256)
        for (index, token) in tokens.enumerated() {
            guard let first = token.text.first else {
                throw TurnoutError(
                    .unsupported,
                    """
                    '\(file)': an added token is empty once normalised, so that it can be found nowhere; remove it from \
                    added_tokens
                    """)
            }
            beginnings[Int(first)] = true
            list.append(token.text, value: Int32(index))
        }
        trie = try DoubleArrayTrie(list, file: file)
        self.tokens = tokens.map { ($0.id, $0.token) }
        self.beginnings = FrozenArray(beginnings)
    }

    /// Hands over the parts of a text in order: the id of an added token, or -1 and a stretch without any.
    ///
    /// - Complexity: O(bytes · longest token) at worst; one look at each byte that begins no token.
    @inline(__always)
    func split(_ text: UnsafeBufferPointer<UInt8>, _ body: (Int32, Range<Int>) -> Void) {
        guard let base = text.baseAddress else { return }
        var done = 0
        var at = 0
        while at < text.count {
            guard beginnings[Int(base[at])] else {
                at &+= 1
                continue
            }
            let (index, size) = trie.longest(base + at, text.count &- at, from: trie.root)
            guard index >= 0 else {
                at &+= 1
                continue
            }
            let found = tokens[Int(index)]
            if let range = Self.extent(found.token, at..<at &+ size, text, after: done) {
                if done < range.lowerBound { body(-1, done..<range.lowerBound) }
                body(found.id, range)
                done = range.upperBound
            }
            at &+= size
        }
        if done < text.count { body(-1, done..<text.count) }
    }

    /// What a token takes of the text, with the white space that belongs to it; `nil` when it must be a word and is not.
    private static func extent(
        _ token: AddedToken, _ match: Range<Int>, _ text: UnsafeBufferPointer<UInt8>, after done: Int
    ) -> Range<Int>? {
        guard let base = text.baseAddress else { return nil }
        func flags(_ at: Int) -> UInt32 { turnout_text_flags_of(UTF8Decoding.wellFormed(base + at).scalar) }
        let word = UInt32(TURNOUT_TEXT_WORD)
        let white = UInt32(TURNOUT_TEXT_WHITE)
        var start = match.lowerBound
        var end = match.upperBound
        if token.isSingleWord {
            let goesOnBefore = start > 0 && flags(UTF8Decoding.startOfScalar(before: start, in: base)) & word != 0
            let goesOnAfter = end < text.count && flags(end) & word != 0
            if goesOnBefore || goesOnAfter { return nil }
        }
        if token.stripsLeft {
            while start > 0 {
                let before = UTF8Decoding.startOfScalar(before: start, in: base)
                guard flags(before) & white != 0 else { break }
                start = before
            }
            start = max(start, done)
        }
        if token.stripsRight {
            while end < text.count, flags(end) & white != 0 { end += UTF8Decoding.wellFormed(base + end).width }
        }
        return min(start, end)..<end
    }
}
