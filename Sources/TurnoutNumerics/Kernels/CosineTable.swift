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
        precondition(query.count == width, "a vector of \(query.count) numbers is not one of \(width)")
        let length = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0, length.isFinite else { return [Float](repeating: 0, count: rows) }
        let rounded = query.map { Int16(($0 / length * Self.queryLength).rounded()) }
        let products = [Int32](unsafeUninitializedCapacity: rows) { products, count in
            turnout_dot_bytes(kernels.table, rows, width, bytes, rounded, products.baseAddress)
            count = rows
        }
        return [Float](unsafeUninitializedCapacity: rows) { cosines, count in
            for row in 0..<rows {
                cosines.initializeElement(
                    at: row, to: Float(products[row]) * inverseLengths[row] / Self.queryLength)
            }
            count = rows
        }
    }
}
