import CTurnoutDefaults

/// The words of a text as numbers: equal words have equal numbers, and different ones nearly always different ones.
///
/// Words are those of BERT's uncased pre-tokeniser: without case and accents, split at white space, punctuation marks
/// and Chinese characters being words of their own. Marks that combine are taken in the order in which they are
/// written. The number is FNV-1a (Fowler, Noll and Vo 1991), over scalars in place of bytes.
package struct WordHashes {
    private var hash = Self.start
    private var isEmpty = true

    private static let start: UInt64 = 0xCBF2_9CE4_8422_2325
    private static let prime: UInt64 = 0x100_0000_01B3

    /// Hands over the numbers of the words, in order.
    ///
    /// - Complexity: O(bytes), without memory per word.
    package static func forEach(inUTF8 text: UnsafeBufferPointer<UInt8>, _ body: (UInt64) -> Void) {
        guard let start = text.baseAddress else { return }
        var words = WordHashes()
        var i = 0
        while i < text.count {
            let (scalar, width) = UTF8Decoding.scalar(start + i, text.count &- i)
            i &+= width
            if let scalar { words.take(scalar, body) }
        }
        words.endWord(body)
    }

    private mutating func take(_ scalar: UInt32, _ body: (UInt64) -> Void) {
        let kind = Int(turnout_bert_class(scalar))
        switch kind {
        case TURNOUT_BERT_DELETED, TURNOUT_BERT_BARRIER: break
        case TURNOUT_BERT_SPACE: endWord(body)
        case TURNOUT_BERT_ISOLATED:
            endWord(body)
            add(scalar)
            endWord(body)
        case TURNOUT_BERT_REPLACED...:
            let replacement = turnout_bert_replacement_of(UInt16(truncatingIfNeeded: kind))
            let standsAlone = Int(replacement.shape) == TURNOUT_BERT_ALONE
            if standsAlone { endWord(body) }
            var k = 0
            while k < Int(replacement.length) {
                let (part, width) = UTF8Decoding.scalar(replacement.bytes + k, Int(replacement.length) &- k)
                k &+= width
                if let part { add(part) }
            }
            if standsAlone { endWord(body) }
        default: add(scalar)
        }
    }

    @inline(__always)
    private mutating func add(_ scalar: UInt32) {
        hash = (hash ^ UInt64(scalar)) &* Self.prime
        isEmpty = false
    }

    private mutating func endWord(_ body: (UInt64) -> Void) {
        if !isEmpty { body(hash) }
        hash = Self.start
        isEmpty = true
    }
}
