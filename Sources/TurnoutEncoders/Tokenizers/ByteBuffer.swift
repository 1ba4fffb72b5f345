/// Bytes that grow: text on its way through a tokenizer.
struct ByteBuffer: ~Copyable {
    private(set) var start: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 64) {
        self.capacity = max(capacity, 16)
        start = .allocate(capacity: self.capacity)
    }

    deinit { start.deallocate() }

    var text: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

    /// Makes room for `extra` more bytes.
    @inline(__always)
    mutating func reserve(_ extra: Int) {
        if count &+ extra > capacity { grow(extra) }
    }

    @inline(never)
    private mutating func grow(_ extra: Int) {
        capacity = max(capacity * 2, count + extra)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: start, count: count)
        start.deallocate()
        start = larger
    }

    @inline(__always)
    mutating func removeAll() { count = 0 }

    /// Forgets all but the first bytes.
    @inline(__always)
    mutating func truncate(to count: Int) { self.count = count }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        start[count] = byte
        count &+= 1
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafePointer<UInt8>, _ size: Int) {
        reserve(size)
        (start + count).update(from: bytes, count: size)
        count &+= size
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { if let base = $0.baseAddress { append(base, $0.count) } }
    }

    @inline(__always)
    mutating func append(scalar: UInt32) {
        reserve(4)
        count &+= UTF8Decoding.write(scalar, to: start + count)
    }

    /// Copies the bytes out.
    func array(_ range: Range<Int>) -> [UInt8] {
        Array(UnsafeBufferPointer(rebasing: text[range]))
    }
}

extension UTF8Decoding {
    /// The scalar at the beginning of a text that is known to be well-formed, and its width.
    @inline(__always)
    static func wellFormed(_ text: UnsafePointer<UInt8>) -> (scalar: UInt32, width: Int) {
        let lead = UInt32(text[0])
        if lead < 0x80 { return (lead, 1) }
        let second = UInt32(text[1] & 0x3F)
        if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
        let third = UInt32(text[2] & 0x3F)
        if lead < 0xF0 { return ((lead & 0x0F) << 12 | second << 6 | third, 3) }
        return ((lead & 0x07) << 18 | second << 12 | third << 6 | UInt32(text[3] & 0x3F), 4)
    }

    /// Where the scalar begins that ends before `end`, in a text that is known to be well-formed.
    @inline(__always)
    static func startOfScalar(before end: Int, in text: UnsafePointer<UInt8>) -> Int {
        var start = end &- 1
        while start > 0, text[start] & 0xC0 == 0x80 { start &-= 1 }
        return start
    }

    /// Whether all bytes are ASCII.
    static func isASCII(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = text.baseAddress else { return true }
        let raw = UnsafeRawPointer(base)
        var at = 0
        while at &+ 8 <= text.count {
            if raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
            at &+= 8
        }
        while at < text.count {
            if base[at] >= 0x80 { return false }
            at &+= 1
        }
        return true
    }

    /// Where the text stops being well-formed; `nil` where it never does.
    static func malformation(in text: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let base = text.baseAddress else { return nil }
        let raw = UnsafeRawPointer(base)
        var at = 0
        while at < text.count {
            if at &+ 8 <= text.count,
                raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                at &+= 8
                continue
            }
            let (found, width) = scalar(base + at, text.count &- at)
            if found == nil { return at }
            at &+= width
        }
        return nil
    }
}
