import CTurnoutDefaults

/// A set of scalars: those with one of some flags, or within one of some ranges; or all others.
struct ScalarSet: Sendable {
    var flags: UInt32 = 0
    var ranges: [ClosedRange<UInt32>] = []
    var isInverted = false

    @inline(__always)
    func contains(_ scalar: UInt32) -> Bool {
        (turnout_text_flags_of(scalar) & flags != 0 || ranges.contains { $0.contains(scalar) }) != isInverted
    }
}

/// As many scalars of a set as there are, if they are enough; at most so many at a time.
struct ScalarStretch: Sendable {
    let set: ScalarSet
    let least: Int
    let most: Int

    /// Where the stretch ends that begins at a place; `nil` where none does.
    @inline(__always)
    func end(_ text: UnsafePointer<UInt8>, _ count: Int, from start: Int) -> Int? {
        var end = start
        var found = 0
        while end < count, found < most {
            let (scalar, width) = UTF8Decoding.wellFormed(text + end)
            guard set.contains(scalar) else { break }
            found &+= 1
            end &+= width
        }
        return found >= least ? end : nil
    }
}

/// What a pre-tokeniser splits at or a normaliser replaces.
///
/// Not regular expressions in general: a literal text, stretches of scalars of one kind, and the splitting expressions of
/// well-known models, each written out by hand so that its time is in proportion to the text.
enum TextPattern: Sendable {
    /// Exactly this text.
    case literal([UInt8])
    /// As many scalars of a set as there are, if they are enough; at most so many at a time.
    case stretch(ScalarSet, least: Int, most: Int)
    /// The first of several stretches of at least a few scalars that begins at a place.
    case anyOf([ScalarStretch])
    /// Words, numbers and the rest, as ``WordPattern`` cuts them.
    case words(WordPattern)

    /// The first match at or after a place; `nil` where there is none.
    @inline(__always)
    func match(_ text: UnsafePointer<UInt8>, _ count: Int, from start: Int) -> Range<Int>? {
        switch self {
        case .literal(let literal): Self.find(literal, text, count, from: start)
        case .stretch(let set, let least, let most): Self.find(set, least, most, text, count, from: start)
        case .anyOf(let stretches): Self.find(stretches, text, count, from: start)
        case .words(let pattern): start < count ? start..<pattern.end(text, count, from: start) : nil
        }
    }

    private static func find(
        _ literal: [UInt8], _ text: UnsafePointer<UInt8>, _ count: Int, from start: Int
    ) -> Range<Int>? {
        guard let first = literal.first else { return nil }
        var at = start
        while at &+ literal.count <= count {
            if text[at] == first, literal.indices.allSatisfy({ text[at &+ $0] == literal[$0] }) {
                return at..<at &+ literal.count
            }
            at &+= 1
        }
        return nil
    }

    private static func find(
        _ set: ScalarSet, _ least: Int, _ most: Int, _ text: UnsafePointer<UInt8>, _ count: Int, from start: Int
    ) -> Range<Int>? {
        var at = start
        while at < count {
            var end = at
            var found = 0
            while end < count, found < most {
                let (scalar, width) = UTF8Decoding.wellFormed(text + end)
                guard set.contains(scalar) else { break }
                found &+= 1
                end &+= width
            }
            if found >= least, end > at { return at..<end }
            // A stretch that is too short contains none that is long enough.
            at = end > at ? end : at &+ UTF8Decoding.wellFormed(text + at).width
        }
        return nil
    }
}

extension TextPattern {
    private static func find(
        _ stretches: [ScalarStretch], _ text: UnsafePointer<UInt8>, _ count: Int, from start: Int
    ) -> Range<Int>? {
        var at = start
        while at < count {
            for stretch in stretches {
                if let end = stretch.end(text, count, from: at) { return at..<end }
            }
            at &+= UTF8Decoding.wellFormed(text + at).width
        }
        return nil
    }
}

/// The expressions by which byte-level models cut a text into words.
///
/// Every place of a text belongs to a match.
enum WordPattern: Sendable {
    /// GPT-2's: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2
    /// That of cl100k and its followers, with one to `digits` digits at a time.
    case cl100k(digits: Int)

    private static let letter = UInt32(TURNOUT_TEXT_LETTER)
    private static let number = UInt32(TURNOUT_TEXT_NUMBER)
    private static let space = UInt32(TURNOUT_TEXT_SPACE)
    private static let kinds = letter | number | space

