/// Walks over JSON text once, checking it as it goes and decoding nothing that is not asked for.
///
/// Accepts exactly RFC 8259 in UTF-8, with one liberty: a `\u` escape may be half of a surrogate pair, because
/// clients that cut strings at a UTF-16 boundary send such and models do not mind.
///
/// The caller guarantees that the bytes outlive the cursor.
package struct JSONCursor {
    /// A string as it stands in the text.
    package struct StringToken: Equatable, Sendable {
        /// The bytes between the quotes.
        package let range: Range<Int>
        /// Whether a backslash is among them.
        package let hasEscapes: Bool
    }

    /// How deeply arrays and objects may be nested.
    package static let depthLimit = 512

    let bytes: UnsafeRawBufferPointer
    /// The next byte to be read.
    package private(set) var offset: Int
    private var depth = 0

    /// Starts at an offset, 0 unless told otherwise.
    package init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    /// The next byte that is not white space, without taking it; `nil` at the end.
    @inline(__always)
    package mutating func peek() -> UInt8? {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            offset += 1
        }
        return nil
    }

    /// Refuses anything but white space up to the end.
    package mutating func expectEnd() throws(JSONSyntaxError) {
        guard peek() == nil else { throw error("the end of the text") }
    }

    /// Reads an object; `member` is called at each value with its key and must read that value.
    @inline(__always)
    package mutating func readObject(
        _ member: (inout JSONCursor, StringToken) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        try enter(UInt8(ascii: "{"), "an object")
        if peek() == UInt8(ascii: "}") { return leave() }
        while true {
            guard peek() == UInt8(ascii: "\"") else { throw error("a key in double quotes") }
            let key = try readString()
            guard peek() == UInt8(ascii: ":") else { throw error("':'") }
            offset += 1
            try member(&self, key)
            switch peek() {
            case UInt8(ascii: ","): offset += 1
            case UInt8(ascii: "}"): return leave()
            default: throw error("',' or '}'")
            }
        }
    }

    /// Reads an array; `element` is called at each value and must read it.
    @inline(__always)
    package mutating func readArray(
        _ element: (inout JSONCursor) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        try enter(UInt8(ascii: "["), "an array")
        if peek() == UInt8(ascii: "]") { return leave() }
        while true {
            try element(&self)
            switch peek() {
            case UInt8(ascii: ","): offset += 1
            case UInt8(ascii: "]"): return leave()
            default: throw error("',' or ']'")
            }
        }
    }

    /// Reads any value and returns where it stands.
    @discardableResult
    package mutating func skipValue() throws(JSONSyntaxError) -> Range<Int> {
        guard let first = peek() else { throw error("a value") }
        let start = offset
        switch first {
        case UInt8(ascii: "\""): _ = try readString()
        case UInt8(ascii: "{"): try readObject { (cursor, _) throws(JSONSyntaxError) in try cursor.skipValue() }
        case UInt8(ascii: "["): try readArray { (cursor) throws(JSONSyntaxError) in try cursor.skipValue() }
        case UInt8(ascii: "t"): try skipLiteral("true")
        case UInt8(ascii: "f"): try skipLiteral("false")
        case UInt8(ascii: "n"): try skipLiteral("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber()
        default: throw error("a value")
        }
        return start..<offset
    }

    /// Reads any value and returns how many elements it has; 0 for all but arrays.
    package mutating func countElements() throws(JSONSyntaxError) -> Int {
        guard peek() == UInt8(ascii: "[") else {
            try skipValue()
            return 0
        }
        var count = 0
        try readArray { (cursor) throws(JSONSyntaxError) in
            count += 1
            try cursor.skipValue()
        }
        return count
    }

    func error(_ expected: String) -> JSONSyntaxError { JSONSyntaxError(offset: offset, expected: expected) }

    mutating func advance(to offset: Int) { self.offset = offset }

    private mutating func enter(_ opening: UInt8, _ what: String) throws(JSONSyntaxError) {
        guard peek() == opening else { throw error(what) }
        guard depth < Self.depthLimit else { throw error("at most \(Self.depthLimit) levels of nesting") }
        depth += 1
        offset += 1
    }

    private mutating func leave() {
        depth -= 1
        offset += 1
    }

    private mutating func skipLiteral(_ literal: StaticString) throws(JSONSyntaxError) {
        let count = literal.utf8CodeUnitCount
        for index in 0..<count {
            guard offset + index < bytes.count, bytes[offset + index] == literal.utf8Start[index] else {
                throw JSONSyntaxError(offset: offset + index, expected: "'\(literal)'")
            }
        }
        offset += count
    }

    private mutating func skipNumber() throws(JSONSyntaxError) {
        if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "0") { offset += 1 } else { try skipDigits() }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            try skipDigits()
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(JSONSyntaxError) {
        let start = offset
        while offset < bytes.count, bytes[offset] &- UInt8(ascii: "0") <= 9 { offset += 1 }
        guard offset > start else { throw error("a digit") }
    }
}
