import CTurnoutDefaults

/// Finds where grapheme clusters begin, scalar by scalar.
///
/// Unicode Standard Annex #29, section 3.1.
struct GraphemeBreaks {
    private var before: Int32 = -1
    private var regionals = 0
    /// How far a pictographic sequence has come: 1 after the pictograph, 2 after its joiner.
    private var pictographic = 0
    /// How far an Indic conjunct has come: 1 after the consonant, 2 after a linker.
    private var conjunct = 0

    /// Takes the next scalar of a text and says whether a cluster begins with it.
    @inline(__always)
    mutating func take(_ flags: UInt32) -> Bool {
        let next = Int32(truncatingIfNeeded: flags >> UInt32(TURNOUT_TEXT_BREAK_SHIFT) & 15)
        let isPictograph = flags & UInt32(TURNOUT_TEXT_PICTOGRAPHIC) != 0
        let part = flags >> UInt32(TURNOUT_TEXT_CONJUNCT_SHIFT) & 3
        let begins = before < 0 || isBoundary(next, isPictograph: isPictograph, isConsonant: part == 1)
        regionals = next == Self.regional ? regionals &+ 1 : 0
        if isPictograph {
            pictographic = 1
        } else if pictographic != 1 || next != Self.extend {
            pictographic = pictographic == 1 && next == Self.joiner ? 2 : 0
        }
        if part == 1 {
            conjunct = 1
        } else if conjunct == 0 || part != 2 {
            conjunct = conjunct > 0 && part == 3 ? 2 : 0
        }
        before = next
        return begins
    }

    private static let other = Int32(TURNOUT_BREAK_OTHER)
    private static let carriageReturn = Int32(TURNOUT_BREAK_CR)
    private static let lineFeed = Int32(TURNOUT_BREAK_LF)
    private static let control = Int32(TURNOUT_BREAK_CONTROL)
    private static let extend = Int32(TURNOUT_BREAK_EXTEND)
    private static let joiner = Int32(TURNOUT_BREAK_ZWJ)
    private static let regional = Int32(TURNOUT_BREAK_REGIONAL)
    private static let prepend = Int32(TURNOUT_BREAK_PREPEND)
    private static let spacing = Int32(TURNOUT_BREAK_SPACING)
    private static let leading = Int32(TURNOUT_BREAK_L)
    private static let vowel = Int32(TURNOUT_BREAK_V)
    private static let trailing = Int32(TURNOUT_BREAK_T)
    private static let leadingVowel = Int32(TURNOUT_BREAK_LV)
    private static let leadingVowelTrailing = Int32(TURNOUT_BREAK_LVT)

    private func isBoundary(_ next: Int32, isPictograph: Bool, isConsonant: Bool) -> Bool {
        if before == Self.carriageReturn { return next != Self.lineFeed }  // GB3, GB4
        if (Self.carriageReturn...Self.control).contains(before) || (Self.carriageReturn...Self.control).contains(next)
        {
            return true  // GB4, GB5
        }
        switch before {  // GB6 to GB8
        case Self.leading where next == Self.leading || next == Self.vowel: return false
        case Self.leading where next == Self.leadingVowel || next == Self.leadingVowelTrailing: return false
        case Self.leadingVowel, Self.vowel: if next == Self.vowel || next == Self.trailing { return false }
        case Self.leadingVowelTrailing, Self.trailing: if next == Self.trailing { return false }
        default: break
        }
        if next == Self.extend || next == Self.joiner || next == Self.spacing { return false }  // GB9, GB9a
        if before == Self.prepend { return false }  // GB9b
        if isConsonant, conjunct == 2 { return false }  // GB9c
        if isPictograph, pictographic == 2 { return false }  // GB11
        if next == Self.regional, regionals % 2 == 1 { return false }  // GB12, GB13
        return true
    }
}
