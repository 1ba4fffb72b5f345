import Foundation

/// Finds an id in the lines of a catalogue without decoding them.
enum CatalogueScan {
    /// Calls `body` with each line that begins with `opening`, its line break left out.
    static func forEachLine(
        in bytes: UnsafeRawBufferPointer, beginningWith opening: [UInt8], _ body: (Range<Int>) -> Void
    ) {
        guard let base = bytes.baseAddress else { return }
        var start = 0
        while start + opening.count <= bytes.count {
            let end = firstIndex(of: 0x0A, in: bytes, start..<bytes.count) ?? bytes.count
            if end - start > opening.count, memcmp(base + start, opening, opening.count) == 0 { body(start..<end) }
            start = end + 1
        }
    }

    private static func firstIndex(of byte: UInt8, in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard let base = bytes.baseAddress, !range.isEmpty else { return nil }
        return memchr(base + range.lowerBound, Int32(byte), range.count).map { UnsafeRawPointer($0) - base }
    }

    /// How well an id fits a line, 0 when it does not.
    ///
    /// - Parameters:
    ///   - name: The id.
    ///   - bytes: The catalogue.
    ///   - line: From the first byte of the line's own id on: `gpt-5","match":["gpt-5-*"],…`.
    /// - Returns: The rank.
    static func rank(of name: [UInt8], _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) -> Int {
        let quote = UInt8(ascii: "\"")
        guard let end = firstIndex(of: quote, in: bytes, line) else { return 0 }
        if isEqual(bytes[line.lowerBound..<end], name[...]) { return .max }
        let opening = "\",\"match\":[".utf8
        guard bytes[end..<line.upperBound].starts(with: opening) else { return 0 }
        var best = 0
        var at = end + opening.count
        while at < line.upperBound, bytes[at] == quote {
            guard let close = firstIndex(of: quote, in: bytes, at + 1..<line.upperBound) else { return best }
            best = max(best, rank(of: name, pattern: bytes[at + 1..<close]))
            at = close + 2  // the quote, and the comma or bracket after it
        }
        return best
    }

    /// How well an id fits a pattern, 0 when it does not: whole before beginning or end before part, long before short.
    static func rank(of name: [UInt8], pattern: Slice<UnsafeRawBufferPointer>) -> Int {
        let star = UInt8(ascii: "*")
        let core = pattern.drop { $0 == star }
        let text = core.last == star ? core.dropLast() : core
        let (opens, closes) = (core.count < pattern.count, text.count < core.count)
        guard !text.isEmpty, text.count <= name.count else { return 0 }
        switch (opens, closes) {
        case (false, false): return isEqual(text, name[...]) ? .max - 1 : 0
        case (false, true): return isEqual(text, name.prefix(text.count)) ? 1_000_000 + text.count : 0
        case (true, false): return isEqual(text, name.suffix(text.count)) ? 1_000_000 + text.count : 0
        case (true, true):
            let starts = 0...(name.count - text.count)
            return starts.contains { isEqual(text, name[$0..<($0 + text.count)]) } ? text.count : 0
        }
    }

    private static func isEqual(_ a: Slice<UnsafeRawBufferPointer>, _ b: ArraySlice<UInt8>) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { lower($0) == lower($1) }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte | 0x20 : byte }
}
