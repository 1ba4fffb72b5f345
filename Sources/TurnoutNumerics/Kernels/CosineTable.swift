import CTurnoutKernels

/// Directions of many vectors, a signed byte a number, and the cosines of another vector with all of them.
///
/// A quarter of the memory of floats, and the limit here is reading it: 65,000 vectors of 256 numbers are 17 MB. Rounding
/// moves a cosine by about 0.0005. All sums are exact integers, so that every processor gives the same cosines.
package struct CosineTable: Sendable {
    /// The number of vectors.
    package let rows: Int
    /// The length of each.
    package let width: Int
    /// The vectors, row-major, each scaled so that its largest number is ±127.
    package let bytes: [Int8]
    /// One over the length of each row of ``bytes``; zero for a row of zeros.
    private let inverseLengths: [Float]
    private let kernels: Kernels

    /// A query is scaled to this length before it is rounded.
    ///
    /// Its product with a row of bytes then is at most
    /// 32,767 · 127 · √width, which fits into 32 bits up to a width of 266,000.
    private static let queryLength: Float = 32_767

    /// Rounds the rows of a matrix.
    ///
    /// - Complexity: O(elements)
    package init(_ matrix: Matrix, kernels: Kernels = .best) {
        var bytes: [Int8] = []
        bytes.reserveCapacity(matrix.storage.count)
        for row in 0..<matrix.rows {
            let numbers = matrix[row: row]
            let most = numbers.reduce(0) { max($0, abs($1)) }
            let factor = most > 0 && most.isFinite ? 127 / most : 0
            for number in numbers { bytes.append(Int8((number * factor).rounded())) }
        }
        self.init(rows: matrix.rows, width: matrix.columns, bytes: bytes, kernels: kernels)
    }

    /// Takes rows that were rounded before; `bytes.count` must be `rows * width`.
    ///
    /// - Complexity: O(elements)
    package init(rows: Int, width: Int, bytes: [Int8], kernels: Kernels = .best) {
        precondition(bytes.count == rows * width, "\(bytes.count) bytes do not fill \(rows) x \(width)")
        self.rows = rows
        self.width = width
        self.bytes = bytes
        self.kernels = kernels
        self.inverseLengths = bytes.withUnsafeBufferPointer { bytes in
            (0..<rows).map { row in
                var sum = 0
                for i in row * width..<(row + 1) * width { sum += Int(bytes[i]) * Int(bytes[i]) }
                return sum > 0 ? 1 / Float(sum).squareRoot() : 0
            }
        }
    }

    /// The cosine of a vector with each row, in their order; 0 where one of the two is zero.
    ///
    /// - Parameter query: ``width`` finite numbers.
    /// - Returns: ``rows`` numbers in -1…1, but for rounding.
    /// - Complexity: O(`rows` · `width`), bound by memory.
    package func cosines(to query: [Float]) -> [Float] {
        guard let rounded = rounded(query) else { return [Float](repeating: 0, count: rows) }
        return [Float](unsafeUninitializedCapacity: rows) { cosines, count in
            forEachBlock(rounded) { first, block in
                _ = UnsafeMutableBufferPointer(rebasing: cosines[first..<first + block.count]).initialize(from: block)
            }
            count = rows
        }
    }

    /// The `k` rows with the greatest cosines, nearest first; of equally near ones those with the least numbers.
    ///
    /// Cosines are made a block at a time and looked at while they are in the cache.
    ///
    /// - Parameters:
    ///   - k: How many, at least one; fewer come back when there are not so many rows.
    ///   - query: ``width`` finite numbers.
    /// - Returns: The rows, those of ``cosines(to:)`` in the order of their cosines.
    /// - Complexity: O(`rows` · `width` + k log k log `rows`) for rows in random order, bound by memory.
    package func nearest(_ k: Int, to query: [Float]) -> [NearestRow] {
        guard let rounded = rounded(query) else {
            return (0..<min(k, rows)).map { NearestRow(row: $0, similarity: 0) }
        }
        var heap = NearestHeap(capacity: min(k, rows))
        forEachBlock(rounded) { first, cosines in heap.offer(cosines, firstRow: first) }
        return heap.rows.sorted(by: NearestRow.isNearer)
    }

    /// A query scaled to ``queryLength``, with the zeros behind it that the kernel reads; `nil` for one of no length.
    private func rounded(_ query: [Float]) -> [Int16]? {
        precondition(query.count == width, "a vector of \(query.count) numbers is not one of \(width)")
        let length = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0, length.isFinite else { return nil }
        return query.map { Int16(($0 / length * Self.queryLength).rounded()) }
            + [Int16](repeating: 0, count: Int(TURNOUT_DOT_PADDING))
    }

    /// Hands out the cosines of all rows, a block after the other, each with the number of its first row.
    private func forEachBlock(_ rounded: [Int16], _ body: (Int, UnsafeBufferPointer<Float>) -> Void) {
        let size = 1024
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: size) { products in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: size) { cosines in
                bytes.withUnsafeBufferPointer { bytes in
                    for first in stride(from: 0, to: rows, by: size) {
                        let count = min(size, rows - first)
                        turnout_dot_bytes(
                            kernels.table, count, width, bytes.baseAddress.map { $0 + first * width }, rounded,
                            products.baseAddress)
                        for row in 0..<count {
                            cosines[row] = Float(products[row]) * inverseLengths[first + row] / Self.queryLength
                        }
                        body(first, UnsafeBufferPointer(rebasing: cosines[..<count]))
                    }
                }
            }
        }
    }
}
