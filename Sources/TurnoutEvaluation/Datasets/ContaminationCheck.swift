public import TurnoutEncoders
import TurnoutNumerics

/// Finds texts that are nearly the same as one to be tested on, by the cosine of their embeddings.
///
/// A test prompt that was trained on, or nearly so, measures memory. Ong et al. 2024, "RouteLLM", section 5, drop what
/// has a cosine of 0.95 or more. Every text is compared with every test text, in blocks: memory holds the embeddings of
/// the test prompts and, for each thread, one block of 256 texts and their cosines with 1,024 test texts.
public struct ContaminationCheck: Sendable {
    /// A text and the row to be tested on that it is most like.
    public struct Match: Sendable, Equatable {
        /// The number of the text among those checked.
        public let text: Int
        /// The number of the test row.
        public let testRow: Int
        /// The cosine of their embeddings, from the threshold to 1.
        public let cosine: Float
    }

    private static let block = 256
    private static let testBlock = 1024

    /// Where the rows to be tested on stand: file and line.
    public let testPlaces: [String]
    /// The least cosine that counts as nearly the same.
    public let threshold: Float
    /// Makes the embeddings.
    public let encoder: any TextEncoder
    private let threads: Int
    /// Unit vectors of 1,024 test rows each, the last of fewer.
    private let tests: [PackedLinear]

    /// Encodes the prompts to be tested on.
    ///
    /// - Parameters:
    ///   - testRows: The rows to be tested on.
    ///   - encoder: Makes the embeddings. What is nearly the same depends on it; 0.95 was chosen for sentence encoders.
    ///   - threshold: The least cosine that counts as nearly the same, in 0…1.
    ///   - threads: The most threads to use; the result is the same with any number.
    /// - Throws: `TurnoutError` when memory is lacking.
    /// - Complexity: O(`testRows`) encodings and vectors in memory.
    public init(
        testRows: [OutcomeRow], encoder: any TextEncoder, threshold: Float = 0.95, threads: Int
    ) throws {
        self.testPlaces = testRows.map(\.place)
        self.encoder = encoder
        self.threshold = threshold
        self.threads = threads
        let blocks = Self.ranges(testRows.count, Self.testBlock)
        let vectors = parallelMap(blocks.count, threads: threads) {
            Self.unitVectors(testRows[blocks[$0]].map(\.prompt), encoder)
        }
        self.tests = try vectors.map { vectors in
            try PackedLinear(
                inputs: encoder.dimension, outputsPerPart: vectors.rows, storage: .float32,
                parts: [{ .init(weights: vectors.storage, bias: nil) }])
        }
    }

    /// The texts that are nearly the same as a test text, each with the one it is most like.
    ///
    /// Of a longer stream, check some thousand texts at a time.
    ///
    /// - Parameter texts: The texts to check.
    /// - Returns: The matches, by number of the text.
    /// - Complexity: O(`texts` · test texts · dimension)
    public func matches(_ texts: [String]) -> [Match] {
        let blocks = Self.ranges(texts.count, Self.block)
        return parallelMap(blocks.count, threads: threads) { matches(texts, in: blocks[$0]) }.flatMap { $0 }
    }

    private func matches(_ texts: [String], in range: Range<Int>) -> [Match] {
        let vectors = Self.unitVectors(Array(texts[range]), encoder)
        var nearest = [(testRow: Int, cosine: Float)](repeating: (0, -.infinity), count: range.count)
        var cosines = [Float](repeating: 0, count: range.count * Self.testBlock)
        for (index, block) in tests.enumerated() {
            cosines.withUnsafeMutableBufferPointer { cosines in
                vectors.storage.withUnsafeBufferPointer { vectors in
                    guard let x = vectors.baseAddress, let y = cosines.baseAddress else { return }
                    withUnsafeTemporaryAllocation(
                        byteCount: block.scratchByteCount(rows: range.count), alignment: 64
                    ) { block.apply(to: x, rows: range.count, into: y, scratch: $0.baseAddress) }
                    for row in nearest.indices {
                        for column in 0..<block.outputs where y[row * block.outputs + column] > nearest[row].cosine {
                            nearest[row] = (index * Self.testBlock + column, y[row * block.outputs + column])
                        }
                    }
                }
            }
        }
        return nearest.enumerated().compactMap { row, found in
            found.cosine < threshold
                ? nil
                : Match(text: range.lowerBound + row, testRow: found.testRow, cosine: min(found.cosine, 1))
        }
    }

    /// Embeddings of length one; a text without a known token stays zero and is like nothing.
    private static func unitVectors(_ texts: [String], _ encoder: any TextEncoder) -> Matrix {
        var matrix = encoder.encode(texts)
        for row in 0..<matrix.rows {
            let length = matrix[row: row].reduce(0) { $0 + $1 * $1 }.squareRoot()
            guard length > 0 else { continue }
            for column in 0..<matrix.columns { matrix[row, column] /= length }
        }
        return matrix
    }

    private static func ranges(_ count: Int, _ size: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
    }
}

extension OutcomeTable {
    /// The rows that are not nearly the same as a test text; ``File/skipped`` counts the others.
    ///
    /// - Parameter check: Knows the test texts.
    /// - Returns: The table without them.
    public func excludingSimilar(_ check: ContaminationCheck) -> OutcomeTable {
        let similar = Set(check.matches(rows.map(\.prompt)).map(\.text))
        var result = self
        result.rows = rows.indices.filter { !similar.contains($0) }.map { rows[$0] }
        for index in similar.sorted() {
            guard let file = result.files.firstIndex(where: { $0.name == rows[index].file }) else { continue }
            result.files[file].rows -= 1
            result.files[file].skipped.similar += 1
        }
        return result
    }
}
