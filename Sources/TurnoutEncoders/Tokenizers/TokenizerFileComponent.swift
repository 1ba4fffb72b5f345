import TurnoutCore

/// One of the small parts of a tokenizer.json (a normaliser, a pre-tokeniser, …) with what errors need to name it.
///
/// Vocabularies are not read this way; see ``TokenizerFileScanner``.
struct TokenizerFileComponent {
    indirect enum Value {
        case null
        case bool(Bool)
        case number(Double)
        case string(String)
        case array([Value])
        case object([String: Value])
    }

    /// The file it stands in.
    let file: String
    /// Where in the file, such as `normalizer`.
    let place: String
    let value: Value

    /// Reads the component at the cursor.
    init(file: String, place: String, scanner: inout TokenizerFileScanner) throws {
        self.file = file
        self.place = place
        value = try Self.read(&scanner, depth: 0)
    }

    init(file: String, place: String, value: Value) {
        self.file = file
        self.place = place
        self.value = value
    }

    private static func read(_ scanner: inout TokenizerFileScanner, depth: Int) throws -> Value {
        guard depth < TokenizerFileScanner.deepest else {
            throw scanner.malformed("at most \(TokenizerFileScanner.deepest) levels of nesting")
        }
        switch scanner.peek() {
        case UInt8(ascii: "\""): return .string(try scanner.string())
        case UInt8(ascii: "{"):
            var members: [String: Value] = [:]
            var key = ByteBuffer()
            try scanner.object(key: &key) { scanner, key in
                let name = String(decoding: key.text, as: UTF8.self)
                members[name] = try read(&scanner, depth: depth + 1)
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [Value] = []
            try scanner.array { elements.append(try read(&$0, depth: depth + 1)) }
            return .array(elements)
        default:
            if scanner.literal("null") { return .null }
            if scanner.literal("true") { return .bool(true) }
            if scanner.literal("false") { return .bool(false) }
            return .number(try scanner.number())
        }
    }

    /// Whether it is `null`, or was not there.
    var isNull: Bool {
        if case .null = value { return true }
        return false
    }

    /// A member by its name; `null` where there is none.
    subscript(name: String) -> TokenizerFileComponent {
        var member = Value.null
        if case .object(let members) = value { member = members[name] ?? .null }
        return TokenizerFileComponent(file: file, place: "\(place).\(name)", value: member)
    }

    /// The names of all members.
    var names: [String] {
        if case .object(let members) = value { return members.keys.sorted() }
        return []
    }

    /// The elements of an array.
    func elements() throws -> [TokenizerFileComponent] {
        guard case .array(let elements) = value else { throw damaged("should be an array") }
        return elements.enumerated().map {
            TokenizerFileComponent(file: file, place: "\(place)[\($0.offset)]", value: $0.element)
        }
    }

    /// The kind that it says it is.
    func type() throws -> String {
        guard case .object = value else { throw damaged("should be an object with a 'type'") }
        return try self["type"].string()
    }

    func string() throws -> String {
        guard case .string(let text) = value else { throw damaged("should be a string") }
        return text
    }

    func optionalString() throws -> String? { isNull ? nil : try string() }

    func bool(default fallback: Bool? = nil) throws -> Bool {
        if case .bool(let flag) = value { return flag }
        guard isNull, let fallback else { throw damaged("should be true or false") }
        return fallback
    }

    func number() throws -> Double {
        guard case .number(let number) = value else { throw damaged("should be a number") }
        return number
    }

    /// A whole number from 0 to `limit`.
    func index(limit: Int) throws -> Int {
        guard case .number(let number) = value, number >= 0, number <= Double(limit), number == number.rounded() else {
            throw damaged("should be a whole number up to \(limit)")
        }
        return Int(number)
    }

    /// A mistake in the file.
    func damaged(_ what: String) -> TurnoutError {
        TurnoutError(.damagedFile, "'\(file)': \(place) \(what); fetch the file again or write it again")
    }

    /// Something that is not wrong but not supported either.
    func unsupported(_ what: String, supported: String) -> TurnoutError {
        TurnoutError(
            .unsupported, "'\(file)': \(place) \(what), which this version does not do; supported are \(supported)")
    }
}
