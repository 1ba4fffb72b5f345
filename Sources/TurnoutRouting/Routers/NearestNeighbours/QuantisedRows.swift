import TurnoutCore
import TurnoutEncoders
public import TurnoutNumerics

/// Vectors of signed bytes with a scale each: a quarter of the memory of floats, and of the file.
public struct QuantisedRows: Sendable, Equatable {
    /// The number of vectors.
    public let rows: Int
    /// The length of each.
    public let columns: Int
    let bytes: [Int8]
    let scales: [Float]

    /// Rounds the rows of a matrix; the greatest element of each becomes ±127.
    ///
    /// - Parameter matrix: Finite.
    public init(_ matrix: Matrix) {
        var bytes: [Int8] = []
        var scales: [Float] = []
        bytes.reserveCapacity(matrix.storage.count)
        for row in 0..<matrix.rows {
            let values = matrix[row: row]
            let scale = values.reduce(0) { max($0, abs($1)) } / 127
            scales.append(scale)
            bytes.append(contentsOf: values.map { scale > 0 ? Int8(($0 / scale).rounded()) : 0 })
        }
        self.rows = matrix.rows
        self.columns = matrix.columns
        self.bytes = bytes
        self.scales = scales
    }

    /// The memory it takes, in bytes.
    var byteCount: Int { bytes.count + 4 * scales.count }

    /// One vector.
    func floats(row: Int) -> [Float] {
        bytes[row * columns..<(row + 1) * columns].map { Float($0) * scales[row] }
    }

    /// Reads tensors `prompts` and `prompt_scale`.
    init(file: SafetensorsFile, columns: Int) throws {
        let tensor = try file.tensor("prompts")
        let scales = try file.finite("prompt_scale").map(Float.init)
        guard tensor.dtype == .i8, tensor.shape.count == 2, tensor.shape[1] == columns, !scales.isEmpty,
            tensor.shape[0] == scales.count, scales.allSatisfy({ $0 >= 0 && $0 <= 1 })
        else {
            throw TurnoutError(
                .damagedFile,
                """
                \(file.name): tensor 'prompts' must hold rows of \(columns) signed bytes and 'prompt_scale' a number for \
                each; train the router again
                """)
        }
        self.rows = scales.count
        self.columns = columns
        self.bytes = tensor.withUnsafeBytes { Array($0.bindMemory(to: Int8.self)) }
        self.scales = scales
    }

    /// Adds what ``init(file:columns:)`` reads.
    func store(in file: inout SafetensorsBuilder) throws {
        try file.add("prompts", int8: bytes, shape: [rows, columns])
        try file.add("prompt_scale", floats: scales, shape: [rows])
    }
}
