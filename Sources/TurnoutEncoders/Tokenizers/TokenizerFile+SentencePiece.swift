import TurnoutCore

extension TokenizerFile {
    /// The special tokens of DeBERTa, in the order in which those that are no pieces are numbered after them.
    private static let specialTokens = ["[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"]

    /// Reads a DeBERTa's `spm.model`, a unigram model of SentencePiece.
    ///
    /// Texts are cut as by the `tokenizer.json` that transformers' converter makes of the file: its ends lose white
    /// space, the file's own character map is applied, and blanks in a row become one.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - lowercases: `do_lower_case` of `tokenizer_config.json`.
    ///   - splitsPunctuation: `split_by_punct`, likewise.
    ///   - name: What messages call the file.
    /// - Returns: The tokenizer that it describes, with `[CLS]` before a text and `[SEP]` after it.
    /// - Throws: `TurnoutError` with code `.damagedFile` when it is no such file or lacks `[CLS]` or `[SEP]`,
    ///   `.unsupported` when it asks for something that is not supported.
    package static func load(
        sentencePiece bytes: [UInt8], lowercases: Bool = false, splitsPunctuation: Bool = false,
        name: String = "spm.model"
    ) throws -> PipelineTokenizer {
        guard bytes.count <= largestFile else {
            throw TurnoutError(
                .unsupported, "'\(name)' has \(bytes.count) bytes; supported are up to \(largestFile)")
        }
        let file = try SentencePieceFile(bytes, file: name)
        let model = try UnigramModel(
            pieces: file.pieces, scores: file.scores, unknownID: file.unknownID,
            fallsBackToBytes: file.fallsBackToBytes, file: name)
        var identifiers = TokenIdentifiers(vocabularyCount: file.scores.count, tokenCount: file.scores.count) {
            model.find($0)
        }
        guard let opening = identifiers.id(of: "[CLS]"), let closing = identifiers.id(of: "[SEP]") else {
            throw TurnoutError(.damagedFile, "'\(name)' lacks [CLS] or [SEP]; use the spm.model of a DeBERTa model")
        }
        let whole = (0..<file.kinds.count).filter { file.kinds[$0] == .control || file.kinds[$0] == .userDefined }
        let added = whole.map { String(decoding: file.pieces.bytes($0), as: UTF8.self) } + specialTokens
        let tokens = TokenizerFileReader.number(added.map { AddedToken(special: $0) }, &identifiers)
        let normalizer = TextNormalizer(file, lowercases: lowercases)
        guard TextNormalizer.areBounded(normalizer.steps) else {
            throw TurnoutError(
                .unsupported, "'\(name)' has a character map that makes text too much longer; fetch the file again")
        }
        var parts = PipelineTokenizer.Parts(model: .unigram(model), identifiers: identifiers)
        parts.normalizer = normalizer
        let metaspace = PreTokenizer.Step.metaspace(
            replacement: Array("▁".utf8), scheme: file.addsDummyPrefix ? .always : .never, splits: true)
        parts.preTokenizer = PreTokenizer(
            steps: splitsPunctuation ? [.punctuation(.isolated), metaspace] : [metaspace])
        parts.postProcessor = PostProcessor(before: [opening], after: [closing])
        parts.writtenTokens = try AddedTokens(
            tokens.map { (Array($0.token.content.utf8), $0.id, $0.token) }, file: name)
        return PipelineTokenizer(parts)
    }
}

extension TextNormalizer {
    /// What transformers' converter makes of a DeBERTa's file.
    fileprivate init(_ file: borrowing SentencePieceFile, lowercases: Bool) {
        let blanks = TextPattern.stretch(ScalarSet(ranges: [0x20...0x20]), least: 2, most: Int.max)
        var steps: [Step] = lowercases ? [.lowercase] : []
        steps.append(.strip(left: true, right: true))
        if let map = file.characterMap { steps.append(.map(map)) }
        steps.append(.replace(blanks, with: [0x20]))
        self.init(steps: steps)
    }
}
