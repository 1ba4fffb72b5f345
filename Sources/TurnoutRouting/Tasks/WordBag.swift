import TurnoutEncoders

/// Which words stand at the ends of a text, and which of them open it, as rows of a table.
///
/// People ask at the beginning or at the end of a prompt, whatever they paste between; and while the mean of all token
/// vectors says what a text is about, single words such as "summarise" say what is wanted, most of all as the first of
/// a text. A window at either end also bounds the work on a long prompt. Words share rows where their hashes agree
/// (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning").
package struct WordBag: Sendable, Equatable {
    /// The bytes that are read at either end.
    package static let window = 384
    /// The words that open a text.
    package static let openingWords = 6
    /// The rows of words, by their hash modulo this; as many follow for the opening words.
    package static let wordRows = 8192
    /// The rows of the table.
    package static let size = 2 * wordRows

    /// Distinct numbers below ``size``, in the order in which they first stand in the text.
    package let rows: [Int]

    /// Reads the ends of a text.
    ///
    /// - Complexity: O(``window``)
    package init(_ text: String) {
        var text = text
        self.rows = text.withUTF8 { bytes in
            let isShort = bytes.count <= 2 * Self.window
            var (seen, opening) = (RowSet(), Self.openingWords)
            let head = UnsafeBufferPointer(rebasing: isShort ? bytes[...] : bytes.prefix(Self.window))
            WordHashes.forEach(inUTF8: head) {
                seen.insert(Self.row($0))
                guard opening > 0 else { return }
                seen.insert(Self.wordRows + Self.row($0))
                opening -= 1
            }
            if !isShort {
                WordHashes.forEach(inUTF8: UnsafeBufferPointer(rebasing: bytes.suffix(Self.window))) {
                    seen.insert(Self.row($0))
                }
            }
            return seen.rows
        }
    }

    private static func row(_ hash: UInt64) -> Int { Int(hash % UInt64(wordRows)) }

    /// What each row counts for: together they make a vector of length 1.
    package var weight: Float { rows.isEmpty ? 0 : 1 / Float(rows.count).squareRoot() }
}

/// Rows in the order in which they were first seen.
private struct RowSet {
    private(set) var rows: [Int] = []
    private var bits = [UInt64](repeating: 0, count: WordBag.size / 64)

    mutating func insert(_ row: Int) {
        let bit: UInt64 = 1 << UInt64(row % 64)
        guard bits[row / 64] & bit == 0 else { return }
        bits[row / 64] |= bit
        rows.append(row)
    }
}
