import CTurnoutDefaults

/// One pass over a text: normalises it scalar by scalar into the word at hand, and hands over the word's ids when it
/// ends.
///
/// The word has a fixed room, because a word of more than `longestWord` scalars is one `[UNK]` whatever it says: beyond
/// that, scalars are only counted.
///
/// Combining marks that survive normalisation are put in canonical order. Those that do not survive matter only when
/// they are of class 0, since marks do not change places across them.
struct WordPieceScanner {
    private let lookup: WordPieceLookup
    private let unknown: Int32
    private let longestWord: Int
    /// The word so far, normalised.
    private let word: UnsafeMutablePointer<UInt8>
    /// Ids of the word's pieces, kept back until the whole word is covered.
    private let pieces: UnsafeMutablePointer<Int32>
    private let prefixes: UnsafeMutablePointer<UInt64>
    private var size = 0
    private var scalars = 0
    /// Where the marks begin that stand at the end of the word and may change places.
    private var marks = 0

    private static let deleted: UInt8 = 0
    private static let space: UInt8 = 1
    private static let isolated: UInt8 = 2

    /// What an ASCII byte becomes: 0 deleted, 1 space, 2 a word of its own, else its lowercase form.
    static func asciiClass(_ byte: Int) -> UInt8 {
        switch Int(turnout_bert_class(UInt32(byte))) {
        case TURNOUT_BERT_WORD: return UInt8(byte)
        case TURNOUT_BERT_SPACE: return space
        case TURNOUT_BERT_ISOLATED: return isolated
        case TURNOUT_BERT_REPLACED...: return turnout_bert_replacement_of(turnout_bert_class(UInt32(byte))).bytes[0]
        default: return deleted
        }
    }

