/// How many bytes of each kind a text has: all that a token estimate needs to know of it.
///
/// A small automaton reads the UTF-8 bytes once. Its state says what the byte before was part of: the fourth letter of a
/// word, the second of three digits, white space at the beginning of a line, Greek. The counts are the visits to each
/// state. Counts add up: those of two texts are those of their concatenation, but for a word or number cut in two.
public struct TextCounts: Hashable, Sendable {
    /// What a byte was part of; the order is that of the weights.
    package enum State: UInt8, CaseIterable {
        case start, wordGlued, wordSpaced
        case letter2, letter3, letter4, letter5, letter6, letter7, letter8, letter9, letter10, letter11
        case hump, capitals, digit1, digit2, digit3, space1, space2, indent, newline1, newline2
        case punctuation1, punctuationSpaced, punctuation2, latin, latinAdditional, greekCyrillic1, greekCyrillic2
        case semitic1, semitic2, indic, symbols, kana, han, hangul, wide, astral
    }

    /// Visits to each state, in the order of ``State``.
    package private(set) var visits: [Int32]

    /// Nothing.
    public init() { visits = Array(repeating: 0, count: State.allCases.count) }

    /// Counts a text.
    ///
    /// - Complexity: O(bytes), about two nanoseconds each
    public init(_ text: String) {
        self.init()
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Counts bytes that are meant as UTF-8; those that are not count as what they look like.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.init()
        append(bytes)
    }

    /// Adds the counts of another text.
    public static func + (a: TextCounts, b: TextCounts) -> TextCounts {
        var sum = a
        for state in sum.visits.indices { sum.visits[state] &+= b.visits[state] }
        return sum
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        visits.withUnsafeMutableBufferPointer { visits in
            TextAutomaton.table.withUnsafeBufferPointer { table in
                var state = 0
                for byte in bytes {
                    state = Int(table[state << 8 | Int(byte)])
                    visits[state] &+= 1
                }
            }
        }
    }
}

/// The automaton behind ``TextCounts``.
///
/// The same rules stand in Reference/fit_token_weights.py; a test compares the counts of both.
enum TextAutomaton {
    private typealias State = TextCounts.State

    private enum Kind: UInt8 {
        case lower, upper, digit, space, newline, punctuation, continuation, latin, greekCyrillic, semitic, indic
        case latinAdditional, symbols, kana, han, hangul, wide, astral
    }

    /// The next state for each state and byte; 256 bytes a state.
    static let table: [UInt8] = State.allCases.flatMap { state in
        (UInt8.min...UInt8.max).map { byte in next(after: state, kind(of: byte)).rawValue }
    }

    /// What a byte begins or goes on with; the scripts are those of the lead byte's whole block of 64 scalars or more.
    private static func kind(of byte: UInt8) -> Kind {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): .lower
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): .upper
        case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
        case 0x20, 0x09: .space
        case 0x0A, 0x0D: .newline
        case ..<0x80: .punctuation
        case ..<0xC0: .continuation
        case ..<0xCB: .latin
        case ..<0xD5: .greekCyrillic
        case ..<0xE0: .semitic
        case 0xE0: .indic
        case 0xE1: .latinAdditional  // Vietnamese vowels; also Georgian, Khmer and others, which are rarer
        case 0xE2: .symbols
        case 0xE3: .kana
        case ..<0xEA: .han
        case ..<0xEE: .hangul
        case ..<0xF0: .wide
        default: .astral
        }
    }

    private static func next(after state: State, _ kind: Kind) -> State {
        let isNewline = state == .newline1 || state == .newline2
        return switch kind {
        case .continuation: state
        case .lower: letter(after: state)
        case .upper: capital(after: state)
        case .digit: state == .digit1 ? .digit2 : state == .digit2 ? .digit3 : .digit1
        case .space: isNewline ? .indent : [.space1, .space2, .indent].contains(state) ? .space2 : .space1
        case .newline: isNewline ? .newline2 : .newline1
        case .punctuation:
            [.punctuation1, .punctuationSpaced, .punctuation2].contains(state)
                ? .punctuation2 : state == .space1 ? .punctuationSpaced : .punctuation1
        case .latin: .latin
        case .greekCyrillic:
            state == .greekCyrillic1 || state == .greekCyrillic2 ? .greekCyrillic2 : .greekCyrillic1
        case .semitic: state == .semitic1 || state == .semitic2 ? .semitic2 : .semitic1
        case .indic: .indic
        case .latinAdditional: .latinAdditional
        case .symbols: .symbols
        case .kana: .kana
        case .han: .han
        case .hangul: .hangul
        case .wide: .wide
        case .astral: .astral
        }
    }

    private static func letter(after state: State) -> State {
        switch state {
        case .latin, .latinAdditional: .letter4  // in the middle of a word, as a rule
        case .wordGlued, .wordSpaced, .hump: .letter2
        case .capitals: .letter3
        case .letter11: .letter11
        case .letter2, .letter3, .letter4, .letter5, .letter6, .letter7, .letter8, .letter9, .letter10:
            State(rawValue: state.rawValue + 1) ?? .letter11
        case .space1: .wordSpaced
        default: .wordGlued
        }
    }

    private static func capital(after state: State) -> State {
        switch state {
        case .wordGlued, .wordSpaced, .capitals, .hump: .capitals
        case .letter2, .letter3, .letter4, .letter5, .letter6, .letter7, .letter8, .letter9, .letter10, .letter11:
            .hump
        case .space1: .wordSpaced
        default: .wordGlued
        }
    }
}
