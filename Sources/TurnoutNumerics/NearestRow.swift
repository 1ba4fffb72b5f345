/// A row of a table and its similarity to a query.
package struct NearestRow: Sendable, Equatable {
    /// The number of the row.
    package let row: Int
    /// How similar it is.
    package let similarity: Float

    /// The order in which rows are found: the more similar one first, of equally similar ones that with the lesser
    /// number.
    static func isNearer(_ a: NearestRow, _ b: NearestRow) -> Bool {
        a.similarity == b.similarity ? a.row < b.row : a.similarity > b.similarity
    }
}

/// The nearest of the rows seen so far, the farthest of them at the root of a heap.
struct NearestHeap {
    /// The rows that are kept, in no order.
    private(set) var rows: [NearestRow] = []
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        rows.reserveCapacity(capacity)
    }

    /// Looks at the similarities of consecutive rows, none of them NaN.
    ///
    /// Rows come by ascending numbers, so that one that is as similar as the root is farther.
    mutating func offer(_ similarities: UnsafeBufferPointer<Float>, firstRow: Int) {
        var index = 0
        while index < similarities.count, rows.count < capacity {
            add(NearestRow(row: firstRow + index, similarity: similarities[index]))
            index += 1
        }
        // One comparison a row; nearly all of them say no.
        var least = rows.first?.similarity ?? .infinity
        for index in index..<similarities.count where similarities[index] > least {
            replaceRoot(NearestRow(row: firstRow + index, similarity: similarities[index]))
            least = rows[0].similarity
        }
    }

    private mutating func add(_ row: NearestRow) {
        rows.append(row)
        var child = rows.count - 1
        while child > 0, NearestRow.isNearer(rows[(child - 1) / 2], rows[child]) {
            rows.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func replaceRoot(_ row: NearestRow) {
        rows[0] = row
        var parent = 0
        while true {
            var farthest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < rows.count {
                if NearestRow.isNearer(rows[farthest], rows[child]) { farthest = child }
            }
            guard farthest != parent else { return }
            rows.swapAt(parent, farthest)
            parent = farthest
        }
    }
}
