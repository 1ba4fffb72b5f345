import TurnoutCore

/// Chooses how a WordPiece vocabulary is read: BERT's uncased configuration by ``WordPieceTokenizer``, which does all
/// of it in one pass, and any other by ``WordPieceModel``.
struct WordPieceBuilder {
    let file: String
    var unknown = "[UNK]"
    var prefix = "##"
    var longestWord = 100
    var normalizer = TextNormalizer(steps: [])
    /// Whether words are cut as BERT cuts them, and nothing else is done to them.
    var hasBERTPreTokenizer = false
    var addedTokens: [AddedToken] = []

    init(file: String) { self.file = file }

    /// The ids by token.
    func identifiers(_ pieces: borrowing ByteStringList) throws -> TokenIdentifiers {
        let table = try ByteStringTable(pieces, file: file)
        let largest = pieces.values.max() ?? -1
        return TokenIdentifiers(vocabularyCount: Int(largest) + 1, tokenCount: table.count) { table.find($0) }
    }

    func model(
        _ pieces: borrowing ByteStringList, _ identifiers: TokenIdentifiers
    ) throws -> PipelineTokenizer.Model {
        guard let unknownID = identifiers.id(of: unknown) else {
            throw TurnoutError(
                .damagedFile, "'\(file)': the unknown token '\(unknown)' is not in the vocabulary; fetch the file again"
            )
        }
        if isUncasedBERT(identifiers), let lines = Self.lines(pieces) {
            return .bert(try WordPieceTokenizer(vocabulary: lines))
        }
        try TokenizerFileReader.limitPieces(pieces, file: file)
        return .wordPiece(
            try WordPieceModel(
                pieces: pieces, unknownID: unknownID, prefix: Array(prefix.utf8), longestWord: longestWord, file: file))
    }

    /// Whether everything is as ``WordPieceTokenizer`` has it built in, the special tokens it recognises included.
    private func isUncasedBERT(_ identifiers: TokenIdentifiers) -> Bool {
        let builtIn: Set = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        let found = Set(addedTokens.map(\.content))
        return normalizer.isUncasedBERT && hasBERTPreTokenizer && unknown == "[UNK]" && prefix == "##"
            && longestWord == 100 && addedTokens.allSatisfy(\.isPlainSpecial)
            && found == builtIn.filter { identifiers.id(of: $0) != nil }
    }

    /// The vocabulary as lines in the order of the ids; `nil` where it has holes or cannot be written so.
    private static func lines(_ pieces: borrowing ByteStringList) -> [UInt8]? {
        var places = [Int](repeating: -1, count: pieces.count)
        for index in 0..<pieces.count {
            let id = Int(pieces.values[index])
            guard places.indices.contains(id), places[id] < 0 else { return nil }
            places[id] = index
        }
        var lines: [UInt8] = []
        for (id, place) in places.enumerated() {
            let bytes = pieces.bytes(place)
            guard !bytes.contains(UInt8(ascii: "\n")), bytes.last != UInt8(ascii: "\r"), !bytes.isEmpty else {
                return nil
            }
            if id > 0 { lines.append(UInt8(ascii: "\n")) }
            lines.append(contentsOf: bytes)
        }
        return lines
    }
}

extension AddedToken {
    /// A special token that is found wherever it is written.
    init(special content: String) {
        self.content = content
        isSingleWord = false
        stripsLeft = false
        stripsRight = false
        isNormalized = false
        isSpecial = true
    }

    /// Whether it is found wherever it is written, before the text is normalised.
    var isPlainSpecial: Bool { !isSingleWord && !stripsLeft && !stripsRight && !isNormalized }
}
