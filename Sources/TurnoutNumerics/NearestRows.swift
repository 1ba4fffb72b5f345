import TurnoutCore

/// Finds the rows of a matrix whose inner product with a query is greatest, by looking at all of them.
///
/// Exact search, since an index that is walked would have to be tuned to the data; with rows of eight-bit integers
/// a hundred thousand of them take about a millisecond.
package final class NearestRows: Sendable {
    /// A row and its inner product with the query.
    package struct Match: Sendable, Equatable {
        /// The number of the row.
        package let row: Int
        /// Its inner product with the query.
        package let similarity: Float
    }

    /// The number of rows.
    package let count: Int
    private let products: PackedLinear
    private static let rowsPerPart = 1024

    /// Packs the rows.
    ///
    /// - Parameters:
    ///   - rows: At least one; finite.
    ///   - storage: How they are kept.
    /// - Throws: `TurnoutError` with code `.io` when memory is lacking.
    package convenience init(_ rows: Matrix, storage: WeightStorage) throws {
        try self.init(count: rows.rows, columns: rows.columns, storage: storage) { Array(rows[row: $0]) }
    }

    /// Packs rows that are made when they are asked for, so that they are never in memory twice.
    ///
    /// - Parameters:
    ///   - count: How many, at least one.
    ///   - columns: The length of each.
    ///   - storage: How they are kept.
    ///   - row: Makes one; asked for in order.
    /// - Throws: `TurnoutError` with code `.io` when memory is lacking.
    package init(count: Int, columns: Int, storage: WeightStorage, row: (Int) -> [Float]) throws {
        let size = min(Self.rowsPerPart, count)
        let parts = (count + size - 1) / size
        self.count = count
        self.products = try withoutActuallyEscaping(row) { row in
            try PackedLinear(
                inputs: columns, outputsPerPart: size, storage: storage,
                parts: (0..<parts).map { part in
                    {
                        var weights = (part * size..<min((part + 1) * size, count)).flatMap(row)
                        weights.append(contentsOf: repeatElement(0, count: size * columns - weights.count))
                        return PackedLinear.Part(weights: weights, bias: nil)
                    }
                })
        }
    }

    /// The memory it takes, in bytes.
    package var byteCount: Int { products.byteCount }

    /// The `k` rows nearest to each query, nearest first; of equally near ones those with the least numbers.
    ///
    /// - Parameters:
    ///   - k: How many, at least one; fewer come back when there are not so many rows.
    ///   - queries: One in each row.
    /// - Returns: The matches of each query, the same whatever other queries it is asked with.
    /// - Complexity: O(queries · rows · (columns + log k))
    package func nearest(_ k: Int, to queries: Matrix) -> [[Match]] {
        precondition(queries.columns == products.inputs, "queries have as many columns as rows")
        let width = products.outputs
        // At most a few megabytes of products at a time.
        let block = max(1, min(queries.rows, 4_000_000 / max(width, 1)))
        var result: [[Match]] = []
        result.reserveCapacity(queries.rows)
        for start in stride(from: 0, to: queries.rows, by: block) {
            let rows = min(block, queries.rows - start)
            let similarities = [Float](unsafeUninitializedCapacity: rows * width) { buffer, filled in
                multiply(queries, from: start, rows: rows, into: buffer)
                filled = rows * width
            }
            similarities.withUnsafeBufferPointer { all in
                for row in 0..<rows {
                    result.append(
                        Self.greatest(k, of: UnsafeBufferPointer(rebasing: all[row * width..<row * width + count])))
                }
            }
        }
        return result
    }

    private func multiply(
        _ queries: Matrix, from start: Int, rows: Int, into y: UnsafeMutableBufferPointer<Float>
    ) {
        let scratchBytes = products.scratchByteCount(rows: rows)
        queries.storage.withUnsafeBufferPointer { x in
            withUnsafeTemporaryAllocation(byteCount: max(scratchBytes, 4), alignment: 64) { scratch in
                guard let x = x.baseAddress, let y = y.baseAddress else { return }
                products.apply(
                    to: x + start * queries.columns, rows: rows, into: y,
                    scratch: scratchBytes > 0 ? scratch.baseAddress : nil)
            }
        }
    }

    /// The `k` greatest, by a heap whose root is the least of them; what is not above the root is passed over.
    private static func greatest(_ k: Int, of similarities: UnsafeBufferPointer<Float>) -> [Match] {
        var heap = MatchHeap(capacity: min(k, similarities.count))
        var row = 0
        while row < similarities.count, !heap.isFull {
            heap.add(Match(row: row, similarity: similarities[row]))
            row += 1
        }
        guard let base = similarities.baseAddress else { return [] }
        while row + 16 <= similarities.count {
            let values = UnsafeRawPointer(base + row).loadUnaligned(as: SIMD16<Float>.self)
            if values.max() > heap.least {
                for lane in 0..<16 where values[lane] > heap.least {
                    heap.replaceLeast(Match(row: row + lane, similarity: values[lane]))
                }
            }
            row += 16
        }
        while row < similarities.count {
            if similarities[row] > heap.least { heap.replaceLeast(Match(row: row, similarity: similarities[row])) }
            row += 1
        }
        return heap.sorted()
    }
}

/// A heap of matches, the farthest at its root; of equally far ones the one with the greatest number.
private struct MatchHeap {
    private var matches: [NearestRows.Match] = []
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        matches.reserveCapacity(capacity)
    }

    var isFull: Bool { matches.count == capacity }
    var least: Float { matches.first?.similarity ?? .infinity }

    mutating func add(_ match: NearestRows.Match) {
        matches.append(match)
        var child = matches.count - 1
        while child > 0, Self.isFarther(matches[child], matches[(child - 1) / 2]) {
            matches.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func replaceLeast(_ match: NearestRows.Match) {
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

    func sorted() -> [NearestRows.Match] { matches.sorted { Self.isFarther($1, $0) } }

    private static func isFarther(_ a: NearestRows.Match, _ b: NearestRows.Match) -> Bool {
        a.similarity == b.similarity ? a.row > b.row : a.similarity < b.similarity
    }
}
