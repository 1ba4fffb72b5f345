import TurnoutCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Reads tokenizers as the `tokenizers` library writes them: `tokenizer.json`, BERT's `vocab.txt`, or DeBERTa's `spm.model`.
///
/// Use it for every model other than the embedded one. Models: BPE (RoBERTa, GPT-2, ModernBERT), Unigram (XLM-R, E5,
/// DeBERTa-v3) and WordPiece (BERT). What a file asks for and this version does not do is refused when it is loaded, by
/// a sentence that names the part, never when a text is encoded.
package enum TokenizerFile {
    /// The largest file that is read.
    static let largestFile = 1 << 28

    /// Reads a `tokenizer.json`.
    ///
    /// - Parameter path: The file.
    /// - Returns: The tokenizer that it describes.
    /// - Throws: `TurnoutError` with code `.io` when it cannot be read, `.damagedFile` when it is not a sound
    ///   `tokenizer.json`, `.unsupported` when it asks for something that is not supported.
    package static func load(contentsOf path: String) throws -> PipelineTokenizer {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        } catch {
            throw TurnoutError(.io, "'\(path)' cannot be read; check the path and its permissions", cause: error)
        }
        return try data.withUnsafeBytes { try load(json: $0.bindMemory(to: UInt8.self), name: path) }
    }

    /// Reads a `tokenizer.json` that is in memory.
    ///
    /// - Parameters:
    ///   - json: The whole file.
    ///   - name: What messages call it.
    /// - Returns: The tokenizer that it describes.
    /// - Throws: As ``load(contentsOf:)`` does.
    package static func load(json: [UInt8], name: String = "tokenizer.json") throws -> PipelineTokenizer {
        try json.withUnsafeBufferPointer { try load(json: $0, name: name) }
    }

    private static func load(json: UnsafeBufferPointer<UInt8>, name: String) throws -> PipelineTokenizer {
        guard json.count <= largestFile else {
            throw TurnoutError(
                .unsupported, "'\(name)' has \(json.count) bytes; supported are up to \(largestFile)")
        }
        if let place = UTF8Decoding.malformation(in: json) {
            throw TurnoutError(.damagedFile, "'\(name)' is not UTF-8 at byte \(place); fetch the file again")
        }
        do {
            return try TokenizerFileReader(json, name: name).tokenizer()
        } catch let malformed as TokenizerFileScanner.Malformed {
            throw TurnoutError(
                .damagedFile,
                """
                '\(name)' is not a tokenizer.json: \(malformed.expected) should stand at byte \(malformed.offset); \
                fetch the file again
                """)
        }
    }

    /// What `tokenizer_config.json` says of a BERT tokenizer that has only a `vocab.txt`.
    package struct VocabularyOptions: Sendable {
        /// `do_lower_case`.
        package var lowercases = true
        /// `strip_accents`; `nil` for as `lowercases`.
        package var stripsAccents: Bool?
        /// `tokenize_chinese_chars`.
        package var spacesChinese = true

        /// The options of uncased BERT.
        package init() {}
    }

    /// Reads a `vocab.txt`: one token a line, ids in their order, special tokens by BERT's names.
    ///
    /// - Parameters:
    ///   - lines: The whole file.
    ///   - options: What `tokenizer_config.json` says.
    ///   - name: What messages call the file.
    /// - Returns: The tokenizer that it describes.
    /// - Throws: `TurnoutError` with code `.damagedFile` when it is empty or lacks `[UNK]`, `[CLS]` or `[SEP]`.
    package static func load(
        vocabulary lines: [UInt8], options: VocabularyOptions = VocabularyOptions(), name: String = "vocab.txt"
    ) throws -> PipelineTokenizer {
        if let place = lines.withUnsafeBufferPointer(UTF8Decoding.malformation) {
            throw TurnoutError(.damagedFile, "'\(name)' is not UTF-8 at byte \(place); fetch the file again")
        }
        var pieces = ByteStringList()
        var tokens = lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if tokens.last?.isEmpty == true { tokens.removeLast() }  // what follows the last line end
        for line in tokens {
            pieces.append(Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line), value: Int32(pieces.count))
        }
        var builder = WordPieceBuilder(file: name)
        builder.hasBERTPreTokenizer = true
        builder.normalizer = .bert(options)
        var identifiers = try builder.identifiers(pieces)
        guard let opening = identifiers.id(of: "[CLS]"), let closing = identifiers.id(of: "[SEP]") else {
            throw TurnoutError(.damagedFile, "'\(name)' lacks [CLS] or [SEP]; use the vocab.txt of a BERT model")
        }
        let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].filter { identifiers.id(of: $0) != nil }
        builder.addedTokens = specials.map { AddedToken(special: $0) }
        let model = try builder.model(pieces, identifiers)
        for token in specials { if let id = identifiers.id(of: token) { identifiers.add(token, id: id) } }
        var parts = PipelineTokenizer.Parts(model: model, identifiers: identifiers)
        parts.normalizer = builder.normalizer
        parts.preTokenizer = PreTokenizer(steps: [.bert])
        parts.postProcessor = PostProcessor(before: [opening], after: [closing])
        parts.writtenTokens = try AddedTokens(
            builder.addedTokens.compactMap { token in
                identifiers.id(of: token.content).map { (Array(token.content.utf8), $0, token) }
            }, file: name)
        return PipelineTokenizer(parts)
    }
}

extension TextNormalizer {
    /// BERT's normaliser.
    static func bert(_ options: TokenizerFile.VocabularyOptions) -> TextNormalizer {
        var steps: [Step] = [.clean]
        if options.spacesChinese { steps.append(.spaceChinese) }
        if options.stripsAccents ?? options.lowercases { steps += [.form(.nfd), .deleteMarks] }
        if options.lowercases { steps.append(.lowercase) }
        return TextNormalizer(steps: steps)
    }

    /// Whether these are the steps of uncased BERT.
    var isUncasedBERT: Bool {
        guard steps.count == 5, case .clean = steps[0], case .spaceChinese = steps[1], case .form(.nfd) = steps[2],
            case .deleteMarks = steps[3], case .lowercase = steps[4]
        else { return false }
        return true
    }
}
