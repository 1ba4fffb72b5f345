/// The JSON header of a safetensors file: read strictly, since everything after it is located by it.
///
/// The grammar is narrow (strings, whole numbers, arrays of them, objects two deep), so the reader is as well. Unlike a
/// general one it refuses repeated keys, fractions and negative offsets, and cannot be driven deep by nesting.
struct SafetensorsHeader {
    struct Entry {
        var name: String
        var dtype: String
        var shape: [Int]
        var begin: Int
        var end: Int
    }

    /// Why a header was refused; half a sentence.
    struct Malformed: Error {
        let reason: String
    }

    private(set) var metadata: [String: String] = [:]
    private(set) var entries: [Entry] = []

    init(json: UnsafeRawBufferPointer) throws(Malformed) {
        var scanner = HeaderScanner(bytes: json)
        var seen: Set<String> = []
        try scanner.object { scanner, key throws(Malformed) in
            guard seen.insert(key).inserted else { throw Malformed(reason: "its header names '\(key)' twice") }
            if key == "__metadata__" {
                try scanner.object { scanner, key throws(Malformed) in
                    let value = try scanner.string()
                    guard metadata.updateValue(value, forKey: key) == nil else {
                        throw Malformed(reason: "its metadata has '\(key)' twice")
                    }
                }
            } else {
                entries.append(try Self.entry(named: key, from: &scanner))
            }
        }
        try scanner.end()
    }

    private static func entry(named name: String, from scanner: inout HeaderScanner) throws(Malformed) -> Entry {
        var dtype: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { scanner, key throws(Malformed) in
            switch key {
            case "dtype" where dtype == nil: dtype = try scanner.string()
            case "shape" where shape == nil: shape = try scanner.integers()
            case "data_offsets" where offsets == nil: offsets = try scanner.integers()
            default: throw Malformed(reason: "tensor '\(name)' has an unexpected or repeated field '\(key)'")
            }
        }
        guard let dtype, let shape, let offsets, offsets.count == 2 else {
            throw Malformed(reason: "tensor '\(name)' lacks its dtype, its shape or its two data_offsets")
        }
        return Entry(name: name, dtype: dtype, shape: shape, begin: offsets[0], end: offsets[1])
    }
}

/// Walks over the bytes of a header; every read is checked against the end.
private struct HeaderScanner {
    typealias Malformed = SafetensorsHeader.Malformed

    let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Reads `{"key": …, …}`, handing each key to `member`, which reads the value.
    mutating func object(_ member: (inout HeaderScanner, String) throws(Malformed) -> Void) throws(Malformed) {
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while take(",")
        try expect("}")
    }

    mutating func integers() throws(Malformed) -> [Int] {
        try expect("[")
        if take("]") { return [] }
        var values: [Int] = []
        repeat { values.append(try integer()) } while take(",")
        try expect("]")
        return values
    }

    mutating func end() throws(Malformed) {
        skipSpace()
        guard at == bytes.count else { throw malformed("has text after its end") }
    }

    mutating func string() throws(Malformed) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let valid = String(validating: text, as: UTF8.self) else { throw malformed("is not UTF-8") }
                return valid
            case UInt8(ascii: "\\"): text.append(contentsOf: String(Character(try escape())).utf8)
            case 0..<0x20: throw malformed("has a control character in a string")
            default: text.append(byte)
            }
        }
        throw malformed("ends inside a string")
    }

    private mutating func integer() throws(Malformed) -> Int {
        skipSpace()
        let start = at
        var value = 0
        while at < bytes.count, let digit = Self.digit(bytes[at]) {
            let (tenfold, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = tenfold.addingReportingOverflow(digit)
            guard !overflowed, !carried else { throw malformed("has a number that is too large") }
            value = sum
            at += 1
        }
        guard at > start else { throw malformed("lacks a whole number") }
        return value
    }

    private mutating func escape() throws(Malformed) -> Unicode.Scalar {
        guard at < bytes.count else { throw malformed("ends inside a string") }
        let letter = bytes[at]
        at += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw malformed("has an unknown escape in a string")
        }
    }

    /// Reads the digits after `\u`, and the second half of a surrogate pair where there is one.
    private mutating func unicodeEscape() throws(Malformed) -> Unicode.Scalar {
        let first = try fourHexadecimalDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u")
        else { throw malformed("has half a surrogate pair") }
        at += 2
        let second = try fourHexadecimalDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw malformed("has half a surrogate pair") }
        return scalar
    }

    private mutating func fourHexadecimalDigits() throws(Malformed) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard at < bytes.count, let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue else {
                throw malformed("has a \\u without four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }

    private mutating func expect(_ symbol: Unicode.Scalar) throws(Malformed) {
        guard take(symbol) else { throw malformed("lacks '\(symbol)'") }
    }

    private mutating func take(_ symbol: Unicode.Scalar) -> Bool {
        skipSpace()
        guard at < bytes.count, bytes[at] == UInt8(ascii: symbol) else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    }

    private static func digit(_ byte: UInt8) -> Int? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int(byte) - 48 : nil
    }

    private func malformed(_ what: String) -> Malformed {
        Malformed(reason: "its header \(what) (byte \(at) of \(bytes.count))")
    }
}
