import TurnoutCore

/// Byte-pair encoding: a word begins as single characters, and the pair with the best rank is merged until none is left.
///
/// Sennrich et al. 2016, "Neural machine translation of rare words with subword units". Works on characters of text, or,
/// when its input was made by a byte-level pre-tokeniser, directly on bytes: the vocabulary is translated once.
///
/// A word that is a token, and that merging would arrive at, is found by one lookup; which tokens those are is found out
/// while loading. Others take O(n²) steps over a few machine words while they are short, O(n·log n) when they are long.
struct BytePairModel: Sendable {
    /// What a tokenizer.json says besides vocabulary and merges.
    struct Options: Sendable {
        var unknown: String?
        var prefix: [UInt8] = []
        var suffix: [UInt8] = []
        var fusesUnknown = false
        var fallsBackToBytes = false
        var ignoresMerges = false
    }

    private(set) var vocabulary: ByteStringTable
    let options: Options
    /// Whether words come as raw bytes and the vocabulary was translated to them.
    let isByteLevel: Bool
    private let merges: BytePairMerges
    /// The id of a single byte that is a character of its own, where `isByteLevel`.
    private let byteIDs: [Int32]
    /// The ids of `<0x00>` … `<0xFF>`.
    private let fallbackIDs: [Int32]
    private let unknownID: Int32
    /// Whether words can be cut before each `▁` that stands behind another character, because no token goes across.
    private let cutsAtBlanks: Bool

    /// The mark that SentencePiece writes for a blank.
    private static let blank: [UInt8] = Array("▁".utf8)

    /// Set on tokens at which merging arrives.
    private static let isWhole: Int32 = 1

