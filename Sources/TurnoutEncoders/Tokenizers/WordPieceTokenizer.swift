import TurnoutCore

/// BERT's uncased WordPiece: from text to token ids, the same ids as the `tokenizers` library gives.
///
/// Text is cleaned of control characters, decomposed, stripped of accents, lowercased, split at white space, at
/// punctuation and around Chinese characters, and each word is covered from the left by the longest known pieces.
/// Devlin et al. 2019, "BERT"; Wu et al. 2016, "Google's Neural Machine Translation System", section 4.1.
///
/// All of it happens in one pass over the UTF-8 bytes, without memory per token. What a scalar becomes is read from
/// tables that are part of the binary (`Reference/make_unicode_tables.py`), so that ids never depend on the Unicode
/// version of the operating system. Special tokens written out in a text, such as `[SEP]`, are recognised as the
/// library recognises them.
public struct WordPieceTokenizer: Sendable {
    /// The ids of tokens that stand for no text; `nil` where the vocabulary lacks them.
    public struct SpecialTokens: Sendable, Equatable {
        /// `[UNK]`: stands for a word that no pieces cover.
        public let unknown: Int32
        /// `[PAD]`: fills up a batch.
        public let padding: Int32?
        /// `[CLS]`: opens a sequence.
        public let classification: Int32?
        /// `[SEP]`: closes a sequence.
        public let separator: Int32?
        /// `[MASK]`: hides a word.
        public let mask: Int32?
    }

    /// The ids of the special tokens.
    public let specialTokens: SpecialTokens
    /// Words of more scalars than this become one `[UNK]`.
    public let longestWord: Int

    let vocabulary: WordPieceVocabulary
    /// For each ASCII byte: 0 deleted, 1 space, 2 a word of its own, else its lowercase form.
    let ascii: [UInt8]
    /// For each ASCII byte that is a word of its own: the id.
    let isolatedIDs: [Int32]
    /// Special tokens as they are written, with their ids.
    let writtenSpecials: [(text: [UInt8], id: Int32)]

    /// Reads a vocabulary.
    ///
    /// - Parameter vocabulary: Tokens in the order of their ids, as the lines of `vocab.txt`.
    /// - Throws: `TurnoutError` with code `.damagedFile` when it is empty or has no `[UNK]`.
    /// - Complexity: O(bytes)
    public init(vocabulary: [UInt8]) throws {
        try self.init(vocabularyLines: vocabulary.withUnsafeBytes { try WordPieceVocabulary(lines: $0) })
    }

    /// Reads a vocabulary that stands in a tensor or a mapped file; the bytes are copied.
    init(vocabularyLines vocabulary: WordPieceVocabulary) throws {
        guard let unknown = vocabulary.id(of: "[UNK]") else {
            throw TurnoutError(
                .damagedFile,
                "the vocabulary of \(vocabulary.count) tokens has no [UNK]; use the vocab.txt of a BERT model")
        }
        self.vocabulary = vocabulary
        self.longestWord = 100
        self.specialTokens = SpecialTokens(
            unknown: unknown, padding: vocabulary.id(of: "[PAD]"), classification: vocabulary.id(of: "[CLS]"),
            separator: vocabulary.id(of: "[SEP]"), mask: vocabulary.id(of: "[MASK]"))
        self.writtenSpecials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].compactMap { text in
            vocabulary.id(of: text).map { (Array(text.utf8), $0) }
        }
        self.ascii = (0..<128).map(WordPieceScanner.asciiClass)
        self.isolatedIDs = (0..<128).map { byte in
            vocabulary.id(of: String(Unicode.Scalar(UInt8(byte)))) ?? unknown
        }
    }

    /// The number of tokens in the vocabulary; every id is below it.
    public var vocabularyCount: Int { vocabulary.count }

    /// The vocabulary as it was read: tokens in the order of their ids, separated by newlines.
    package var vocabularyLines: [UInt8] { vocabulary.text }

    /// The id of a token by its text, such as `##ing`; `nil` when there is none.
    ///
    /// - Complexity: O(length)
    public func id(of token: String) -> Int32? { vocabulary.id(of: token) }

    /// The text of a token, such as `##ing`; `nil` when there is no such id.
    ///
    /// - Complexity: O(length)
    public func token(of id: Int32) -> String? {
        (0..<vocabulary.count).contains(Int(id)) ? vocabulary.token(of: Int(id)) : nil
    }

    /// The ids of a text.
    ///
    /// - Parameters:
    ///   - text: Any text; an empty one has no ids.
    ///   - addingSpecialTokens: Whether `[CLS]` opens and `[SEP]` closes the sequence, where the vocabulary has them.
    /// - Returns: Ids below ``vocabularyCount``, in the order of the text.
    /// - Complexity: O(bytes)
    public func encode(_ text: String, addingSpecialTokens: Bool = false) -> [Int32] {
        var ids: [Int32] = []
        encode(text, into: &ids, addingSpecialTokens: addingSpecialTokens)
        return ids
    }

    /// Appends the ids of a text, so that one array can serve many texts.
    ///
    /// - Parameters:
    ///   - text: Any text.
    ///   - ids: Grows by the ids of the text.
    ///   - addingSpecialTokens: Whether `[CLS]` opens and `[SEP]` closes the sequence, where the vocabulary has them.
    /// - Complexity: O(bytes)
    public func encode(_ text: String, into ids: inout [Int32], addingSpecialTokens: Bool = false) {
        if addingSpecialTokens, let opening = specialTokens.classification { ids.append(opening) }
        var text = text
        text.withUTF8 { bytes in forEachToken(inUTF8: bytes) { ids.append($0) } }
        if addingSpecialTokens, let closing = specialTokens.separator { ids.append(closing) }
    }

    /// Hands over the ids of a text one by one.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8. What is not well-formed counts as U+FFFD, which leaves no trace.
    ///   - body: Receives each id, in order.
    /// - Complexity: O(bytes), without memory per token.
    public func forEachToken(inUTF8 bytes: UnsafeBufferPointer<UInt8>, _ body: (Int32) -> Void) {
        vocabulary.withLookup { lookup in
            ascii.withUnsafeBufferPointer { ascii in
                isolatedIDs.withUnsafeBufferPointer { isolatedIDs in
                    WordPieceScanner.scan(
                        bytes, lookup: lookup, ascii: ascii, isolatedIDs: isolatedIDs, specials: writtenSpecials,
                        unknown: specialTokens.unknown, longestWord: longestWord, body)
                }
            }
        }
    }
}
