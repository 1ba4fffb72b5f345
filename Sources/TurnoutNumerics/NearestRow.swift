/// A row of a table and its similarity to a query.
package struct NearestRow: Sendable, Equatable {
    /// The number of the row.
    package let row: Int
    /// How similar it is.
    package let similarity: Float

    /// The `k` most similar rows, nearest first; of equally similar ones those with the least numbers.
    ///
    /// By a heap whose root is the least of them; what is not above the root is passed over, sixteen at a time.
    ///
    /// - Parameters:
    ///   - k: How many, at least one; fewer come back when there are not so many rows.
    ///   - similarities: One for each row; not NaN.
    /// - Returns: The rows.
    /// - Complexity: O(rows + k log k log rows) for rows in random order.
    package static func nearest(_ k: Int, of similarities: [Float]) -> [NearestRow] {
        similarities.withUnsafeBufferPointer { nearest(k, of: $0) }
    }

    private static func nearest(_ k: Int, of similarities: UnsafeBufferPointer<Float>) -> [NearestRow] {
        var heap = MatchHeap(capacity: min(k, similarities.count))
        var row = 0
        while row < similarities.count, !heap.isFull {
            heap.add(NearestRow(row: row, similarity: similarities[row]))
            row += 1
        }
        guard let base = similarities.baseAddress else { return [] }
        while row + 16 <= similarities.count {
            let values = UnsafeRawPointer(base + row).loadUnaligned(as: SIMD16<Float>.self)
            if values.max() > heap.least {
                for lane in 0..<16 where values[lane] > heap.least {
                    heap.replaceLeast(NearestRow(row: row + lane, similarity: values[lane]))
                }
            }
            row += 16
        }
        while row < similarities.count {
            if similarities[row] > heap.least { heap.replaceLeast(NearestRow(row: row, similarity: similarities[row])) }
            row += 1
        }
        return heap.sorted()
    }
}

/// A heap of matches, the farthest at its root; of equally far ones the one with the greatest number.
private struct MatchHeap {
    private var matches: [NearestRow] = []
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        matches.reserveCapacity(capacity)
    }

    var isFull: Bool { matches.count == capacity }
    var least: Float { matches.first?.similarity ?? .infinity }

    mutating func add(_ match: NearestRow) {
        matches.append(match)
        var child = matches.count - 1
        while child > 0, Self.isFarther(matches[child], matches[(child - 1) / 2]) {
            matches.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func replaceLeast(_ match: NearestRow) {
        matches[0] = match
        var parent = 0
        while true {
            var farthest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < matches.count {
                if Self.isFarther(matches[child], matches[farthest]) { farthest = child }
            }
            guard farthest != parent else { return }
            matches.swapAt(parent, farthest)
            parent = farthest
        }
    }

    func sorted() -> [NearestRow] { matches.sorted { Self.isFarther($1, $0) } }

    private static func isFarther(_ a: NearestRow, _ b: NearestRow) -> Bool {
        a.similarity == b.similarity ? a.row > b.row : a.similarity < b.similarity
    }
}
