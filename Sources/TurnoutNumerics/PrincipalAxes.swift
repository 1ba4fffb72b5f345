/// The directions in which rows vary most: principal component analysis.
package struct PrincipalAxes: Sendable {
    /// The mean of the rows, which is where the axes meet.
    package let centre: [Float]
    /// Orthonormal directions, that of the greatest variance first; shape `[axes, columns]`.
    package let axes: Matrix
    /// The share of the variance that lies along the axes, 0 to 1.
    package let keptVariance: Double

    /// Finds the first axes.
    ///
    /// - Parameters:
    ///   - rows: What varies; at least one row.
    ///   - count: How many axes to find, at most `rows.columns`.
    ///   - threads: The most threads to use; the result is the same with any number.
    /// - Complexity: O(rows · columns² + columns³)
    package init(of rows: Matrix, count: Int, threads: Int) {
        precondition(rows.rows > 0 && count <= rows.columns, "there are no \(count) axes in \(rows.columns) columns")
        let width = rows.columns
        var sums = [Double](repeating: 0, count: width)
        for row in 0..<rows.rows {
            for (column, value) in rows[row: row].enumerated() { sums[column] += Double(value) }
        }
        let centre = sums.map { Float($0 / Double(rows.rows)) }
        let covariance = Gram.matrix(Self.centred(rows, centre), rows: Array(0..<rows.rows), threads: threads)
        let found = Eigenvectors(of: covariance)
        let total = found.values.reduce(0, +)
        self.centre = centre
        self.axes = Matrix(
            rows: count, columns: width, storage: found.vectors.prefix(count).flatMap { $0.map { Float($0) } })
        self.keptVariance = total > 0 ? found.values.prefix(count).reduce(0, +) / total : 1
    }

    /// Where rows lie along the axes; shape `[rows.rows, axes.rows]`.
    ///
    /// - Complexity: O(rows · columns · axes)
    package func coordinates(of rows: Matrix, threads: Int) -> Matrix {
        let centred = Self.centred(rows, centre)
        let coordinates = parallelMap(rows.rows, threads: threads) { row -> [Float] in
            centred[row: row].withUnsafeBufferPointer { vector in
                (0..<axes.rows).map { axis in axes[row: axis].withUnsafeBufferPointer { dot(vector, $0) } }
            }
        }
        return Matrix(rows: rows.rows, columns: axes.rows, storage: coordinates.flatMap { $0 })
    }

    private static func centred(_ rows: Matrix, _ centre: [Float]) -> Matrix {
        var result = rows
        let width = centre.count
        for row in 0..<rows.rows {
            for column in 0..<width { result.storage[row * width + column] -= centre[column] }
        }
        return result
    }
}
