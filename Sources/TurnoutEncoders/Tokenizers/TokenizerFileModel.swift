import TurnoutCore

/// The `model` of a tokenizer.json: its small members as components, vocabulary and merges where they stand.
struct TokenizerFileModel {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let file: String
    private let options: TokenizerFileComponent
    private let vocabularyOffset: Int
    private let mergesOffset: Int?
    private let kind: Kind

    private enum Kind: String {
        case bytePair = "BPE"
        case unigram = "Unigram"
        case wordPiece = "WordPiece"
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int, file: String) throws {
        self.bytes = bytes
        self.file = file
        var scanner = TokenizerFileScanner(bytes, at: offset)
        var key = ByteBuffer()
        var members: [String: TokenizerFileComponent.Value] = [:]
        var offsets: [String: Int] = [:]
        try scanner.object(key: &key) { scanner, key in
            let member = String(decoding: key.text, as: UTF8.self)
            if member == "vocab" || member == "merges" {
                offsets[member] = try scanner.skip().lowerBound
            } else {
                members[member] = try TokenizerFileComponent(file: file, place: member, scanner: &scanner).value
            }
        }
        options = TokenizerFileComponent(file: file, place: "model", value: .object(members))
        guard let vocabulary = offsets["vocab"] else { throw options.damaged("has no vocab") }
        vocabularyOffset = vocabulary
        mergesOffset = offsets["merges"]
        // Early versions of the library did not write the type.
        let isList = bytes[vocabulary] == UInt8(ascii: "[")
        let guess = mergesOffset != nil ? "BPE" : isList ? "Unigram" : "WordPiece"
        let type = try options["type"].optionalString() ?? guess
        guard let kind = Kind(rawValue: type) else {
            throw options.unsupported("is of type \(type)", supported: "BPE, Unigram and WordPiece")
        }
        self.kind = kind
    }

    /// Whether the model can take words as bytes where the pre-tokeniser would write them as characters.
    func readsBytes(_ endsInByteLevel: Bool) throws -> Bool {
        guard kind == .bytePair, endsInByteLevel else { return false }
        let affixes = [options["continuing_subword_prefix"], options["end_of_word_suffix"]]
        return try affixes.allSatisfy { try ($0.optionalString() ?? "").isEmpty }
    }

    /// The model and the ids of its tokens.
    func build(
        normalizer: TextNormalizer, preTokenizer: PreTokenizer, addedTokens: [AddedToken], readsBytes: Bool
    ) throws -> (PipelineTokenizer.Model, TokenIdentifiers) {
        switch kind {
        case .unigram: return try unigram()
        case .bytePair: return try bytePair(readsBytes: readsBytes)
        case .wordPiece:
            var builder = WordPieceBuilder(file: file)
            builder.unknown = try options["unk_token"].optionalString() ?? "[UNK]"
            builder.prefix = try options["continuing_subword_prefix"].optionalString() ?? "##"
            if !options["max_input_chars_per_word"].isNull {
                builder.longestWord = try options["max_input_chars_per_word"].index(limit: Int(Int32.max))
            }
            builder.normalizer = normalizer
            if preTokenizer.steps.count == 1, case .bert = preTokenizer.steps[0] { builder.hasBERTPreTokenizer = true }
            builder.addedTokens = addedTokens
            let pieces = try vocabulary()
            let identifiers = try builder.identifiers(pieces)
            return (try builder.model(pieces, identifiers), identifiers)
        }
    }

    /// A vocabulary written as an object of tokens and ids.
    private func vocabulary() throws -> ByteStringList {
        var scanner = TokenizerFileScanner(bytes, at: vocabularyOffset)
        var list = ByteStringList()
        try scanner.bracket(UInt8(ascii: "{"))
        if scanner.peek() == UInt8(ascii: "}") { return list }
        while true {
            try scanner.string(into: &list.text)
            try scanner.bracket(UInt8(ascii: ":"))
            list.close(value: Int32(try scanner.index(limit: TokenizerFileReader.largestID)))
            if scanner.peek() == UInt8(ascii: "}") { break }
            try scanner.comma()
        }
        return list
    }

    private func unigram() throws -> (PipelineTokenizer.Model, TokenIdentifiers) {
        var scanner = TokenizerFileScanner(bytes, at: vocabularyOffset)
        var pieces = ByteStringList()
        var scores: [Double] = []
        try scanner.array { scanner in
            try scanner.bracket(UInt8(ascii: "["))
            try scanner.string(into: &pieces.text)
            try scanner.comma()
            scores.append(try scanner.number())
            try scanner.bracket(UInt8(ascii: "]"))
            guard pieces.count < TokenizerFileReader.largestID else {
                throw scanner.malformed("the end of a vocabulary of \(TokenizerFileReader.largestID) pieces")
            }
            pieces.close(value: Int32(pieces.count))
        }
        guard !scores.isEmpty else { throw options.damaged("has an empty vocab") }
        guard !options["unk_id"].isNull else {
            throw options.unsupported("has no unk_id", supported: "Unigram models with an unknown token")
        }
        let unknownID = try options["unk_id"].index(limit: scores.count - 1)
        try TokenizerFileReader.limitPieces(pieces, file: file)
        let model = try UnigramModel(
            pieces: pieces, scores: scores, unknownID: Int32(unknownID),
            fallsBackToBytes: try options["byte_fallback"].bool(default: false), file: file)
        let identifiers = TokenIdentifiers(vocabularyCount: scores.count, tokenCount: scores.count) { model.find($0) }
        return (.unigram(model), identifiers)
    }

    private func bytePair(readsBytes: Bool) throws -> (PipelineTokenizer.Model, TokenIdentifiers) {
        guard try options["dropout"].isNull || options["dropout"].number() == 0 else {
            throw options["dropout"].unsupported("is not 0", supported: "models without dropout")
        }
        var modelOptions = BytePairModel.Options()
        modelOptions.unknown = try options["unk_token"].optionalString()
        modelOptions.prefix = Array((try options["continuing_subword_prefix"].optionalString() ?? "").utf8)
        modelOptions.suffix = Array((try options["end_of_word_suffix"].optionalString() ?? "").utf8)
        modelOptions.fusesUnknown = try options["fuse_unk"].bool(default: false)
        modelOptions.fallsBackToBytes = try options["byte_fallback"].bool(default: false)
        modelOptions.ignoresMerges = try options["ignore_merges"].bool(default: false)
        var reader = BytePairReader(bytes: bytes, file: file, readsBytes: readsBytes)
        let table = try reader.vocabulary(vocabulary())
        guard let mergesOffset else { throw options.damaged("has no merges") }
        let merges = try reader.merges(at: mergesOffset, table, prefixSize: modelOptions.prefix.count)
        let model = try BytePairModel(
            vocabulary: table, merges: merges, options: modelOptions, isByteLevel: readsBytes, file: file)
        let others = reader.others
        let identifiers = TokenIdentifiers(
            vocabularyCount: Int(reader.largestID) + 1, tokenCount: table.count + (others?.count ?? 0)
        ) { token in
            guard readsBytes else { return model.vocabulary.find(token) }
            return ByteLevelAlphabet.bytes(of: token).map { model.vocabulary.find($0) } ?? others?.find(token) ?? -1
        }
        return (.bytePair(model), identifiers)
    }
}
