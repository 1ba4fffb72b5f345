import TurnoutCore

/// Texts with a number each, as they are read from a file: one after the other in one buffer.
struct ByteStringList: ~Copyable {
    var text = ByteBuffer(capacity: 1 << 16)
    private(set) var ends: [UInt32] = []
    private(set) var values: [Int32] = []

    var count: Int { ends.count }

    /// Takes what was appended to `text` since the last time as one text.
    mutating func close(value: Int32) {
        ends.append(UInt32(truncatingIfNeeded: text.count))
        values.append(value)
    }

    mutating func append(_ bytes: [UInt8], value: Int32) {
        text.append(bytes)
        close(value: value)
    }

    func range(_ index: Int) -> Range<Int> {
        (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
    }

    func bytes(_ index: Int) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: text.text[range(index)]) }
}

/// Finds the number of a text by its bytes: an open-addressing table that never changes.
///
/// A lookup costs one hash of the bytes and, as a rule, one comparison. A file made to collide is refused when it is
/// loaded, so that no lookup probes more than ``longestProbe`` places.
struct ByteStringTable: Sendable {
    /// One text: where it begins, its length, and its number.
    struct Entry: BitwiseCopyable, Sendable {
        let begin: UInt32
        let size: UInt32
        var value: Int32
        /// A remark of whoever made the table.
        var flag: Int32
    }

    static let longestProbe = 512

    /// How many different texts there are.
    let count: Int
    /// The length of the longest in bytes.
    let longest: Int
    private let slots: FrozenArray<UInt64>
    private let mask: Int
    private let entries: FrozenArray<Entry>
    private let text: FrozenArray<UInt8>

    /// Makes a table; where a text stands twice, the later number counts.
    ///
    /// - Parameters:
    ///   - list: The texts and their numbers.
    ///   - file: What messages call the file.
    /// - Throws: `TurnoutError` with code `.damagedFile` when the texts are made to collide.
    init(_ list: borrowing ByteStringList, file: String) throws {
        var capacity = 16
        while capacity < list.count * 2 { capacity *= 2 }
        var slots = [UInt64](repeating: 0, count: capacity)
        var entries: [Entry] = []
        entries.reserveCapacity(list.count)
        let mask = capacity - 1
        var longest = 0
        for index in 0..<list.count {
            let bytes = list.bytes(index)
            let hash = Self.hash(bytes.baseAddress, bytes.count)
            var slot = Int(truncatingIfNeeded: hash) & mask
            var probes = 0
            var found = -1
            while slots[slot] != 0 {
                if slots[slot] >> 32 == hash >> 32 {
                    let entry = entries[Int(slots[slot] & 0xFFFF_FFFF) - 1]
                    let begin = Int(entry.begin)
                    let other = UnsafeBufferPointer(rebasing: list.text.text[begin..<begin + Int(entry.size)])
                    if other.elementsEqual(bytes) {
                        found = Int(slots[slot] & 0xFFFF_FFFF) - 1
                        break
                    }
                }
                slot = (slot + 1) & mask
                probes += 1
                guard probes < Self.longestProbe else {
                    throw TurnoutError(
                        .damagedFile, "'\(file)': the vocabulary is made to collide; fetch the file again")
                }
            }
            if found >= 0 {
                entries[found].value = list.values[index]
            } else {
                let range = list.range(index)
                entries.append(
                    Entry(
                        begin: UInt32(range.lowerBound), size: UInt32(range.count), value: list.values[index], flag: 0))
                slots[slot] = (hash >> 32) << 32 | UInt64(entries.count)
                longest = max(longest, range.count)
            }
        }
        count = entries.count
        self.longest = longest
        self.slots = FrozenArray(slots)
        self.mask = mask
        self.entries = FrozenArray(entries)
        self.text = FrozenArray(Array(list.text.text))
    }

    private init(_ other: ByteStringTable, entries: [Entry]) {
        count = other.count
        longest = other.longest
        slots = other.slots
        mask = other.mask
        self.entries = FrozenArray(entries)
        text = other.text
    }

    /// The same table with remarks: `flag` is called with each text and its number.
    func flagged(_ flag: (UnsafeBufferPointer<UInt8>, Int32) -> Int32) -> ByteStringTable {
        ByteStringTable(
            self,
            entries: (0..<count).map { index in
                var entry = entries[index]
                entry.flag = flag(bytes(of: entry), entry.value)
                return entry
            })
    }

    private func bytes(of entry: Entry) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: text.start + Int(entry.begin), count: Int(entry.size))
    }

    /// Calls `body` with each text and its number.
    func forEach(_ body: (UnsafeBufferPointer<UInt8>, Int32) throws -> Void) rethrows {
        for index in 0..<count { try body(bytes(of: entries[index]), entries[index].value) }
    }

    /// The number and the remark of a text; -1 and 0 where it is not in the table.
    @inline(__always)
    func find(_ bytes: UnsafePointer<UInt8>, _ size: Int) -> (value: Int32, flag: Int32) {
        guard size <= longest else { return (-1, 0) }
        let hash = Self.hash(bytes, size)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let entry = slots[slot]
            if entry == 0 { return (-1, 0) }
            if entry >> 32 == hash >> 32 {
                let found = entries[Int(truncatingIfNeeded: entry & 0xFFFF_FFFF) &- 1]
                if Int(found.size) == size, Self.isSame(bytes, text.start + Int(found.begin), size) {
                    return (found.value, found.flag)
                }
            }
            slot = (slot &+ 1) & mask
        }
    }

    /// The number of a text; -1 where it is not in the table.
    func find(_ bytes: [UInt8]) -> Int32 {
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return -1 }
            return find(base, buffer.count).value
        }
    }

    @inline(__always)
    private static func isSame(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ size: Int) -> Bool {
        let a = UnsafeRawPointer(a)
        let b = UnsafeRawPointer(b)
        var at = 0
        while at &+ 8 <= size {
            let word = a.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            if word != b.loadUnaligned(fromByteOffset: at, as: UInt64.self) { return false }
            at &+= 8
        }
        while at < size {
            if a.load(fromByteOffset: at, as: UInt8.self) != b.load(fromByteOffset: at, as: UInt8.self) { return false }
            at &+= 1
        }
        return true
    }

    /// Multiplies and folds eight bytes at a time.
    @inline(__always)
    static func hash(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> UInt64 {
        var state = UInt64(truncatingIfNeeded: size) &* 0x9E37_79B9_7F4A_7C15
        guard let bytes else { return fold(state, 0x9E37_79B9_7F4A_7C15) }
        let raw = UnsafeRawPointer(bytes)
        var at = 0
        while at &+ 8 <= size {
            state = fold(state ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self), 0xA076_1D64_78BD_642F)
            at &+= 8
        }
        var tail: UInt64 = 0
        if at &+ 4 <= size {
            tail = UInt64(raw.loadUnaligned(fromByteOffset: at, as: UInt32.self))
            at &+= 4
        }
        while at < size {
            tail = tail << 8 | UInt64(raw.load(fromByteOffset: at, as: UInt8.self))
            at &+= 1
        }
        return fold(state ^ tail, 0xE703_7ED1_A0B4_28DB)
    }

    @inline(__always)
    private static func fold(_ value: UInt64, _ factor: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: factor)
        return product.high ^ product.low
    }
}
