import TurnoutCore

/// The pieces of a WordPiece vocabulary, found by their bytes.
///
/// An open-addressing table over a rolling hash. Because the hash of a prefix is a step on the way to the hash of the
/// whole, one pass over a word gives what is needed to look for its longest known beginning. Pieces that begin a word
/// and pieces that continue one (`##ing`) live in one table, told apart by the seed of the hash.
struct WordPieceVocabulary: Sendable {
    /// The number of tokens, continuation and special ones included.
    let count: Int
    /// The length in bytes of the longest piece, without its `##`.
    let longest: Int
    /// Each slot: the low half of the hash above, id + 1 below; 0 is empty.
    let slots: [UInt64]
    /// `64 - log2(slots.count)`: the slot is chosen by the high bits, which depend on all bytes.
    let shift: UInt64
    /// By the hash of two bytes: bit L is set when a piece of L bytes begins with them; bit 63 stands for 63 and more.
    let lengths: [UInt64]
    /// All tokens as they were given, separated by one byte.
    let text: [UInt8]
    /// Where the piece of an id begins in `text`, after its `##`; `count + 1` entries.
    let begins: [UInt32]
    /// The length in bytes of the piece of an id.
    let sizes: [UInt32]

    static let lengthShift: UInt64 = 52
    static let initialSeed: UInt64 = 0x243F_6A88_85A3_08D3
    static let continuationSeed: UInt64 = 0x1319_8A2E_0370_7344

