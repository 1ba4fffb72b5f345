import CTurnoutDefaults

/// SentencePiece's normaliser: a map from short texts to others, kept as a double array.
///
/// The map applies as it does in the `tokenizers` library, which differs from SentencePiece's own way: a grapheme cluster
/// of less than six bytes is replaced as a whole by what its *shortest* known beginning maps to, else scalar by scalar.
/// The format is that of Darts-clone: the array's size, its 32-bit units, and the texts, each ended by a zero byte.
struct CharacterMap: Sendable {
    private let units: FrozenArray<UInt32>
    private let text: FrozenArray<UInt8>
    /// Which ASCII bytes the map leaves alone, when they stand by themselves.
    private let isPlain: FrozenArray<Bool>

    private static let longestCluster = 6

    /// The most bytes that anything is replaced by.
    let longestText: Int

    /// - Parameter bytes: The map as SentencePiece writes it.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4 else { return nil }
        func word(_ at: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
        }
        let size = Int(word(0)) / 4
        guard size > 0, bytes.count >= 4 + size * 4 else { return nil }
        let text = Array(bytes[(4 + size * 4)...])
        guard text.withUnsafeBufferPointer(UTF8Decoding.malformation) == nil else { return nil }
        let bare = CharacterMap(
            units: FrozenArray((0..<size).map { word(4 + $0 * 4) }), text: FrozenArray(text), isPlain: FrozenArray([]))
        let plain = (0..<128).map { byte in
            let single = [UInt8(byte)]
            return byte != 0x0D && single.withUnsafeBufferPointer { $0.baseAddress.flatMap { bare.find($0, 1) } } == nil
        }
        self.init(units: bare.units, text: bare.text, isPlain: FrozenArray(plain))
    }

    private init(units: FrozenArray<UInt32>, text: FrozenArray<UInt8>, isPlain: FrozenArray<Bool>) {
        self.units = units
        self.text = text
        self.isPlain = isPlain
        var run = 0
        var longest = 0
        for index in 0..<text.count {
            run = text[index] == 0 ? 0 : run + 1
            longest = max(longest, run)
        }
        longestText = longest
    }

    /// What a text maps to by its shortest known beginning; `nil` where it has none.
    @inline(__always)
    private func find(_ key: UnsafePointer<UInt8>, _ size: Int) -> UnsafeBufferPointer<UInt8>? {
        var place = offset(units[0])
        for index in 0..<size {
            let byte = key[index]
            guard byte != 0 else { return nil }
            place ^= Int(byte)
            guard place < units.count else { return nil }
            let unit = units[place]
            guard unit & 0x8000_00FF == UInt32(byte) else { return nil }
            place ^= offset(unit)
            if unit >> 8 & 1 == 1 { return place < units.count ? mapped(Int(units[place] & 0x7FFF_FFFF)) : nil }
        }
        return nil
    }

    @inline(__always)
    private func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }

    private func mapped(_ start: Int) -> UnsafeBufferPointer<UInt8>? {
        guard start < text.count, text[start] & 0xC0 != 0x80 else { return nil }
        var end = start
        while end < text.count, text[end] != 0 { end &+= 1 }
        return UnsafeBufferPointer(start: text.start + start, count: end &- start)
    }

    /// Appends the normalised text.
    ///
    /// - Complexity: O(bytes)
    func apply(_ input: UnsafeBufferPointer<UInt8>, to output: inout ByteBuffer) {
        guard let base = input.baseAddress else { return }
        output.reserve(input.count)
        var at = 0
        var breaks = GraphemeBreaks()
        while at < input.count {
            let start = at
            // ASCII before ASCII is a cluster by itself, CR LF aside.
            while at &+ 1 < input.count, base[at] < 0x80, base[at &+ 1] < 0x80, isPlain[Int(base[at])] { at &+= 1 }
            if at > start { output.append(base + start, at &- start) }
            breaks = GraphemeBreaks()
            let cluster = at
            var isFirst = true
            var end = at
            while end < input.count {
                let (scalar, width) = UTF8Decoding.wellFormed(base + end)
                let begins = breaks.take(turnout_text_flags_of(scalar))
                if begins, !isFirst { break }
                isFirst = false
                end &+= width
            }
            appendCluster(base + cluster, end &- cluster, to: &output)
            at = end
        }
    }

    private func appendCluster(_ cluster: UnsafePointer<UInt8>, _ size: Int, to output: inout ByteBuffer) {
        if size < Self.longestCluster, let mapped = find(cluster, size) {
            if let text = mapped.baseAddress { output.append(text, mapped.count) }
            return
        }
        var at = 0
        while at < size {
            let width = UTF8Decoding.wellFormed(cluster + at).width
            if let mapped = find(cluster + at, width) {
                if let text = mapped.baseAddress { output.append(text, mapped.count) }
            } else {
                output.append(cluster + at, width)
            }
            at &+= width
        }
    }
}
