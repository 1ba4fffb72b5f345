/// Cuts a text into the ids that a transformer reads.
///
/// The seam between models and the three ways in which their texts are cut (WordPiece, byte-level BPE, Unigram).
package protocol Tokenizer: Sendable {
    /// The number of ids; every id is below it.
    var vocabularyCount: Int { get }

    /// The ids of a text, opened and closed by the special tokens of the model.
    ///
    /// - Parameters:
    ///   - text: Any text.
    ///   - maximumLength: The most ids to return, special tokens included; at least 2.
    /// - Returns: Ids. What is too long loses its end, and still gets its closing token.
    func encode(_ text: String, maximumLength: Int) -> [Int32]
}
