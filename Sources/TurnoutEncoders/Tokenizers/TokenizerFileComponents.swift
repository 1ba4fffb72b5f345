import TurnoutCore

extension TextNormalizer {
    /// Reads the `normalizer` of a tokenizer.json.
    init(_ component: TokenizerFileComponent) throws {
        steps = component.isNull ? [] : try Self.read(component)
        guard Self.areBounded(steps) else {
            throw component.unsupported(
                "has \(steps.count) steps or makes text too much longer",
                supported: "\(Self.mostSteps) steps that replace a byte by at most \(Self.mostGrowth)")
        }
    }

    static let mostSteps = 64
    private static let mostGrowth = 1 << 12

    /// Whether steps are so few, and what they make of a byte is so little, that no text becomes too long.
    static func areBounded(_ steps: [Step]) -> Bool {
        steps.count <= mostSteps && steps.reduce(1) { min($0 * $1.growth, mostGrowth + 1) } <= mostGrowth
    }

    private static let supported =
        """
        BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, Sequence, Strip \
        and StripAccents
        """

    private static func read(_ component: TokenizerFileComponent) throws -> [Step] {
        switch try component.type() {
        case "BertNormalizer", "Bert": return try bert(component)
        case "ByteLevel": return [.byteLevel]
        case "Lowercase": return [.lowercase]
        case "NFC": return [.form(.nfc)]
        case "NFD": return [.form(.nfd)]
        case "NFKC": return [.form(.nfkc)]
        case "NFKD": return [.form(.nfkd)]
        case "Nmt": return [.nmt]
        case "StripAccents": return [.stripAccents]
        case "Strip":
            return [.strip(left: try component["strip_left"].bool(), right: try component["strip_right"].bool())]
        case "Prepend": return [.prepend(Array(try component["prepend"].string().utf8))]
        case "Replace":
            let pattern = try TextPattern(component["pattern"])
            return [.replace(pattern, with: Array(try component["content"].string().utf8))]
        case "Precompiled":
            let bytes = Base64.decode(Array(try component["precompiled_charsmap"].string().utf8))
            guard let map = bytes.flatMap(CharacterMap.init) else {
                throw component["precompiled_charsmap"].damaged("is not a SentencePiece charsmap in base64")
            }
            return [.map(map)]
        case "Sequence":
            return try component["normalizers"].elements().flatMap(read)
        case let other: throw component.unsupported("is of type \(other)", supported: supported)
        }
    }

    private static func bert(_ component: TokenizerFileComponent) throws -> [Step] {
        let lowercases = try component["lowercase"].bool()
        var steps: [Step] = []
        if try component["clean_text"].bool() { steps.append(.clean) }
        if try component["handle_chinese_chars"].bool() { steps.append(.spaceChinese) }
        if try component["strip_accents"].bool(default: lowercases) { steps += [.form(.nfd), .deleteMarks] }
        if lowercases { steps.append(.lowercase) }
        return steps
    }
}

extension TextNormalizer.Step {
    /// How many bytes may come of one, for steps that can be repeated to no end.
    fileprivate var growth: Int {
        switch self {
        case .replace(let pattern, let content): max(1, (content.count + pattern.least - 1) / pattern.least)
        case .prepend(let content): 1 + content.count
        case .map(let map): max(1, map.longestText)
        case .byteLevel: 2
        default: 1
        }
    }
}

extension TextPattern {
    /// The fewest bytes that a match has.
    fileprivate var least: Int {
        switch self {
        case .literal(let literal): max(1, literal.count)
        case .stretch(_, let least, _): max(1, least)
        case .anyOf, .words: 1
        }
    }

    /// Reads a `pattern`: `{"String": …}` or `{"Regex": …}`.
    init(_ component: TokenizerFileComponent) throws {
        if case .string(let text) = component["String"].value {
            guard !text.isEmpty else { throw component.damaged("is an empty text") }
            self = .literal(Array(text.utf8))
            return
        }
        let expression = try component["Regex"].string()
        guard let pattern = TextPattern(expression: expression) else {
            throw component.unsupported(
                "is the regular expression '\(expression.prefix(200))'", supported: TextPattern.supportedExpressions)
        }
        self = pattern
    }
}

extension PreTokenizer {
    /// Reads the `pre_tokenizer` of a tokenizer.json.
    ///
    /// - Parameters:
    ///   - component: The part of the file.
    ///   - readsBytes: Whether the model takes words as bytes, so that the last step need not translate them.
    /// - Throws: `TurnoutError` that names what is wrong or not supported.
    init(_ component: TokenizerFileComponent, readsBytes: Bool) throws {
        var steps = component.isNull ? [] : try Self.read(component)
        if readsBytes, case .byteLevel(let addsSpace, let splits, _)? = steps.last {
            steps[steps.count - 1] = .byteLevel(addsSpace: addsSpace, splits: splits, translates: false)
        }
        let translations = steps.filter { if case .byteLevel(_, _, translates: true) = $0 { true } else { false } }
        guard steps.count <= TextNormalizer.mostSteps, translations.count <= 1 else {
            throw component.unsupported(
                "has \(steps.count) steps", supported: "\(TextNormalizer.mostSteps) steps, one of them ByteLevel")
        }
        self.steps = steps
    }

