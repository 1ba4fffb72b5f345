import TurnoutCore

/// Room for the symbols of one word; kept from word to word.
struct BytePairScratch: ~Copyable {
    /// The ids of the word: single characters before merging, tokens after it.
    var symbols: [Int32] = []
    /// A character with its prefix and suffix.
    var character = ByteBuffer()
    fileprivate var ranks: [UInt32] = []
    fileprivate var after: [Int32] = []
    fileprivate var before: [Int32] = []
    fileprivate var heap: [UInt64] = []
}

/// Which pairs are merged, in which order, and into what: an open-addressing table that never changes.
struct BytePairMerges: Sendable {
    /// One merge: what it applies to, how early, and what comes out.
    struct Merge {
        let left: Int32
        let right: Int32
        let result: Int32
    }

    private struct Slot: BitwiseCopyable, Sendable {
        var pair: UInt64
        var rank: UInt32
    }

    private let slots: FrozenArray<Slot>
    private let mask: Int
    /// What the merge of a rank makes.
    private let results: FrozenArray<Int32>

    private static let noPair = UInt64.max
    private static let noRank = UInt32.max
    /// Words of more symbols are merged by way of a heap.
    private static let longestScan = 48

    /// Makes the table; ranks are places in the list, and where a pair stands twice the later rank counts.
    init(_ merges: [Merge], file: String) throws {
        var capacity = 16
        while capacity < merges.count * 2 { capacity *= 2 }
        var slots = [Slot](repeating: Slot(pair: Self.noPair, rank: 0), count: capacity)
        let mask = capacity - 1
        for (rank, merge) in merges.enumerated() {
            let pair = Self.pair(merge.left, merge.right)
            var slot = Self.slot(pair) & mask
            var probes = 0
            while slots[slot].pair != Self.noPair, slots[slot].pair != pair {
                slot = (slot + 1) & mask
                probes += 1
                guard probes < ByteStringTable.longestProbe else {
                    throw TurnoutError(.damagedFile, "'\(file)': the merges are made to collide; fetch the file again")
                }
            }
            slots[slot] = Slot(pair: pair, rank: UInt32(rank))
        }
        self.slots = FrozenArray(slots)
        self.mask = mask
        results = FrozenArray(merges.map(\.result))
    }

