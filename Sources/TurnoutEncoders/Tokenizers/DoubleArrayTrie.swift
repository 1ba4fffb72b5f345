import TurnoutCore

/// Finds all texts that a text begins with, one step per byte.
///
/// A node's children stand at `base ^ byte`; a unit says for which byte it is a child, so that one 8-byte read decides a
/// step. No two nodes share a base, hence the byte alone tells whose child a unit is. Aoe 1989, "An efficient digital
/// search algorithm by using a double-array structure"; the exclusive-or variant keeps a node's children in one block.
struct DoubleArrayTrie: Sendable {
    /// A place in the trie.
    ///
    /// The root is the beginning of every text.
    struct Node {
        fileprivate var unit: UInt64
    }

    /// Bits 0…8 the byte (256: nobody's child), 9…35 the number of the text that ends here + 1, 36… the base.
    private let units: FrozenArray<UInt64>
    fileprivate static let noLabel: UInt64 = 256
    fileprivate static let valueShift: UInt64 = 9
    fileprivate static let valueMask: UInt64 = 1 << 27 - 1
    fileprivate static let baseShift: UInt64 = 36

    let root: Node

    /// Builds a trie of a list of texts; where a text stands twice, the later number counts.
    ///
    /// Empty texts are left out.
    ///
    /// - Complexity: O(bytes + n·log n)
    init(_ list: borrowing ByteStringList, file: String) throws {
        var builder = DoubleArrayBuilder()
        let order = Self.sorted(list)
        try builder.build(list, order: order, file: file)
        units = FrozenArray(builder.units)
        root = Node(unit: builder.units[0])
    }

    /// Texts in the order of their bytes, without doubles and without empty ones.
    private static func sorted(_ list: borrowing ByteStringList) -> [UInt32] {
        var keys: [(prefix: UInt64, index: UInt32)] = []
        keys.reserveCapacity(list.count)
        for index in 0..<list.count where !list.range(index).isEmpty {
            keys.append((Self.prefix(list.bytes(index)), UInt32(index)))
        }
        let text = list.text.text
        let ends = list.ends
        func bytes(_ index: UInt32) -> Slice<UnsafeBufferPointer<UInt8>> {
            text[(index == 0 ? 0 : Int(ends[Int(index) - 1]))..<Int(ends[Int(index)])]
        }
        keys.sort { a, b in
            if a.prefix != b.prefix { return a.prefix < b.prefix }
            let (x, y) = (bytes(a.index), bytes(b.index))
            if x.elementsEqual(y) { return a.index < b.index }
            return x.lexicographicallyPrecedes(y)
        }
        var order: [UInt32] = []
        order.reserveCapacity(keys.count)
        for key in keys {
            if let last = order.last, bytes(last).elementsEqual(bytes(key.index)) { order.removeLast() }
            order.append(key.index)
        }
        return order
    }

    /// The first eight bytes as a number that orders as they do.
    private static func prefix(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<8 { value = value << 8 | (index < bytes.count ? UInt64(bytes[index]) : 0) }
        return value
    }

    /// The place one byte further; `nil` where no text goes on with it.
    @inline(__always)
    func step(_ node: Node, _ byte: UInt8) -> Node? {
        let unit = units[Int(truncatingIfNeeded: node.unit >> Self.baseShift) ^ Int(byte)]
        guard unit & 0x1FF == UInt64(byte) else { return nil }
        return Node(unit: unit)
    }

    /// The number of the text that ends here; -1 where none does.
    @inline(__always)
    func value(_ node: Node) -> Int32 {
        Int32(truncatingIfNeeded: node.unit >> Self.valueShift & Self.valueMask) &- 1
    }

    /// The place after some bytes; `nil` where no text begins with them.
    func walk(_ bytes: [UInt8]) -> Node? {
        var node = root
        for byte in bytes {
            guard let next = step(node, byte) else { return nil }
            node = next
        }
        return node
    }

    /// The number of exactly this text; -1 where it is not one.
    func find(_ bytes: UnsafePointer<UInt8>, _ size: Int) -> Int32 {
        var node = root
        for index in 0..<size {
            guard let next = step(node, bytes[index]) else { return -1 }
            node = next
        }
        return size == 0 ? -1 : value(node)
    }

    /// The longest text that the bytes begin with, and its length; -1 and 0 where there is none.
    @inline(__always)
    func longest(_ bytes: UnsafePointer<UInt8>, _ size: Int, from start: Node) -> (value: Int32, size: Int) {
        var node = start
        var found: (value: Int32, size: Int) = (-1, 0)
        var at = 0
        while at < size, let next = step(node, bytes[at]) {
            node = next
            at &+= 1
            let ending = value(node)
            if ending >= 0 { found = (ending, at) }
        }
        return found
    }
}