    /// Which of letter, number, space the scalar at a place is; 0 for none.
    @inline(__always)
    private static func kind(_ text: UnsafePointer<UInt8>, _ at: Int) -> (kind: UInt32, width: Int) {
        let (scalar, width) = UTF8Decoding.wellFormed(text + at)
        return (turnout_text_flags_of(scalar) & kinds, width)
    }

    /// Where the match ends that begins at a place.
    @inline(__always)
    func end(_ text: UnsafePointer<UInt8>, _ count: Int, from start: Int) -> Int {
        switch self {
        case .gpt2: Self.endOfGPT2(text, count, start)
        case .cl100k(let digits): Self.endOfCL100K(text, count, start, digits)
        }
    }

    /// Where a stretch of scalars of one kind ends.
    @inline(__always)
    private static func endOfStretch(
        _ text: UnsafePointer<UInt8>, _ count: Int, _ start: Int, of kind: UInt32
    ) -> Int {
        var at = start
        while at < count {
            let (next, width) = Self.kind(text, at)
            guard next == kind else { break }
            at &+= width
        }
        return at
    }

    private static func endOfGPT2(_ text: UnsafePointer<UInt8>, _ count: Int, _ start: Int) -> Int {
        if text[start] == UInt8(ascii: "'"), let end = endOfContraction(text, count, start, ignoresCase: false) {
            return end
        }
        let hasSpace = text[start] == 0x20 && start &+ 1 < count
        let first = hasSpace ? start &+ 1 : start
        let (kind, width) = Self.kind(text, first)
        if kind != space { return endOfStretch(text, count, first &+ width, of: kind) }
        return endOfWhite(text, count, start)
    }

    /// White space up to the end of the text, or up to the last scalar of it, which belongs to the next word.
    private static func endOfWhite(_ text: UnsafePointer<UInt8>, _ count: Int, _ start: Int) -> Int {
        let end = endOfStretch(text, count, start, of: space)
        guard end < count else { return end }
        let last = UTF8Decoding.startOfScalar(before: end, in: text)
        return last > start ? last : end
    }

    private static func endOfContraction(
        _ text: UnsafePointer<UInt8>, _ count: Int, _ start: Int, ignoresCase: Bool
    ) -> Int? {
        guard start &+ 1 < count else { return nil }
        let fold: UInt8 = ignoresCase ? 0x20 : 0
        let first = text[start &+ 1] | fold
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start &+ 2
        case 0xC5 | fold where ignoresCase && text[start &+ 1] == 0xC5:
            // The long s is an s when case does not matter.
            return start &+ 2 < count && text[start &+ 2] == 0xBF ? start &+ 3 : nil
        default: break
        }
        guard start &+ 2 < count else { return nil }
        switch (first, text[start &+ 2] | fold) {
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start &+ 3
        default: return nil
        }
    }

    /// Where a match of cl100k's expression ends, which ``TextPattern/init(expression:)`` spells out.
    private static func endOfCL100K(_ text: UnsafePointer<UInt8>, _ count: Int, _ start: Int, _ digits: Int) -> Int {
        if text[start] == UInt8(ascii: "'"), let end = endOfContraction(text, count, start, ignoresCase: true) {
            return end
        }
        let (kind, width) = Self.kind(text, start)
        if kind == letter { return endOfStretch(text, count, start &+ width, of: letter) }
        if kind == number { return endOfNumber(text, count, start, digits) }
        let isBreak = text[start] == 0x0A || text[start] == 0x0D
        let second = start &+ width
        if !isBreak, second < count, Self.kind(text, second).kind == letter {
            return endOfStretch(text, count, second, of: letter)
        }
        let first = text[start] == 0x20 && second < count ? second : start
        if Self.kind(text, first).kind == 0 {
            var end = endOfStretch(text, count, first, of: 0)
            while end < count, text[end] == 0x0A || text[end] == 0x0D { end &+= 1 }
            return end
        }
        let white = endOfStretch(text, count, start, of: space)
        var lastBreak = white
        while lastBreak > start, text[lastBreak &- 1] != 0x0A, text[lastBreak &- 1] != 0x0D { lastBreak &-= 1 }
        return lastBreak > start ? lastBreak : endOfWhite(text, count, start)
    }

    private static func endOfNumber(_ text: UnsafePointer<UInt8>, _ count: Int, _ start: Int, _ digits: Int) -> Int {
        var at = start
        for _ in 0..<digits where at < count {
            let (kind, width) = Self.kind(text, at)
            guard kind == number else { break }
            at &+= width
        }
        return at
    }
}
