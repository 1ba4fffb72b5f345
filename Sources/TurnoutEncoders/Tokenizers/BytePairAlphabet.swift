/// How byte-level tokenizers write bytes as characters: printable Latin-1 as itself, the others from U+0100 on.
///
/// Radford et al. 2019, "Language models are unsupervised multitask learners" (GPT-2).
enum ByteLevelAlphabet {
    /// The character that stands for a byte.
    static let scalars: [UInt32] = {
        var next: UInt32 = 0x100
        return (0..<UInt32(256)).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
            default:
                defer { next += 1 }
                return next
            }
        }
    }()

    /// The bytes that a text stands for; `nil` when one of its characters stands for none.
    static func bytes(of text: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        return text.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return result }
            var at = 0
            while at < buffer.count {
                let (scalar, width) = UTF8Decoding.wellFormed(base + at)
                guard let byte = byte(of: scalar) else { return nil }
                result.append(byte)
                at += width
            }
            return result
        }
    }

    /// The byte that a character stands for.
    static func byte(of scalar: UInt32) -> UInt8? {
        scalar < table.count ? (table[Int(scalar)] >= 0 ? UInt8(table[Int(scalar)]) : nil) : nil
    }

    private static let table: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x200)
        for (byte, scalar) in scalars.enumerated() { table[Int(scalar)] = Int16(byte) }
        return table
    }()
}