/// Places the nodes of a trie.
///
/// Only the last blocks are searched for room, so that time stays in proportion.
private struct DoubleArrayBuilder {
    var units: [UInt64] = []
    private var baseIsUsed: [Bool] = []
    /// Free places in a ring, by their neighbours; -1 where a place is not free or no longer considered.
    private var next: [Int32] = []
    private var previous: [Int32] = []
    private var head: Int32 = -1

    private static let openBlocks = 32
    private static let attempts = 64
    private static let mostUnits = 1 << 27

    /// A node whose children are still to be placed: its place, the texts below it, and how many bytes are behind it.
    private struct Task {
        let place: Int
        let low: Int
        let high: Int
        let depth: Int
    }

    mutating func build(_ list: borrowing ByteStringList, order: [UInt32], file: String) throws {
        addBlock()
        take(0)
        baseIsUsed[0] = true  // Nodes without children keep base 0, where nothing must be found.
        units[0] = DoubleArrayTrie.noLabel
        var tasks = [Task(place: 0, low: 0, high: order.count, depth: 0)]
        var labels: [UInt8] = []
        var starts: [Int] = []
        while let task = tasks.popLast() {
            labels.removeAll(keepingCapacity: true)
            starts.removeAll(keepingCapacity: true)
            for position in task.low..<task.high {
                let bytes = list.bytes(Int(order[position]))
                if bytes.count == task.depth {
                    let value = UInt64(list.values[Int(order[position])]) + 1
                    units[task.place] |= value << DoubleArrayTrie.valueShift
                } else if labels.last != bytes[task.depth] || labels.isEmpty {
                    labels.append(bytes[task.depth])
                    starts.append(position)
                }
            }
            guard !labels.isEmpty else { continue }
            starts.append(task.high)
            let base = place(labels)
            guard units.count <= Self.mostUnits else {
                throw TurnoutError(
                    .unsupported, "'\(file)': the vocabulary has more different beginnings than fit; use a smaller one")
            }
            units[task.place] |= UInt64(base) << DoubleArrayTrie.baseShift
            for (index, label) in labels.enumerated() {
                let child = base ^ Int(label)
                take(child)
                units[child] = UInt64(label)
                tasks.append(Task(place: child, low: starts[index], high: starts[index + 1], depth: task.depth + 1))
            }
        }
    }

    /// A base at which there is room for all labels.
    private mutating func place(_ labels: [UInt8]) -> Int {
        var candidate = head
        var attempt = 0
        while candidate >= 0, attempt < Self.attempts {
            let base = Int(candidate) ^ Int(labels[0])
            if !baseIsUsed[base], labels.dropFirst().allSatisfy({ next[base ^ Int($0)] >= 0 }) {
                baseIsUsed[base] = true
                return base
            }
            candidate = next[Int(candidate)]
            attempt += 1
            if candidate == head { break }
        }
        let start = units.count
        addBlock()
        baseIsUsed[start] = true
        return start
    }

    private mutating func addBlock() {
        let start = units.count
        units.append(contentsOf: repeatElement(DoubleArrayTrie.noLabel, count: 256))
        baseIsUsed.append(contentsOf: repeatElement(false, count: 256))
        next.append(contentsOf: repeatElement(-1, count: 256))
        previous.append(contentsOf: repeatElement(-1, count: 256))
        for place in start..<start + 256 { release(Int32(place)) }
        let closed = start - Self.openBlocks * 256
        if closed >= 0 {
            for place in closed..<closed + 256 where next[place] >= 0 { take(place) }
        }
    }

    /// Puts a place at the end of the ring.
    private mutating func release(_ place: Int32) {
        guard head >= 0 else {
            head = place
            next[Int(place)] = place
            previous[Int(place)] = place
            return
        }
        let last = previous[Int(head)]
        next[Int(last)] = place
        previous[Int(place)] = last
        next[Int(place)] = head
        previous[Int(head)] = place
    }

    /// Takes a place out of the ring.
    private mutating func take(_ place: Int) {
        let (before, after) = (previous[place], next[place])
        guard after >= 0 else { return }
        if after == Int32(place) {
            head = -1
        } else {
            next[Int(before)] = after
            previous[Int(after)] = before
            if head == Int32(place) { head = after }
        }
        next[place] = -1
        previous[place] = -1
    }
}