    @inline(__always)
    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private static func slot(_ pair: UInt64) -> Int {
        let product = (pair ^ 0x243F_6A88_85A3_08D3).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: product.high ^ product.low)
    }

    @inline(__always)
    private func rank(_ left: Int32, _ right: Int32) -> UInt32 {
        let pair = Self.pair(left, right)
        var slot = Self.slot(pair) & mask
        while true {
            let found = slots[slot]
            if found.pair == pair { return found.rank }
            if found.pair == Self.noPair { return Self.noRank }
            slot = (slot &+ 1) & mask
        }
    }

    /// Merges the symbols of a word until no pair is left.
    func apply(to scratch: inout BytePairScratch) {
        guard scratch.symbols.count > 1 else { return }
        if scratch.symbols.count <= Self.longestScan {
            applyByScanning(&scratch)
        } else {
            applyByHeap(&scratch)
        }
    }

    /// Looks for the best pair again after each merge; fast while the word fits into a few cache lines.
    private func applyByScanning(_ scratch: inout BytePairScratch) {
        if scratch.ranks.count < Self.longestScan {
            scratch.ranks = [UInt32](repeating: Self.noRank, count: Self.longestScan)
        }
        var count = scratch.symbols.count
        scratch.symbols.withUnsafeMutableBufferPointer { symbols in
            scratch.ranks.withUnsafeMutableBufferPointer { ranks in
                for index in 0..<count &- 1 { ranks[index] = rank(symbols[index], symbols[index &+ 1]) }
                while count > 1 {
                    var best = 0
                    var bestRank = ranks[0]
                    for index in 1..<max(count &- 1, 1) where ranks[index] < bestRank {
                        best = index
                        bestRank = ranks[index]
                    }
                    guard bestRank != Self.noRank else { break }
                    symbols[best] = results[Int(bestRank)]
                    count &-= 1
                    var index = best &+ 1
                    while index < count {
                        symbols[index] = symbols[index &+ 1]
                        ranks[index &- 1] = ranks[index]
                        index &+= 1
                    }
                    if best > 0 { ranks[best &- 1] = rank(symbols[best &- 1], symbols[best]) }
                    if best &+ 1 < count { ranks[best] = rank(symbols[best], symbols[best &+ 1]) }
                }
            }
        }
        scratch.symbols.removeLast(scratch.symbols.count - count)
    }

    /// Keeps candidates in a heap and symbols in a linked list.
    ///
    /// A candidate that no longer holds is found out when its
    /// turn comes: its pair would make something else by now.
    private func applyByHeap(_ scratch: inout BytePairScratch) {
        let count = scratch.symbols.count
        var heap = CandidateHeap(&scratch.heap, room: 3 * count)
        scratch.before = (0..<Int32(count)).map { $0 - 1 }
        scratch.after = (0..<Int32(count)).map { $0 + 1 < Int32(count) ? $0 + 1 : -1 }
        scratch.symbols.withUnsafeMutableBufferPointer { symbols in
            scratch.before.withUnsafeMutableBufferPointer { before in
                scratch.after.withUnsafeMutableBufferPointer { after in
                    for index in 0..<count &- 1 { offer(index, symbols[index], symbols[index &+ 1], &heap) }
                    while let candidate = heap.pop() {
                        merge(candidate, symbols, before, after, &heap)
                    }
                }
            }
        }
        heap.giveBack(&scratch.heap)
        scratch.symbols.removeAll { $0 < 0 }
    }

    /// Merges a pair, if it still is one, and offers the pairs that it makes with its neighbours.
    @inline(__always)
    private func merge(
        _ candidate: UInt64, _ symbols: UnsafeMutableBufferPointer<Int32>, _ before: UnsafeMutableBufferPointer<Int32>,
        _ after: UnsafeMutableBufferPointer<Int32>, _ heap: inout CandidateHeap
    ) {
        let at = Int(UInt32(truncatingIfNeeded: candidate))
        let right = Int(after[at])
        guard symbols[at] >= 0, right >= 0 else { return }
        let result = results[Int(candidate >> 32)]
        let current = rank(symbols[at], symbols[right])
        guard current != Self.noRank, results[Int(current)] == result else { return }
        symbols[at] = result
        symbols[right] = -1
        let beyond = Int(after[right])
        after[at] = Int32(truncatingIfNeeded: beyond)
        let left = Int(before[at])
        if left >= 0 { offer(left, symbols[left], result, &heap) }
        if beyond >= 0 {
            before[beyond] = Int32(truncatingIfNeeded: at)
            offer(at, result, symbols[beyond], &heap)
        }
    }

    /// Puts a pair on the heap if it can be merged: the rank above, the place below.
    @inline(__always)
    private func offer(_ place: Int, _ left: Int32, _ right: Int32, _ heap: inout CandidateHeap) {
        let rank = rank(left, right)
        if rank != Self.noRank { heap.push(UInt64(rank) << 32 | UInt64(place)) }
    }
}

/// A binary heap whose top is the least.
///
/// It holds as much as it was made for: each merge of a word of n symbols takes
/// one symbol away and offers at most two pairs, so that never more than 3·n are offered.
private struct CandidateHeap {
    private var values: [UInt64]
    private var count = 0

    init(_ storage: inout [UInt64], room: Int) {
        values = []
        swap(&values, &storage)
        if values.count < room { values.append(contentsOf: repeatElement(0, count: room - values.count)) }
    }

    /// Returns the memory for the next word.
    mutating func giveBack(_ storage: inout [UInt64]) { swap(&values, &storage) }

    @inline(__always)
    mutating func push(_ value: UInt64) {
        guard count < values.count else { return }
        var child = count
        count &+= 1
        values.withUnsafeMutableBufferPointer { values in
            while child > 0 {
                let parent = (child &- 1) / 2
                guard values[parent] > value else { break }
                values[child] = values[parent]
                child = parent
            }
            values[child] = value
        }
    }

    @inline(__always)
    mutating func pop() -> UInt64? {
        guard count > 0 else { return nil }
        count &-= 1
        let size = count
        return values.withUnsafeMutableBufferPointer { values in
            let top = values[0]
            let last = values[size]
            var parent = 0
            while true {
                var child = 2 &* parent &+ 1
                guard child < size else { break }
                if child &+ 1 < size, values[child &+ 1] < values[child] { child &+= 1 }
                guard values[child] < last else { break }
                values[parent] = values[child]
                parent = child
            }
            values[parent] = last
            return top
        }
    }
}
