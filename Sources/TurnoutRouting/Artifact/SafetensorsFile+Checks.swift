import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics

extension SafetensorsFile {
    /// Beyond this, a sum of products could overflow; no training comes near it.
    static let greatestNumber: Float = 1e9

    /// A tensor's numbers, all of them finite.
    func finite(_ tensor: String) throws -> [Double] {
        let floats = try floats(tensor)
        guard floats.allSatisfy(\.isFinite) else {
            throw TurnoutError(
                .damagedFile, "\(name): tensor '\(tensor)' holds a number that is not finite; train the router again")
        }
        return floats.map(Double.init)
    }

    /// A matrix whose numbers are finite and moderate, of a given shape.
    ///
    /// - Parameters:
    ///   - tensor: Its name.
    ///   - rows: The number of rows; any but zero when `nil`.
    ///   - columns: The number of columns; any but zero when `nil`.
    /// - Returns: The matrix.
    /// - Throws: ``TurnoutError`` with code `.damagedFile`, naming the tensor and the shape it should have.
    func finiteMatrix(_ tensor: String, rows: Int? = nil, columns: Int? = nil) throws -> Matrix {
        let matrix = try matrix(tensor)
        let fits = matrix.rows > 0 && matrix.columns > 0 && matrix.rows == rows ?? matrix.rows
        guard fits, matrix.columns == columns ?? matrix.columns else {
            let expected = "[\(rows.map(String.init) ?? "some"), \(columns.map(String.init) ?? "some")]"
            throw TurnoutError(
                .damagedFile,
                """
                \(name): tensor '\(tensor)' has shape [\(matrix.rows), \(matrix.columns)], but \(expected) is needed; \
                train the router again
                """)
        }
        guard matrix.storage.allSatisfy({ abs($0) <= Self.greatestNumber }) else {
            throw TurnoutError(
                .damagedFile,
                "\(name): tensor '\(tensor)' holds a number that is not finite or far too great; train the router again"
            )
        }
        return matrix
    }
}
