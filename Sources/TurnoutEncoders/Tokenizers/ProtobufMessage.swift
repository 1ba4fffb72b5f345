/// The fields of one protocol buffers message, one after the other.
///
/// Only the encoding is known here, not what fields mean: numbers, 32-bit words and stretches of bytes, which may be
/// texts or messages within. https://protobuf.dev/programming-guides/encoding
struct ProtobufMessage {
    /// The value of a field.
    enum Value {
        case number(UInt64)
        case word(UInt32)
        /// A 64-bit word, which no reader here needs.
        case doubleWord
        case bytes(ArraySlice<UInt8>)
    }

    /// The bytes are not such a message from this place of the file on.
    struct Malformed: Error {
        let offset: Int
    }

    private var rest: ArraySlice<UInt8>

    /// Reads from the beginning of `bytes`.
    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field; `nil` at the end.
    mutating func next() throws(Malformed) -> (field: UInt64, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let tag = try number()
        switch tag & 7 {
        case 0: return (tag >> 3, .number(try number()))
        case 1:
            _ = try take(8)
            return (tag >> 3, .doubleWord)
        case 2:
            guard let count = Int(exactly: try number()) else { throw Malformed(offset: rest.startIndex) }
            return (tag >> 3, .bytes(try take(count)))
        case 5:
            let word = try take(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return (tag >> 3, .word(word))
        default: throw Malformed(offset: rest.startIndex)
        }
    }

    private mutating func take(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw Malformed(offset: rest.startIndex) }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    private mutating func number() throws(Malformed) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw Malformed(offset: rest.startIndex)
    }
}
