import Foundation

extension Encodable {
    /// One JSON object on one line, keys sorted and in snake case: what `--json` prints.
    ///
    /// - Throws: `EncodingError`, such as for a number that is not finite.
    package func jsonLine() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