    /// Hands over the ids of a text.
    static func scan(
        _ bytes: UnsafeBufferPointer<UInt8>, lookup: WordPieceLookup, ascii: UnsafeBufferPointer<UInt8>,
        isolatedIDs: UnsafeBufferPointer<Int32>, specials: [(text: [UInt8], id: Int32)], unknown: Int32,
        longestWord: Int, _ emit: (Int32) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: longestWord * 4 + 4) { word in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: longestWord * 4 + 4) { pieces in
                withUnsafeTemporaryAllocation(of: UInt64.self, capacity: lookup.longest + 1) { prefixes in
                    guard let text = bytes.baseAddress, let word = word.baseAddress, let pieces = pieces.baseAddress,
                        let prefixes = prefixes.baseAddress
                    else { return }
                    var scanner = WordPieceScanner(
                        lookup: lookup, unknown: unknown, longestWord: longestWord, word: word, pieces: pieces,
                        prefixes: prefixes)
                    scanner.run(text, bytes.count, ascii, isolatedIDs, specials, emit)
                }
            }
        }
    }

    private init(
        lookup: WordPieceLookup, unknown: Int32, longestWord: Int, word: UnsafeMutablePointer<UInt8>,
        pieces: UnsafeMutablePointer<Int32>, prefixes: UnsafeMutablePointer<UInt64>
    ) {
        self.lookup = lookup
        self.unknown = unknown
        self.longestWord = longestWord
        self.word = word
        self.pieces = pieces
        self.prefixes = prefixes
    }

    private mutating func run(
        _ text: UnsafePointer<UInt8>, _ count: Int, _ ascii: UnsafeBufferPointer<UInt8>,
        _ isolatedIDs: UnsafeBufferPointer<Int32>, _ specials: [(text: [UInt8], id: Int32)], _ emit: (Int32) -> Void
    ) {
        var i = 0
        while i < count {
            let byte = text[i]
            guard byte < 0x80 else {
                let (scalar, width) = UTF8Decoding.scalar(text + i, count &- i)
                i &+= width
                if let scalar { take(scalar, emit) }
                continue
            }
            let kind = ascii[Int(byte)]
            i &+= 1
            if kind > Self.isolated {
                appendASCII(kind)
            } else if kind == Self.space {
                endWord(emit)
            } else if kind == Self.isolated {
                endWord(emit)
                if byte == UInt8(ascii: "["),
                    let special = Self.special(at: text + (i &- 1), count &- i &+ 1, specials)
                {
                    i &+= special.size &- 1
                    emit(special.id)
                } else {
                    emit(isolatedIDs[Int(byte)])
                }
            }
        }
        endWord(emit)
    }

    private static func special(
        at text: UnsafePointer<UInt8>, _ count: Int, _ specials: [(text: [UInt8], id: Int32)]
    ) -> (size: Int, id: Int32)? {
        for special in specials where special.text.count <= count {
            let isHere = special.text.indices.allSatisfy { special.text[$0] == text[$0] }
            if isHere { return (special.text.count, special.id) }
        }
        return nil
    }

    @inline(__always)
    private mutating func appendASCII(_ byte: UInt8) {
        scalars &+= 1
        guard scalars <= longestWord else { return }
        word[size] = byte
        size &+= 1
        marks = size
    }

    /// Takes a scalar beyond ASCII as its class says.
    private mutating func take(_ scalar: UInt32, _ emit: (Int32) -> Void) {
        let kind = Int(turnout_bert_class(scalar))
        switch kind {
        case TURNOUT_BERT_WORD: append(scalar)
        case TURNOUT_BERT_DELETED: break
        case TURNOUT_BERT_SPACE: endWord(emit)
        case TURNOUT_BERT_ISOLATED: appendAlone(scalar, emit)
        case TURNOUT_BERT_BARRIER: marks = size
        case TURNOUT_BERT_HANGUL: appendHangul(scalar)
        case TURNOUT_BERT_REPLACED...: appendReplacement(kind, emit)
        default: appendMark(scalar, kind &- TURNOUT_BERT_NONSTARTER)
        }
    }

    private mutating func append(_ scalar: UInt32) {
        scalars &+= 1
        guard scalars <= longestWord else { return }
        size &+= UTF8Decoding.write(scalar, to: word + size)
        marks = size
    }

    private mutating func appendAlone(_ scalar: UInt32, _ emit: (Int32) -> Void) {
        endWord(emit)
        append(scalar)
        endWord(emit)
    }

    /// A syllable is two or three letters by arithmetic (The Unicode Standard, section 3.12).
    private mutating func appendHangul(_ scalar: UInt32) {
        let index = scalar &- 0xAC00
        append(0x1100 &+ index / 588)
        append(0x1161 &+ index % 588 / 28)
        if index % 28 > 0 { append(0x11A7 &+ index % 28) }
    }

    private mutating func appendReplacement(_ kind: Int, _ emit: (Int32) -> Void) {
        let replacement = turnout_bert_replacement_of(UInt16(truncatingIfNeeded: kind))
        let length = Int(replacement.length)
        switch Int(replacement.shape) {
        case TURNOUT_BERT_PLAIN, TURNOUT_BERT_ALONE:
            let standsAlone = Int(replacement.shape) == TURNOUT_BERT_ALONE
            if standsAlone { endWord(emit) }
            scalars &+= Int(replacement.scalars)
            if scalars <= longestWord {
                for k in 0..<length { word[size &+ k] = replacement.bytes[k] }
                size &+= length
                marks = size
            }
            if standsAlone { endWord(emit) }
        default:
            var k = 0
            while k < length {
                let (scalar, width) = UTF8Decoding.scalar(replacement.bytes + k, length &- k)
                k &+= width
                guard let scalar else { continue }
                let part = Int(turnout_bert_class(scalar))
                if part == TURNOUT_BERT_ISOLATED {
                    appendAlone(scalar, emit)
                } else if part > TURNOUT_BERT_NONSTARTER, part < TURNOUT_BERT_REPLACED {
                    appendMark(scalar, part &- TURNOUT_BERT_NONSTARTER)
                } else {
                    append(scalar)
                }
            }
        }
    }

    /// Puts a mark before those marks at the end of the word whose class is higher (canonical ordering).
    private mutating func appendMark(_ scalar: UInt32, _ order: Int) {
        scalars &+= 1
        guard scalars <= longestWord else { return }
        var place = size
        while place > marks {
            var previous = place &- 1
            while previous > marks, word[previous] & 0xC0 == 0x80 { previous &-= 1 }
            let (before, _) = UTF8Decoding.scalar(word + previous, place &- previous)
            guard let before, Int(turnout_bert_class(before)) &- TURNOUT_BERT_NONSTARTER > order else { break }
            place = previous
        }
        let width = UTF8Decoding.width(scalar)
        var k = size
        while k > place {
            k &-= 1
            word[k &+ width] = word[k]
        }
        _ = UTF8Decoding.write(scalar, to: word + place)
        size &+= width
    }

    /// Hands over the ids of the word at hand, and begins the next.
    @inline(__always)
    private mutating func endWord(_ emit: (Int32) -> Void) {
        if scalars > 0 { coverWord(emit) }
        size = 0
        scalars = 0
        marks = 0
    }

    private func coverWord(_ emit: (Int32) -> Void) {
        guard scalars <= longestWord else { return emit(unknown) }
        if size <= lookup.longest {
            var hash = WordPieceVocabulary.initialSeed
            for k in 0..<size { hash = WordPieceVocabulary.step(hash, word[k]) }
            let id = lookup.find(word, size, hash)
            if id >= 0 { return emit(id) }
        }
        var start = 0
        var count = 0
        while start < size {
            let seed = start == 0 ? WordPieceVocabulary.initialSeed : WordPieceVocabulary.continuationSeed
            let (id, length) = lookup.longestPiece(word + start, size &- start, seed: seed, prefixes: prefixes)
            guard id >= 0 else { return emit(unknown) }
            pieces[count] = id
            count &+= 1
            start &+= length
        }
        for k in 0..<count { emit(pieces[k]) }
    }
}
