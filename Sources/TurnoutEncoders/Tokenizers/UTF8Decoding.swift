/// Reading and writing one scalar at a time over bytes that may not be well-formed.
enum UTF8Decoding {
    /// The scalar at the beginning of `text` and its width; `nil` and 1 where the bytes are not well-formed.
    ///
    /// A byte that starts nothing is skipped alone. Those that follow it are judged for themselves, which drops the same
    /// bytes as replacing each maximal ill-formed part by U+FFFD and then dropping those.
    @inline(__always)
    static func scalar(_ text: UnsafePointer<UInt8>, _ count: Int) -> (scalar: UInt32?, width: Int) {
        let lead = text[0]
        if lead < 0x80 { return (UInt32(lead), 1) }
        if lead < 0xE0 {
            guard lead >= 0xC2, count > 1, text[1] & 0xC0 == 0x80 else { return (nil, 1) }
            return (UInt32(lead & 0x1F) << 6 | UInt32(text[1] & 0x3F), 2)
        }
        if lead < 0xF0 {
            guard count > 2, text[1] & 0xC0 == 0x80, text[2] & 0xC0 == 0x80 else { return (nil, 1) }
            let scalar = UInt32(lead & 0x0F) << 12 | UInt32(text[1] & 0x3F) << 6 | UInt32(text[2] & 0x3F)
            guard scalar >= 0x800, !(0xD800...0xDFFF).contains(scalar) else { return (nil, 1) }
            return (scalar, 3)
        }
        guard lead < 0xF5, count > 3, text[1] & 0xC0 == 0x80, text[2] & 0xC0 == 0x80, text[3] & 0xC0 == 0x80 else {
            return (nil, 1)
        }
        let high = UInt32(lead & 0x07) << 18 | UInt32(text[1] & 0x3F) << 12
        let scalar = high | UInt32(text[2] & 0x3F) << 6 | UInt32(text[3] & 0x3F)
        guard (0x10000...0x10FFFF).contains(scalar) else { return (nil, 1) }
        return (scalar, 4)
    }

    /// How many bytes a scalar takes.
    @inline(__always)
    static func width(_ scalar: UInt32) -> Int { scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4 }

    /// Writes a scalar and says how many bytes it took.
    @inline(__always)
    static func write(_ scalar: UInt32, to place: UnsafeMutablePointer<UInt8>) -> Int {
        func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: 0x80 | (scalar >> shift & 0x3F)) }
        switch width(scalar) {
        case 1:
            place[0] = UInt8(truncatingIfNeeded: scalar)
            return 1
        case 2:
            place[0] = UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6)
            place[1] = tail(0)
            return 2
        case 3:
            place[0] = UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12)
            place[1] = tail(6)
            place[2] = tail(0)
            return 3
        default:
            place[0] = UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18)
            place[1] = tail(12)
            place[2] = tail(6)
            place[3] = tail(0)
            return 4
        }
    }
}