    /// One step of the hash.
    @inline(__always)
    static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15 }

    /// Reads tokens separated by newlines, ids in their order; where a token stands twice, the later one counts.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when there is none, or more than fit.
    /// - Complexity: O(bytes)
    init(lines: UnsafeRawBufferPointer) throws {
        guard lines.count < 1 << 31 else {
            throw TurnoutError(.damagedFile, "the vocabulary takes more than 2 GB; use the vocab.txt of a BERT model")
        }
        var begins: [UInt32] = []
        var sizes: [UInt32] = []
        var start = 0
        while start < lines.count {
            var end = start
            while end < lines.count, lines[end] != UInt8(ascii: "\n") { end += 1 }
            let next = end + 1
            if end > start, lines[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            begins.append(UInt32(start))
            sizes.append(UInt32(end - start))
            start = next
        }
        guard !begins.isEmpty else {
            throw TurnoutError(.damagedFile, "the vocabulary is empty; use the vocab.txt of a BERT model")
        }
        var capacity = 256
        while capacity < begins.count * 2 { capacity *= 2 }
        let shift = UInt64(64 - capacity.trailingZeroBitCount)
        var slots = [UInt64](repeating: 0, count: capacity)
        var lengths = [UInt64](repeating: 0, count: 4096)
        var longest = 1
        for id in begins.indices {
            let isContinuation = Self.isContinuation(lines, begins[id], sizes[id])
            if isContinuation {
                begins[id] += 2
                sizes[id] -= 2
            }
            let piece = UnsafeRawBufferPointer(rebasing: lines[Int(begins[id])..<Int(begins[id] + sizes[id])])
            guard !piece.isEmpty else { continue }
            longest = max(longest, piece.count)
            var hash = isContinuation ? Self.continuationSeed : Self.initialSeed
            for (position, byte) in piece.enumerated() {
                hash = Self.step(hash, byte)
                if position == 1 { lengths[Int(hash >> Self.lengthShift)] |= 1 << UInt64(min(piece.count, 63)) }
            }
            Self.insert(id, hash, into: &slots, shift: shift) { other in
                let range = Int(begins[other])..<Int(begins[other] + sizes[other])
                return Self.isContinuation(lines, begins[other] &- 2, sizes[other] &+ 2) == isContinuation
                    && UnsafeRawBufferPointer(rebasing: lines[range]).elementsEqual(piece)
            }
        }
        self.count = begins.count
        self.longest = longest
        self.slots = slots
        self.shift = shift
        self.lengths = lengths
        self.text = [UInt8](lines)
        self.begins = begins
        self.sizes = sizes
    }

    private static func isContinuation(_ lines: UnsafeRawBufferPointer, _ begin: UInt32, _ size: UInt32) -> Bool {
        let begin = Int(begin)
        return size > 2 && begin + 2 <= lines.count && lines[begin] == UInt8(ascii: "#")
            && lines[begin + 1] == UInt8(ascii: "#")
    }

    private static func insert(
        _ id: Int, _ hash: UInt64, into slots: inout [UInt64], shift: UInt64, isSamePiece: (Int) -> Bool
    ) {
        let entry = hash << 32 | UInt64(id + 1)
        var slot = Int(hash >> shift)
        while slots[slot] != 0 {
            if slots[slot] >> 32 == entry >> 32, isSamePiece(Int(slots[slot] & 0xFFFF_FFFF) - 1) { break }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = entry
    }

    /// The id of a token by its full text, such as `[CLS]`; `nil` when there is none.
    ///
    /// - Complexity: O(`token`)
    func id(of token: String) -> Int32? {
        var piece = Array(token.utf8)
        let isContinuation = piece.count > 2 && piece.starts(with: [0x23, 0x23])
        if isContinuation { piece.removeFirst(2) }
        return piece.withUnsafeBufferPointer { bytes in
            let hash = bytes.reduce(isContinuation ? Self.continuationSeed : Self.initialSeed, Self.step)
            return withLookup { lookup in
                let id = lookup.find(bytes.baseAddress, bytes.count, hash)
                return id < 0 ? nil : id
            }
        }
    }

    /// The text of a token, its `##` included.
    ///
    /// - Complexity: O(length)
    func token(of id: Int) -> String {
        let begin = Int(begins[id])
        let end = begin + Int(sizes[id])
        let wasContinuation =
            begin >= 2 && text[begin - 1] == 0x23 && text[begin - 2] == 0x23
            && (begin == 2 || text[begin - 3] == UInt8(ascii: "\n"))
        return (wasContinuation ? "##" : "") + String(decoding: text[begin..<end], as: UTF8.self)
    }

    /// Lends the table for fast reading.
    func withLookup<Result>(_ body: (WordPieceLookup) throws -> Result) rethrows -> Result {
        try slots.withUnsafeBufferPointer { slots in
            try lengths.withUnsafeBufferPointer { lengths in
                try text.withUnsafeBufferPointer { text in
                    try begins.withUnsafeBufferPointer { begins in
                        try sizes.withUnsafeBufferPointer { sizes in
                            try body(
                                WordPieceLookup(
                                    slots: slots, shift: shift, lengths: lengths, text: text, begins: begins,
                                    sizes: sizes, longest: longest))
                        }
                    }
                }
            }
        }
    }
}

/// A vocabulary opened for reading.
///
/// Valid only inside ``WordPieceVocabulary/withLookup(_:)``.
struct WordPieceLookup {
    let slots: UnsafeBufferPointer<UInt64>
    let shift: UInt64
    let lengths: UnsafeBufferPointer<UInt64>
    let text: UnsafeBufferPointer<UInt8>
    let begins: UnsafeBufferPointer<UInt32>
    let sizes: UnsafeBufferPointer<UInt32>
    let longest: Int

    /// The id of a piece with a known hash; -1 when there is none.
    @inline(__always)
    func find(_ piece: UnsafePointer<UInt8>?, _ size: Int, _ hash: UInt64) -> Int32 {
        guard let piece else { return -1 }
        let mask = slots.count &- 1
        let tag = hash & 0xFFFF_FFFF
        var slot = Int(truncatingIfNeeded: hash >> shift)
        while true {
            let entry = slots[slot]
            if entry == 0 { return -1 }
            if entry >> 32 == tag {
                let id = Int(truncatingIfNeeded: entry & 0xFFFF_FFFF) &- 1
                if Int(sizes[id]) == size, isSame(piece, Int(begins[id]), size) { return Int32(truncatingIfNeeded: id) }
            }
            slot = (slot &+ 1) & mask
        }
    }

    @inline(__always)
    private func isSame(_ piece: UnsafePointer<UInt8>, _ begin: Int, _ size: Int) -> Bool {
        var i = 0
        while i < size {
            if piece[i] != text[begin &+ i] { return false }
            i &+= 1
        }
        return true
    }

    /// The longest piece that `bytes` begins with: its id and its length; the id is -1 when there is none.
    ///
    /// - Parameters:
    ///   - bytes: What is left of a word, at least one byte.
    ///   - count: How many bytes that is.
    ///   - seed: The seed for pieces that begin a word, or for those that continue one.
    ///   - prefixes: Room for ``longest`` + 1 hashes.
    /// - Returns: The id and the length in bytes.
    /// - Complexity: O(``longest``), and few look-ups: only lengths that pieces with these first two bytes have.
    func longestPiece(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, seed: UInt64, prefixes: UnsafeMutablePointer<UInt64>
    ) -> (id: Int32, size: Int) {
        let limit = min(count, longest)
        var hash = seed
        var size = 0
        while size < limit {
            hash = WordPieceVocabulary.step(hash, bytes[size])
            size &+= 1
            prefixes[size] = hash
        }
        if limit >= 2 {
            let present = lengths[Int(truncatingIfNeeded: prefixes[2] >> WordPieceVocabulary.lengthShift)]
            while size >= 2 {
                if present >> UInt64(min(size, 63)) & 1 == 1 {
                    let id = find(bytes, size, prefixes[size])
                    if id >= 0 { return (id, size) }
                }
                size &-= 1
            }
        }
        return (limit > 0 ? find(bytes, 1, prefixes[1]) : -1, 1)
    }
}