    init(vocabulary: ByteStringTable, merges: BytePairMerges, options: Options, isByteLevel: Bool, file: String) throws
    {
        let bytes = (0..<256).map { vocabulary.find([UInt8($0)]) }
        let fallback = (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return vocabulary.find(Array("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8))
        }
        self.init(
            vocabulary: vocabulary, options: options, isByteLevel: isByteLevel, merges: merges, byteIDs: bytes,
            fallbackIDs: fallback,
            unknownID: try Self.unknown(options, vocabulary, isByteLevel: isByteLevel, bytes: bytes, file: file))
        if options.prefix.isEmpty, options.suffix.isEmpty { self.vocabulary = flagged() }
    }

    private init(
        vocabulary: ByteStringTable, options: Options, isByteLevel: Bool, merges: BytePairMerges, byteIDs: [Int32],
        fallbackIDs: [Int32], unknownID: Int32
    ) {
        self.vocabulary = vocabulary
        self.options = options
        self.isByteLevel = isByteLevel
        self.merges = merges
        self.byteIDs = byteIDs
        self.fallbackIDs = fallbackIDs
        self.unknownID = unknownID
        cutsAtBlanks = !isByteLevel && options.prefix.isEmpty && options.suffix.isEmpty && Self.cutsAtBlanks(vocabulary)
    }

    private static func cutsAtBlanks(_ vocabulary: ByteStringTable) -> Bool {
        var goesAcross = false
        vocabulary.forEach { text, _ in
            guard let base = text.baseAddress, !goesAcross else { return }
            goesAcross = endOfPart(base, text.count, from: 0) < text.count
        }
        return !goesAcross && vocabulary.find(blank) >= 0
    }

    /// Where the part of a word ends that begins at a place: before the next `▁` behind another character.
    @inline(__always)
    private static func endOfPart(_ word: UnsafePointer<UInt8>, _ size: Int, from start: Int) -> Int {
        var at = start
        while at &+ 3 <= size, isBlank(word + at) { at &+= 3 }
        while at < size, !(word[at] == 0xE2 && at &+ 3 <= size && isBlank(word + at)) { at &+= 1 }
        return at
    }

    @inline(__always)
    private static func isBlank(_ text: UnsafePointer<UInt8>) -> Bool {
        text[0] == 0xE2 && text[1] == 0x96 && text[2] == 0x81
    }

    /// The vocabulary with a flag on each token at which merging arrives.
    private func flagged() -> ByteStringTable {
        var scratch = BytePairScratch()
        var ids: [Int32] = []
        return vocabulary.flagged { text, id in
            guard let base = text.baseAddress, text.count <= 64 else { return 0 }
            ids.removeAll(keepingCapacity: true)
            merge(base, text.count, into: &ids, scratch: &scratch)
            return ids == [id] ? Self.isWhole : 0
        }
    }

    /// The id of the unknown token; -1 where unknown characters leave no trace.
    private static func unknown(
        _ options: Options, _ vocabulary: ByteStringTable, isByteLevel: Bool, bytes: [Int32], file: String
    ) throws -> Int32 {
        guard let text = options.unknown else { return -1 }
        let translated = isByteLevel ? ByteLevelAlphabet.bytes(of: Array(text.utf8)) : Array(text.utf8)
        let id = translated.map { vocabulary.find($0) } ?? -1
        guard id >= 0 || (isByteLevel && !bytes.contains(-1)) else {
            throw TurnoutError(
                .damagedFile, "'\(file)': model.unk_token is not in the vocabulary; fetch the file again")
        }
        return id
    }

    /// Appends the ids of a word.
    @inline(__always)
    func encode(
        _ word: UnsafePointer<UInt8>, _ size: Int, into ids: inout [Int32], scratch: inout BytePairScratch
    ) {
        let (id, flag) = vocabulary.find(word, size)
        if id >= 0, flag == Self.isWhole || options.ignoresMerges { return ids.append(id) }
        guard cutsAtBlanks else { return merge(word, size, into: &ids, scratch: &scratch) }
        var start = 0
        while start < size {
            let end = Self.endOfPart(word, size, from: start)
            let (id, flag) = vocabulary.find(word + start, end &- start)
            if flag == Self.isWhole {
                ids.append(id)
            } else {
                merge(word + start, end &- start, into: &ids, scratch: &scratch)
            }
            start = end
        }
    }

    private func merge(
        _ word: UnsafePointer<UInt8>, _ size: Int, into ids: inout [Int32], scratch: inout BytePairScratch
    ) {
        scratch.symbols.removeAll(keepingCapacity: true)
        if isByteLevel {
            appendBytes(word, size, &scratch)
        } else {
            appendCharacters(word, size, &scratch)
        }
        merges.apply(to: &scratch)
        ids.append(contentsOf: scratch.symbols)
    }

    private func appendBytes(_ word: UnsafePointer<UInt8>, _ size: Int, _ scratch: inout BytePairScratch) {
        var unknowns = UnknownRun(id: unknownID, isFused: options.fusesUnknown)
        for index in 0..<size {
            let id = byteIDs[Int(word[index])]
            if id >= 0 {
                unknowns.end(&scratch.symbols)
                scratch.symbols.append(id)
            } else {
                unknowns.add(&scratch.symbols)
            }
        }
        unknowns.end(&scratch.symbols)
    }

    private func appendCharacters(_ word: UnsafePointer<UInt8>, _ size: Int, _ scratch: inout BytePairScratch) {
        var unknowns = UnknownRun(id: unknownID, isFused: options.fusesUnknown)
        var at = 0
        while at < size {
            let width = UTF8Decoding.wellFormed(word + at).width
            let isFirst = at == 0
            let isLast = at + width >= size
            let usesPrefix = !isFirst && !options.prefix.isEmpty
            let usesSuffix = isLast && !options.suffix.isEmpty
            var text: UnsafePointer<UInt8> = word + at
            var length = width
            if usesPrefix || usesSuffix {
                scratch.character.removeAll()
                if usesPrefix { scratch.character.append(options.prefix) }
                scratch.character.append(word + at, width)
                if usesSuffix { scratch.character.append(options.suffix) }
                text = UnsafePointer(scratch.character.start)
                length = scratch.character.count
            }
            at += width
            let id = vocabulary.find(text, length).value
            if id >= 0 {
                unknowns.end(&scratch.symbols)
                scratch.symbols.append(id)
            } else if !options.fallsBackToBytes || !appendFallback(text, length, &scratch.symbols) {
                unknowns.add(&scratch.symbols)
            }
        }
        unknowns.end(&scratch.symbols)
    }

    /// Appends one token a byte, if there is one for each.
    private func appendFallback(_ text: UnsafePointer<UInt8>, _ size: Int, _ symbols: inout [Int32]) -> Bool {
        for index in 0..<size where fallbackIDs[Int(text[index])] < 0 { return false }
        for index in 0..<size { symbols.append(fallbackIDs[Int(text[index])]) }
        return true
    }

    /// Unknown characters that have not been written yet.
    ///
    /// As in the library, the last of them waits for the next known
    /// character, even when bytes of others come between.
    private struct UnknownRun {
        let id: Int32
        let isFused: Bool
        var isPending = false

        @inline(__always)
        mutating func add(_ symbols: inout [Int32]) {
            guard id >= 0 else { return }
            if isPending, !isFused { symbols.append(id) }
            isPending = true
        }

        @inline(__always)
        mutating func end(_ symbols: inout [Int32]) {
            if isPending { symbols.append(id) }
            isPending = false
        }
    }
}
