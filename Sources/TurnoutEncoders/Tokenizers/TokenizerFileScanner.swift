/// Walks over the bytes of a tokenizer.json, which may hold a million values, and builds only those asked for.
///
/// Accepts what the `tokenizers` library accepts: JSON without half surrogate pairs. The bytes must be well-formed
/// UTF-8 (checked once, by whoever loads the file) and outlive the scanner.
struct TokenizerFileScanner {
    /// Where and why the text is not what it should be; half a sentence.
    struct Malformed: Error {
        let offset: Int
        let expected: String
    }

    /// How deeply values may be nested.
    static let deepest = 64

    let bytes: UnsafeBufferPointer<UInt8>
    private(set) var offset: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    var isAtEnd: Bool { offset >= bytes.count }

    /// The byte at the cursor; 0 at the end.
    var currentByte: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    mutating func skipByte() { offset += 1 }

    func malformed(_ expected: String) -> Malformed { Malformed(offset: offset, expected: expected) }

    /// The next byte that is not white space, without taking it; 0 at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            offset &+= 1
        }
        return 0
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset &+= 1
        return true
    }

    mutating func expectEnd() throws {
        _ = peek()
        guard offset == bytes.count else { throw malformed("the end of the file") }
    }

    /// Reads an object; `member` must read the value at which it is called.
    ///
    /// The key is valid during the call.
    @inline(__always)
    mutating func object(
        key: inout ByteBuffer, _ member: (inout TokenizerFileScanner, borrowing ByteBuffer) throws -> Void
    ) throws {
        guard take(UInt8(ascii: "{")) else { throw malformed("an object") }
        if take(UInt8(ascii: "}")) { return }
        while true {
            key.removeAll()
            try string(into: &key)
            guard take(UInt8(ascii: ":")) else { throw malformed("':'") }
            try member(&self, key)
            if take(UInt8(ascii: "}")) { return }
            guard take(UInt8(ascii: ",")) else { throw malformed("',' or '}'") }
        }
    }

    /// Reads an array; `element` must read the value at which it is called.
    @inline(__always)
    mutating func array(_ element: (inout TokenizerFileScanner) throws -> Void) throws {
        guard take(UInt8(ascii: "[")) else { throw malformed("an array") }
        if take(UInt8(ascii: "]")) { return }
        while true {
            try element(&self)
            if take(UInt8(ascii: "]")) { return }
            guard take(UInt8(ascii: ",")) else { throw malformed("',' or ']'") }
        }
    }

    /// Takes a comma, between the elements of an array read by hand.
    mutating func comma() throws {
        guard take(UInt8(ascii: ",")) else { throw malformed("','") }
    }

    /// Takes an opening or closing bracket of an array read by hand.
    mutating func bracket(_ byte: UInt8) throws {
        guard take(byte) else { throw malformed("'\(Unicode.Scalar(byte))'") }
    }

    /// Reads a string and appends its text.
    @inline(__always)
    mutating func string(into text: inout ByteBuffer) throws {
        guard take(UInt8(ascii: "\"")) else { throw malformed("a string") }
        guard let base = bytes.baseAddress else { throw malformed("a string") }
        var start = offset
        while true {
            guard offset < bytes.count else { throw malformed("the closing '\"' of a string") }
            let byte = base[offset]
            if byte == UInt8(ascii: "\"") {
                text.append(base + start, offset &- start)
                offset &+= 1
                return
            }
            if byte == UInt8(ascii: "\\") {
                text.append(base + start, offset &- start)
                try escape(into: &text)
                start = offset
            } else {
                guard byte >= 0x20 else { throw malformed("an escape in place of a control character") }
                offset &+= 1
            }
        }
    }

    /// Reads a string in place of what `text` holds.
    mutating func string(into text: inout ByteBuffer, clearing: Bool) throws {
        if clearing { text.removeAll() }
        try string(into: &text)
    }

    /// Reads a string.
    mutating func string() throws -> String {
        var text = ByteBuffer()
        try string(into: &text)
        return String(decoding: text.text, as: UTF8.self)
    }

    @inline(never)
    private mutating func escape(into text: inout ByteBuffer) throws {
        guard offset + 1 < bytes.count else { throw malformed("an escape") }
        let letter = bytes[offset + 1]
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try hexadecimal(at: offset + 2)
            if 0xD800..<0xDC00 ~= unit {
                guard offset + 7 < bytes.count, bytes[offset + 6] == UInt8(ascii: "\\"),
                    bytes[offset + 7] == UInt8(ascii: "u")
                else { throw malformed("the second half of a surrogate pair") }
                let low = try hexadecimal(at: offset + 8)
                guard 0xDC00..<0xE000 ~= low else { throw malformed("the second half of a surrogate pair") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
                offset += 6
            }
            guard !(0xD800..<0xE000 ~= unit) else { throw malformed("the first half of a surrogate pair") }
            text.append(scalar: unit)
            offset += 4
        default: throw malformed("one of \" \\ / b f n r t u after a backslash")
        }
        offset += 2
    }

    private func hexadecimal(at start: Int) throws -> UInt32 {
        guard start + 4 <= bytes.count else { throw malformed("four hexadecimal digits after '\\u'") }
        var value: UInt32 = 0
        for index in start..<start + 4 {
            guard let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue else {
                throw malformed("four hexadecimal digits after '\\u'")
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Reads any value and returns where it stands.
    @discardableResult
    mutating func skip() throws -> Range<Int> {
        _ = peek()
        let start = offset
        var depth = 0
        repeat {
            switch peek() {
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth < Self.deepest else { throw malformed("at most \(Self.deepest) levels of nesting") }
                depth += 1
                offset += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { throw malformed("a value") }
                if bytes[offset] | 0x20 == UInt8(ascii: "}") { depth -= 1 }
                offset += 1
            case 0 where offset == bytes.count: throw malformed("a value")
            default: try skipScalar()
            }
        } while depth > 0
        return start..<offset
    }

    private mutating func skipString() throws {
        offset &+= 1
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            if byte == UInt8(ascii: "\"") { return }
            if byte == UInt8(ascii: "\\") { offset &+= 1 }
        }
        throw malformed("the closing '\"' of a string")
    }

    /// Skips `true`, `null` or a number; which it is matters only to whoever reads it.
    private mutating func skipScalar() throws {
        let start = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "E"):
                offset &+= 1
            default:
                guard offset > start else { throw malformed("a value") }
                return
            }
        }
    }

    /// Takes a word such as `null`, if it comes next.
    mutating func literal(_ word: StaticString) -> Bool {
        _ = peek()
        let size = word.utf8CodeUnitCount
        guard offset + size <= bytes.count else { return false }
        for index in 0..<size where bytes[offset + index] != word.utf8Start[index] { return false }
        offset += size
        return true
    }

    /// Reads a whole number that is not negative and at most `limit`.
    @inline(__always)
    mutating func index(limit: Int) throws -> Int {
        _ = peek()
        let start = offset
        var value = 0
        while offset < bytes.count, bytes[offset] &- UInt8(ascii: "0") <= 9 {
            value = value &* 10 &+ Int(bytes[offset] &- UInt8(ascii: "0"))
            offset &+= 1
            guard value <= limit else { throw malformed("a whole number up to \(limit)") }
        }
        guard offset > start else { throw malformed("a whole number up to \(limit)") }
        return value
    }
}
