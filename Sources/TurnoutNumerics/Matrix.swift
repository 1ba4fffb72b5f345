/// A dense matrix of 32-bit floats, row-major: element (`i`, `j`) is `storage[i * columns + j]`.
public struct Matrix: Sendable, Equatable {
    /// The number of rows, zero or more.
    public let rows: Int
    /// The number of columns, zero or more.
    public let columns: Int
    /// All elements, row after row; `rows * columns` of them.
    public var storage: [Float]

    /// A matrix of zeros.
    public init(rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0, "a matrix has no negative side")
        self.rows = rows
        self.columns = columns
        self.storage = [Float](repeating: 0, count: rows * columns)
    }

    /// A matrix over existing elements, row-major; `storage.count` must be `rows * columns`.
    public init(rows: Int, columns: Int, storage: [Float]) {
        precondition(storage.count == rows * columns, "\(storage.count) elements do not fill \(rows) x \(columns)")
        self.rows = rows
        self.columns = columns
        self.storage = storage
    }

    /// Element (`i`, `j`).
    public subscript(i: Int, j: Int) -> Float {
        get { storage[i * columns + j] }
        set { storage[i * columns + j] = newValue }
    }

    /// Row `i` as a slice of ``storage``.
    public subscript(row i: Int) -> ArraySlice<Float> { storage[i * columns..<(i + 1) * columns] }
}
