import CTurnoutDefaults

extension TextPattern {
    /// The pattern that a regular expression means; `nil` for those that are not supported.
    ///
    /// Supported are the splitting expressions of GPT-2, cl100k and Qwen 2, literal texts, and one character, escape or
    /// class, which may be followed by `+`, `{n}`, `{n,}` or `{n,m}`; also several of these with `|` between.
    init?(expression: String) {
        switch expression {
        case #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#:
            self = .words(.gpt2)
        case Self.cl100k("{1,3}"): self = .words(.cl100k(digits: 3))
        case Self.cl100k(""): self = .words(.cl100k(digits: 1))
        default:
            var reader = ExpressionReader(expression)
            guard let pattern = reader.pattern() else { return nil }
            self = pattern
        }
    }

    private static func cl100k(_ count: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + count
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    /// What is supported, for error messages.
    static let supportedExpressions = """
        literal texts, one character or class with +, {n}, {n,} or {n,m} (or up to 16 of these with | between, n up to \
        8), classes of up to 64 parts, and the splitting expressions of GPT-2, cl100k and Qwen 2
        """
}

/// Reads the few regular expressions that ``TextPattern`` can stand for.
private struct ExpressionReader {
    private let scalars: [Unicode.Scalar]
    private var at = 0

    init(_ expression: String) { scalars = Array(expression.unicodeScalars) }

    private var next: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private static let special: Set<Unicode.Scalar> = [
        ".", "*", "+", "?", "(", ")", "[", "]", "{", "}", "|", "^", "$", "\\",
    ]

    mutating func pattern() -> TextPattern? {
        if !scalars.isEmpty, scalars.allSatisfy({ !Self.special.contains($0) }) {
            return .literal(Array(String(String.UnicodeScalarView(scalars)).utf8))
        }
        guard let first = stretch() else { return nil }
        if at == scalars.count { return .stretch(first.set, least: first.least, most: first.most) }
        var stretches = [first]
        while next == "|" {
            at += 1
            guard let stretch = stretch() else { return nil }
            stretches.append(stretch)
        }
        // A place where a stretch is too short is looked at again from the next one on, and by every alternative.
        guard at == scalars.count, stretches.count <= Self.mostAlternatives,
            stretches.allSatisfy({ $0.least <= Self.longestRepeated })
        else { return nil }
        return .anyOf(stretches)
    }

    private static let longestRepeated = 8
    private static let mostAlternatives = 16
    /// Ranges of a class, each of which every scalar may be held against.
    private static let mostRanges = 64

    private mutating func stretch() -> ScalarStretch? {
        guard let set = atom(), let bounds = quantifier() else { return nil }
        return ScalarStretch(set: set, least: bounds.lowerBound, most: bounds.upperBound)
    }

    private mutating func atom() -> ScalarSet? {
        guard let scalar = next else { return nil }
        at += 1
        switch scalar {
        case "\\": return escape()
        case "[": return bracket()
        default: return Self.special.contains(scalar) ? nil : ScalarSet(ranges: [scalar.value...scalar.value])
        }
    }

    /// What stands after a backslash.
    private mutating func escape() -> ScalarSet? {
        guard let scalar = next else { return nil }
        at += 1
        switch scalar {
        case "s": return ScalarSet(flags: UInt32(TURNOUT_TEXT_SPACE))
        case "S": return ScalarSet(flags: UInt32(TURNOUT_TEXT_SPACE), isInverted: true)
        case "n": return ScalarSet(ranges: [0x0A...0x0A])
        case "r": return ScalarSet(ranges: [0x0D...0x0D])
        case "t": return ScalarSet(ranges: [0x09...0x09])
        case "p":
            let name = String(String.UnicodeScalarView(scalars[at...].prefix(3)))
            at += name.unicodeScalars.count
            switch name {
            case "{L}": return ScalarSet(flags: UInt32(TURNOUT_TEXT_LETTER))
            case "{N}": return ScalarSet(flags: UInt32(TURNOUT_TEXT_NUMBER))
            default: return nil
            }
        default:
            let isSign = scalar.isASCII && !scalar.properties.isAlphabetic && !("0"..."9").contains(scalar)
            let isLiteral = Self.special.contains(scalar) || isSign
            return isLiteral ? ScalarSet(ranges: [scalar.value...scalar.value]) : nil
        }
    }

    /// What stands between brackets.
    private mutating func bracket() -> ScalarSet? {
        var set = ScalarSet()
        if next == "^" {
            set.isInverted = true
            at += 1
        }
        let first = at
        while let scalar = next, scalar != "]" || at == first {
            at += 1
            if scalar == "[" || scalar == "]" || scalar == "&" { return nil }
            if scalar == "\\" {
                guard let part = escape(), !part.isInverted else { return nil }
                set.flags |= part.flags
                set.ranges += part.ranges
            } else if next == "-", at + 1 < scalars.count, scalars[at + 1] != "]" {
                let last = scalars[at + 1]
                guard last != "\\", last != "[", scalar <= last else { return nil }
                set.ranges.append(scalar.value...last.value)
                at += 2
            } else {
                set.ranges.append(scalar.value...scalar.value)
            }
        }
        guard next == "]", set.ranges.count <= Self.mostRanges else { return nil }
        at += 1
        return set
    }

    /// How often: once, `+`, or between braces.
    private mutating func quantifier() -> ClosedRange<Int>? {
        guard let scalar = next, scalar != "|" else { return 1...1 }
        at += 1
        if scalar == "+" { return 1...Int.max }
        guard scalar == "{", let least = number(), least > 0 else { return nil }
        var most = least
        if next == "," {
            at += 1
            most = next == "}" ? Int.max : number() ?? 0
        }
        guard next == "}", most >= least else { return nil }
        at += 1
        return least...most
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = next?.value, 0x30...0x39 ~= digit, (value ?? 0) < 100_000 {
            value = (value ?? 0) * 10 + Int(digit - 0x30)
            at += 1
        }
        return value
    }
}
