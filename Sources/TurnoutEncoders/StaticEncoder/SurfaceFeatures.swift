import CTurnoutDefaults
import Foundation

/// What can be seen of a text without knowing its words: lengths, shares, counts.
///
/// Length alone is a hard baseline for routing, and embeddings of a fixed length cannot show it; every linear router
/// therefore sees these features beside the embedding. Shares are of all scalars of the text. Counts and lengths are
/// taken as `log(1 + x)`, so that a very long prompt moves a linear model a little and not to its end.
///
/// | # | name | meaning | range |
/// |---|---|---|---|
/// | 0 | `log_scalars` | log(1 + scalars), at least one | ≥ 0.69 |
/// | 1 | `log_words` | log(1 + runs of what is not white space) | ≥ 0 |
/// | 2 | `digit_share` | digits of any script | 0…1 |
/// | 3 | `operator_share` | `+ - * / = ^ < > $ \` | 0…1 |
/// | 4 | `log_lines` | log(1 + newlines) | ≥ 0 |
/// | 5 | `log_word_length` | log(1 + mean scalars in a word) | ≥ 0 |
/// | 6 | `log_questions` | log(1 + `?`) | ≥ 0 |
/// | 7 | `capital_share` | capital letters of any script | 0…1 |
/// | 8 | `comma_share` | `,` | 0…1 |
/// | 9 | `code_share` | `{ } ( ) [ ] ; _` and the backtick | 0…1 |
/// | 10 | `log_options` | log(1 + lines that begin like `A.`, `b)` or `(C)`) | ≥ 0 |
/// | 11 | `beyond_ascii_share` | scalars above U+007F | 0…1 |
/// | 12 | `log_sentences` | log(1 + `.`, `!`, `?` before white space or the end, and their full-width forms before anything) | ≥ 0 |
/// | 13 | `log_numbers` | log(1 + runs of digits) | ≥ 0 |
///
/// The classes of scalars come from tables that are part of the binary, so that the features do not depend on the
/// Unicode version of the operating system.
public enum SurfaceFeatures {
    /// The names, in the order of the features.
    public static let names = [
        "log_scalars", "log_words", "digit_share", "operator_share", "log_lines", "log_word_length", "log_questions",
        "capital_share", "comma_share", "code_share", "log_options", "beyond_ascii_share", "log_sentences",
        "log_numbers",
    ]

    /// The number of features.
    public static let count = names.count

    /// The features of a text, ``count`` finite numbers.
    ///
    /// - Complexity: O(bytes), one pass.
    public static func extract(from text: String) -> [Float] {
        var text = text
        return text.withUTF8 { extract(fromUTF8: $0) }
    }

    /// The features of a text given as UTF-8; bytes that are not well-formed are passed over.
    ///
    /// - Complexity: O(bytes), one pass.
    public static func extract(fromUTF8 text: UnsafeBufferPointer<UInt8>) -> [Float] {
        var tally = SurfaceTally()
        tally.count(text)
        return tally.features
    }
}

/// The counts behind the features.
private struct SurfaceTally {
    private var scalars = 0
    private var words = 0
    private var letters = 0
    private var digits = 0
    private var numbers = 0
    private var operators = 0
    private var lines = 0
    private var questions = 0
    private var capitals = 0
    private var commas = 0
    private var codeMarks = 0
    private var options = 0
    private var beyondASCII = 0
    private var sentences = 0

    private var isInWord = false
    private var isInNumber = false
    private var endsSentence = false
    private var option = OptionPrefix.lineStart

    /// How far the line at hand agrees with `A.`, `b)`, `C:` or `(D)`.
    private enum OptionPrefix { case lineStart, opened, lettered, none }

    var features: [Float] {
        let total = Double(max(scalars, 1))
        let wordLength = words > 0 ? Double(letters) / Double(words) : 0
        let values: [Double] = [
            log1p(total), log1p(Double(words)), Double(digits) / total, Double(operators) / total, log1p(Double(lines)),
            log1p(wordLength), log1p(Double(questions)), Double(capitals) / total, Double(commas) / total,
            Double(codeMarks) / total, log1p(Double(options)), Double(beyondASCII) / total, log1p(Double(sentences)),
            log1p(Double(numbers)),
        ]
        return values.map { Float($0) }
    }

    mutating func count(_ text: UnsafeBufferPointer<UInt8>) {
        guard let start = text.baseAddress else { return }
        var i = 0
        while i < text.count {
            let (scalar, width) = UTF8Decoding.scalar(start + i, text.count &- i)
            i &+= width
            if let scalar { take(scalar) }
        }
        if endsSentence { sentences &+= 1 }
    }

    @inline(__always)
    private mutating func take(_ scalar: UInt32) {
        let classes = turnout_surface_class(scalar)
        let isDigit = classes & 1 != 0
        let isSpace = classes & 4 != 0
        scalars &+= 1
        if isSpace {
            isInWord = false
        } else {
            letters &+= 1
            if !isInWord { words &+= 1 }
            isInWord = true
        }
        if isDigit {
            digits &+= 1
            if !isInNumber { numbers &+= 1 }
        }
        isInNumber = isDigit
        if classes & 2 != 0 { capitals &+= 1 }
        if endsSentence, isSpace { sentences &+= 1 }
        endsSentence = false
        if scalar < 0x80 { takeASCII(UInt8(truncatingIfNeeded: scalar)) } else { takeBeyondASCII(scalar) }
    }

    @inline(__always)
    private mutating func takeASCII(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\n"): lines &+= 1
        case UInt8(ascii: "?"):
            questions &+= 1
            endsSentence = true
        case UInt8(ascii: "."), UInt8(ascii: "!"): endsSentence = true
        case UInt8(ascii: ","): commas &+= 1
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "="),
            UInt8(ascii: "^"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "$"), UInt8(ascii: "\\"):
            operators &+= 1
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: ";"), UInt8(ascii: "_"), UInt8(ascii: "`"):
            codeMarks &+= 1
        default: break
        }
        if option != .none || byte == UInt8(ascii: "\n") { followOption(byte) }
    }

    private mutating func takeBeyondASCII(_ scalar: UInt32) {
        beyondASCII &+= 1
        option = .none
        switch scalar {
        case 0x3002, 0xFF01, 0xFF1F: sentences &+= 1  // 。！？ end a sentence wherever they stand
        default: break
        }
    }

    private mutating func followOption(_ byte: UInt8) {
        switch (option, byte) {
        case (_, UInt8(ascii: "\n")): option = .lineStart
        case (.lineStart, UInt8(ascii: " ")), (.lineStart, UInt8(ascii: "\t")): break
        case (.lineStart, UInt8(ascii: "(")): option = .opened
        case (.lineStart, UInt8(ascii: "A")...UInt8(ascii: "J")), (.lineStart, UInt8(ascii: "a")...UInt8(ascii: "j")),
            (.opened, UInt8(ascii: "A")...UInt8(ascii: "J")), (.opened, UInt8(ascii: "a")...UInt8(ascii: "j")):
            option = .lettered
        case (.lettered, UInt8(ascii: ".")), (.lettered, UInt8(ascii: ")")), (.lettered, UInt8(ascii: ":")):
            options &+= 1
            option = .none
        default: option = .none
        }
    }
}
