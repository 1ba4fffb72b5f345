import Foundation

extension JSONCursor {
    /// Reads the string at the cursor.
    package mutating func readString() throws(JSONSyntaxError) -> StringToken {
        guard peek() == UInt8(ascii: "\"") else { throw error("a string") }
        let start = offset + 1
        var at = start
        var hasEscapes = false
        while true {
            while at + 8 <= bytes.count, !Self.needsALook(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) {
                at += 8
            }
            guard at < bytes.count else { throw JSONSyntaxError(offset: at, expected: "the closing '\"' of a string") }
            let byte = bytes[at]
            switch byte {
            case UInt8(ascii: "\""):
                advance(to: at + 1)
                return StringToken(range: start..<at, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                at += try escapeLength(at: at)
            case 0..<0x20:
                throw JSONSyntaxError(offset: at, expected: "an escape in place of a control character")
            case 0x80...:
                at += try scalarLength(at: at)
            default:
                at += 1
            }
        }
    }

    /// The text of a string, its escapes decoded.
    ///
    /// Half a surrogate pair becomes U+FFFD.
    package func decode(_ token: StringToken) -> String {
        let raw = UnsafeRawBufferPointer(rebasing: bytes[token.range])
        return token.hasEscapes
            ? String(decoding: Self.unescaped(raw), as: UTF8.self) : String(decoding: raw, as: UTF8.self)
    }

    /// Hands over a checked string's text, its escapes decoded; the bytes as they stand where there are none.
    static func withUnescaped(_ raw: UnsafeRawBufferPointer, _ read: (UnsafeRawBufferPointer) -> Void) {
        guard escape(in: raw, from: 0) < raw.count else { return read(raw) }
        unescaped(raw).withUnsafeBytes(read)
    }

    private static func unescaped(_ raw: UnsafeRawBufferPointer) -> [UInt8] {
        var units: [UInt8] = []
        units.reserveCapacity(raw.count)
        var at = 0
        while at < raw.count {
            let escape = escape(in: raw, from: at)
            units.append(contentsOf: UnsafeRawBufferPointer(rebasing: raw[at..<escape]))
            at = escape
            if at < raw.count { at += appendEscape(in: raw, at: at, to: &units) }
        }
        return units
    }

    /// Where the next escape begins; the end where there is none.
    private static func escape(in raw: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = raw.baseAddress, start < raw.count,
            let found = memchr(base + start, Int32(UInt8(ascii: "\\")), raw.count - start)
        else { return raw.count }
        return UnsafeRawPointer(found) - base
    }

    /// Whether a string's text is `literal`, which must be ASCII.
    @inline(__always)
    package func matches(_ token: StringToken, _ literal: StaticString) -> Bool {
        if token.hasEscapes { return decode(token) == literal.description }
        guard token.range.count == literal.utf8CodeUnitCount else { return false }
        for index in 0..<token.range.count where bytes[token.range.lowerBound + index] != literal.utf8Start[index] {
            return false
        }
        return true
    }

    /// Whether one of eight bytes is a quote, a backslash, a control character or not ASCII.
    ///
    /// Each test sets the top bit of a byte that is met; a borrow can only cause a needless look.
    @inline(__always)
    private static func needsALook(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let met =
            ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- ones &* 0x20) & ~word) | word
        return met & tops != 0
    }

    private func escapeLength(at start: Int) throws(JSONSyntaxError) -> Int {
        guard start + 1 < bytes.count else { throw JSONSyntaxError(offset: start + 1, expected: "an escape") }
        switch bytes[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            for index in 2..<6 {
                guard start + index < bytes.count, Self.hexadecimal(bytes[start + index]) != nil else {
                    throw JSONSyntaxError(offset: start + index, expected: "four hexadecimal digits after '\\u'")
                }
            }
            return 6
        default:
            throw JSONSyntaxError(offset: start + 1, expected: "one of \" \\ / b f n r t u after a backslash")
        }
    }

    /// The length of the UTF-8 sequence at `start`.
    ///
    /// RFC 3629, section 4.
    private func scalarLength(at start: Int) throws(JSONSyntaxError) -> Int {
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch bytes[start] {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: throw JSONSyntaxError(offset: start, expected: "valid UTF-8")
            }
        guard start + length <= bytes.count, second.contains(bytes[start + 1]) else {
            throw JSONSyntaxError(offset: start, expected: "valid UTF-8")
        }
        for index in 2..<max(length, 2) where bytes[start + index] & 0xC0 != 0x80 {
            throw JSONSyntaxError(offset: start, expected: "valid UTF-8")
        }
        return length
    }

    /// Decodes a checked escape and returns how many bytes of the text it took.
    private static func appendEscape(in raw: UnsafeRawBufferPointer, at start: Int, to units: inout [UInt8]) -> Int {
        switch raw[start + 1] {
        case UInt8(ascii: "b"): units.append(0x08)
        case UInt8(ascii: "f"): units.append(0x0C)
        case UInt8(ascii: "n"): units.append(0x0A)
        case UInt8(ascii: "r"): units.append(0x0D)
        case UInt8(ascii: "t"): units.append(0x09)
        case UInt8(ascii: "u"):
            let first = unit(in: raw, at: start + 2)
            if 0xD800..<0xDC00 ~= first, start + 12 <= raw.count, raw[start + 6] == UInt8(ascii: "\\"),
                raw[start + 7] == UInt8(ascii: "u")
            {
                let second = unit(in: raw, at: start + 8)
                if 0xDC00..<0xE000 ~= second {
                    append(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), to: &units)
                    return 12
                }
            }
            append(first, to: &units)
            return 6
        case let other: units.append(other)
        }
        return 2
    }

    private static func append(_ value: UInt32, to units: inout [UInt8]) {
        let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
        units.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    private static func unit(in raw: UnsafeRawBufferPointer, at start: Int) -> UInt32 {
        (start..<start + 4).reduce(0) { $0 << 4 | UInt32(hexadecimal(raw[$1]) ?? 0) }
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
