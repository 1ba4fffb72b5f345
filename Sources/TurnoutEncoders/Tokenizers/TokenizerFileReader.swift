import TurnoutCore

/// Puts a tokenizer together from the bytes of a tokenizer.json.
///
/// Its members may come in any order.
struct TokenizerFileReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let name: String
    private var components: [String: TokenizerFileComponent] = [:]
    private var modelOffset: Int?

    /// Pieces of more bytes than this make texts slow to cut and occur in no model.
    static let longestPiece = 1024
    static let largestID = PostProcessor.largestID

    /// Reads everything but the model.
    init(_ bytes: UnsafeBufferPointer<UInt8>, name: String) throws {
        self.bytes = bytes
        self.name = name
        var scanner = TokenizerFileScanner(bytes)
        var key = ByteBuffer()
        var components: [String: TokenizerFileComponent] = [:]
        var modelOffset: Int?
        try scanner.object(key: &key) { scanner, key in
            let member = String(decoding: key.text, as: UTF8.self)
            switch member {
            case "model": modelOffset = try scanner.skip().lowerBound
            case "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "truncation", "version":
                components[member] = try TokenizerFileComponent(file: name, place: member, scanner: &scanner)
            default: try scanner.skip()
            }
        }
        try scanner.expectEnd()
        self.components = components
        self.modelOffset = modelOffset
    }

    private func component(_ member: String) -> TokenizerFileComponent {
        components[member] ?? TokenizerFileComponent(file: name, place: member, value: .null)
    }

    /// The tokenizer that the file describes.
    func tokenizer() throws -> PipelineTokenizer {
        if !component("version").isNull, try component("version").string() != "1.0" {
            throw component("version").unsupported("is \(try component("version").string())", supported: "1.0")
        }
        guard let modelOffset else {
            throw TurnoutError(.damagedFile, "'\(name)' has no model; give a tokenizer.json of a trained tokenizer")
        }
        let model = try TokenizerFileModel(bytes, at: modelOffset, file: name)
        let added =
            try component("added_tokens").isNull
            ? [] : component("added_tokens").elements().map(AddedToken.init).filter { !$0.content.isEmpty }
        let normalizer = try TextNormalizer(component("normalizer"))
        let readsBytes = try model.readsBytes(PreTokenizer.endsInByteLevel(component("pre_tokenizer")))
        let preTokenizer = try PreTokenizer(component("pre_tokenizer"), readsBytes: readsBytes)
        var (built, identifiers) = try model.build(
            normalizer: normalizer, preTokenizer: preTokenizer, addedTokens: added, readsBytes: readsBytes)
        let tokens = Self.number(added, &identifiers)
        var parts = PipelineTokenizer.Parts(model: built, identifiers: identifiers)
        parts.normalizer = normalizer
        parts.preTokenizer = preTokenizer
        parts.postProcessor = try PostProcessor(component("post_processor"))
        for id in parts.postProcessor.before + parts.postProcessor.after { parts.identifiers.include(id) }
        parts.writtenTokens = try AddedTokens(
            tokens.filter { !$0.token.isNormalized }.map { (Array($0.token.content.utf8), $0.id, $0.token) }, file: name
        )
        parts.normalizedTokens = try AddedTokens(
            tokens.filter(\.token.isNormalized).map { (normalizer.normalized($0.token.content), $0.id, $0.token) },
            file: name)
        parts.truncation = try truncation()
        for token in tokens where token.token.content.utf8.count > Self.longestPiece {
            throw component("added_tokens").unsupported(
                "has a token of \(token.token.content.utf8.count) bytes",
                supported: "tokens of up to \(Self.longestPiece)")
        }
        return PipelineTokenizer(parts)
    }

    /// Gives added tokens their ids: those that the model has for them, and new ones to others, in their order.
    ///
    /// As in the library, the ids that the file gives them do not count, and of two tokens with one id the later stays.
    static func number(
        _ added: [AddedToken], _ identifiers: inout TokenIdentifiers
    ) -> [(id: Int32, token: AddedToken)] {
        var next = Int32(identifiers.tokenCount)
        var byID: [Int32: AddedToken] = [:]
        for token in added {
            let known = identifiers.id(of: token.content)
            let id = known ?? next
            if known == nil { next += 1 }
            identifiers.add(token.content, id: id)
            byID[id] = token
        }
        return byID.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func truncation() throws -> PipelineTokenizer.Truncation {
        let component = component("truncation")
        guard !component.isNull else { return PipelineTokenizer.Truncation() }
        return PipelineTokenizer.Truncation(
            maximumLength: try component["max_length"].index(limit: Int(Int32.max)),
            cutsBeginning: try component["direction"].optionalString() == "Left")
    }

    /// Refuses pieces that make texts slow to cut.
    static func limitPieces(_ pieces: borrowing ByteStringList, file: String) throws {
        for index in 0..<pieces.count where pieces.range(index).count > longestPiece {
            throw TurnoutError(
                .unsupported,
                """
                '\(file)': the vocabulary has a token of \(pieces.range(index).count) bytes; supported are up to \
                \(longestPiece)
                """)
        }
    }
}

extension TextNormalizer {
    /// A short text, normalised.
    func normalized(_ text: String) -> [UInt8] {
        var work = Work()
        return Array(text.utf8).withUnsafeBufferPointer { bytes in
            apply(bytes, &work)
            return Array(work.text.text)
        }
    }
}
