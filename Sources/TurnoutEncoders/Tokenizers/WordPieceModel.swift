import TurnoutCore

/// WordPiece over any vocabulary: a word is covered from the left by the longest known pieces, or is unknown as a whole.
///
/// BERT's own configuration has a faster way, ``WordPieceTokenizer``; this is for all others: cased, multilingual, with
/// another prefix or another unknown token. Wu et al. 2016, "Google's Neural Machine Translation System", section 4.1.
struct WordPieceModel: Sendable {
    private let trie: DoubleArrayTrie
    /// Where pieces go on that stand behind another one; `nil` where the vocabulary has none.
    private let continuation: DoubleArrayTrie.Node?
    private let unknownID: Int32
    private let longestWord: Int

    /// Makes a model of tokens and their ids.
    ///
    /// `prefix` marks pieces that stand behind another one; words of more than `longestWord` scalars are unknown.
    ///
    /// - Throws: `TurnoutError` when there are more tokens than fit.
    init(
        pieces: borrowing ByteStringList, unknownID: Int32, prefix: [UInt8], longestWord: Int, file: String
    ) throws {
        let trie = try DoubleArrayTrie(pieces, file: file)
        self.trie = trie
        continuation = trie.walk(prefix)
        self.unknownID = unknownID
        self.longestWord = longestWord
    }

    /// Appends the ids of a word.
    ///
    /// - Complexity: O(`size` · longest token)
    func encode(_ word: UnsafePointer<UInt8>, _ size: Int, into ids: inout [Int32]) {
        guard isShort(word, size) else { return ids.append(unknownID) }
        let first = ids.count
        var at = 0
        while at < size {
            guard let node = at == 0 ? trie.root : continuation else { return fail(&ids, first) }
            let (id, length) = trie.longest(word + at, size &- at, from: node)
            guard id >= 0 else { return fail(&ids, first) }
            ids.append(id)
            at &+= length
        }
    }

    private func fail(_ ids: inout [Int32], _ first: Int) {
        ids.removeLast(ids.count - first)
        ids.append(unknownID)
    }

    private func isShort(_ word: UnsafePointer<UInt8>, _ size: Int) -> Bool {
        if size <= longestWord { return true }
        var scalars = 0
        for index in 0..<size where word[index] & 0xC0 != 0x80 { scalars += 1 }
        return scalars <= longestWord
    }
}
