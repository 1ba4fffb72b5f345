import TurnoutCore

/// Unigram segmentation: of all ways to cut a word into known pieces, the one whose scores add up to most.
///
/// Kudo 2018, "Subword regularization", section 3.2; the search is Viterbi's, left to right over a trie of the pieces. A
/// character that is no piece by itself may stand as unknown, at the lowest score less ten. Runs of unknown characters
/// are one token.
struct UnigramModel: Sendable {
    private let trie: DoubleArrayTrie
    private let scores: FrozenArray<Double>
    private let unknownID: Int32
    private let unknownScore: Double
    /// The ids of `<0x00>` … `<0xFF>`; empty where unknown characters do not fall back to bytes.
    private let fallbackIDs: [Int32]

    /// How far the lowest score is above that of an unknown character.
    private static let unknownPenalty = 10.0

    /// Makes a model of pieces numbered by their places, and of their scores, which must be finite.
    ///
    /// - Throws: `TurnoutError` when there are more pieces than fit.
    init(
        pieces: borrowing ByteStringList, scores: [Double], unknownID: Int32, fallsBackToBytes: Bool, file: String
    ) throws {
        let trie = try DoubleArrayTrie(pieces, file: file)
        self.trie = trie
        self.scores = FrozenArray(scores)
        self.unknownID = unknownID
        unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
        guard fallsBackToBytes else {
            fallbackIDs = []
            return
        }
        let ids = (0..<256).map { byte -> Int32 in
            let digits = String(byte, radix: 16, uppercase: true)
            return trie.walk(Array("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8)).map(trie.value) ?? -1
        }
        fallbackIDs = ids
    }

    /// The best way to arrive at a place: from where, by which token, at which score.
    struct Arrival: BitwiseCopyable {
        var score = 0.0
        var start: Int32 = -1
        var id: Int32 = 0
    }

    /// The number of a piece; -1 where there is none.
    func find(_ text: [UInt8]) -> Int32 { text.isEmpty ? -1 : trie.walk(text).map(trie.value) ?? -1 }

    /// Appends the ids of a word.
    ///
    /// `arrivals` is room, kept from word to word.
    ///
    /// - Complexity: O(`size` · longest piece)
    func encode(
        _ word: UnsafePointer<UInt8>, _ size: Int, into ids: inout [Int32], arrivals: inout [Arrival]
    ) {
        if arrivals.count <= size {
            arrivals.append(contentsOf: repeatElement(Arrival(), count: size + 1 - arrivals.count))
        }
        arrivals.withUnsafeMutableBufferPointer { arrivals in
            for index in 0...size { arrivals[index].start = -1 }
            arrivals[0].score = 0
            search(word, size, arrivals)
            collect(word, size, arrivals, into: &ids)
        }
    }

    private func search(_ word: UnsafePointer<UInt8>, _ size: Int, _ arrivals: UnsafeMutableBufferPointer<Arrival>) {
        let root = trie.root
        var start = 0
        while start < size {
            let score = arrivals[start].score
            let lead = word[start]
            let width = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
            var hasSingle = false
            var node = root
            var at = start
            while at < size, let next = trie.step(node, word[at]) {
                node = next
                at &+= 1
                let id = trie.value(node)
                guard id >= 0 else { continue }
                let candidate = scores[Int(id)] + score
                if arrivals[at].start < 0 || candidate > arrivals[at].score {
                    arrivals[at] = Arrival(score: candidate, start: Int32(truncatingIfNeeded: start), id: id)
                }
                if at &- start == width { hasSingle = true }
            }
            start &+= width
            if !hasSingle {
                let candidate = unknownScore + score
                if arrivals[start].start < 0 || candidate > arrivals[start].score {
                    arrivals[start] = Arrival(
                        score: candidate, start: Int32(truncatingIfNeeded: start &- width), id: unknownID)
                }
            }
        }
    }

    /// Follows the best way back, then puts its ids in order.
    private func collect(
        _ word: UnsafePointer<UInt8>, _ size: Int, _ arrivals: UnsafeMutableBufferPointer<Arrival>,
        into ids: inout [Int32]
    ) {
        let first = ids.count
        var end = size
        while end > 0 {
            let arrival = arrivals[end]
            var start = Int(arrival.start)
            guard start >= 0 else { break }
            if arrival.id == unknownID {
                while start > 0, arrivals[start].id == unknownID, arrivals[start].start >= 0 {
                    start = Int(arrivals[start].start)
                }
                appendUnknown(word + start, end &- start, &ids)
            } else {
                ids.append(arrival.id)
            }
            end = start
        }
        var low = first
        var high = ids.count &- 1
        while low < high {
            ids.swapAt(low, high)
            low &+= 1
            high &-= 1
        }
    }

    /// Appends, back to front, what a run of unknown characters becomes.
    private func appendUnknown(_ text: UnsafePointer<UInt8>, _ size: Int, _ ids: inout [Int32]) {
        let id = trie.find(text, size)
        if id >= 0 { return ids.append(id) }
        let canFallBack = !fallbackIDs.isEmpty && (0..<size).allSatisfy { fallbackIDs[Int(text[$0])] >= 0 }
        guard canFallBack else { return ids.append(unknownID) }
        for index in (0..<size).reversed() { ids.append(fallbackIDs[Int(text[index])]) }
    }
}