    /// Whether the last step of a `pre_tokenizer` translates bytes.
    static func endsInByteLevel(_ component: TokenizerFileComponent) throws -> Bool {
        if component.isNull { return false }
        guard try component.type() == "Sequence" else { return try component.type() == "ByteLevel" }
        guard let last = try component["pretokenizers"].elements().last else { return false }
        return try endsInByteLevel(last)
    }

    private static let supported =
        "BertPreTokenizer, ByteLevel, Digits, Metaspace, Punctuation, Sequence, Split, Whitespace and WhitespaceSplit"

    private static func read(_ component: TokenizerFileComponent) throws -> [Step] {
        switch try component.type() {
        case "BertPreTokenizer": return [.bert]
        case "ByteLevel":
            return [
                .byteLevel(
                    addsSpace: try component["add_prefix_space"].bool(),
                    splits: try component["use_regex"].bool(default: true), translates: true)
            ]
        case "Digits": return [.digits(try component["individual_digits"].bool() ? .isolated : .contiguous)]
        case "Metaspace": return [try metaspace(component)]
        case "Punctuation":
            return [.punctuation(component["behavior"].isNull ? .isolated : try behavior(component["behavior"]))]
        case "Split":
            return [
                .pattern(
                    try TextPattern(component["pattern"]), try behavior(component["behavior"]),
                    isInverted: try component["invert"].bool())
            ]
        case "Whitespace": return [.words]
        case "WhitespaceSplit": return [.whitespace]
        case "Sequence": return try component["pretokenizers"].elements().flatMap(read)
        case let other: throw component.unsupported("is of type \(other)", supported: supported)
        }
    }

    private static func behavior(_ component: TokenizerFileComponent) throws -> Behavior {
        guard let behavior = Behavior(rawValue: try component.string()) else {
            throw component.damaged("is no known behaviour")
        }
        return behavior
    }

    private static func metaspace(_ component: TokenizerFileComponent) throws -> Step {
        let replacement = try component["replacement"].string()
        guard replacement.unicodeScalars.count == 1 else {
            throw component["replacement"].damaged("should be one character")
        }
        var scheme = PrependScheme.always
        if !component["prepend_scheme"].isNull {
            guard let named = PrependScheme(rawValue: try component["prepend_scheme"].string()) else {
                throw component["prepend_scheme"].damaged("is no known scheme")
            }
            scheme = named
        }
        if try !component["add_prefix_space"].bool(default: true) {
            guard component["prepend_scheme"].isNull || scheme == .never else {
                throw component["add_prefix_space"].damaged("contradicts prepend_scheme")
            }
            scheme = .never
        }
        return .metaspace(
            replacement: Array(replacement.utf8), scheme: scheme, splits: try component["split"].bool(default: true))
    }
}

extension PostProcessor {
    private static let supported = "BertProcessing, ByteLevel, RobertaProcessing, Sequence and TemplateProcessing"
    static let largestID = 1 << 24

    /// Reads the `post_processor` of a tokenizer.json.
    init(_ component: TokenizerFileComponent) throws {
        guard !component.isNull else { return }
        switch try component.type() {
        case "ByteLevel": break
        case "BertProcessing", "RobertaProcessing":
            before = [try Self.pair(component["cls"])]
            after = [try Self.pair(component["sep"])]
        case "TemplateProcessing": try readTemplate(component)
        case "Sequence":
            for element in try component["processors"].elements() { wrap(try PostProcessor(element)) }
        case let other: throw component.unsupported("is of type \(other)", supported: Self.supported)
        }
    }

    private static func pair(_ component: TokenizerFileComponent) throws -> Int32 {
        let elements = try component.elements()
        guard elements.count == 2 else { throw component.damaged("should be a token and its id") }
        return Int32(try elements[1].index(limit: largestID))
    }

    private mutating func readTemplate(_ component: TokenizerFileComponent) throws {
        var hasText = false
        for piece in try component["single"].elements() {
            if !piece["Sequence"].isNull {
                guard try piece["Sequence"]["id"].string() == "A", !hasText else {
                    throw component["single"].unsupported(
                        "uses more than the text itself", supported: "templates with $A once")
                }
                hasText = true
                continue
            }
            let name = try piece["SpecialToken"]["id"].string()
            let ids = try component["special_tokens"][name]["ids"].elements().map {
                Int32(try $0.index(limit: Self.largestID))
            }
            if hasText { after += ids } else { before += ids }
        }
        guard hasText else { throw component["single"].damaged("has no place for the text") }
    }
}
