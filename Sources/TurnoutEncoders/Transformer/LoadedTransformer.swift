import Crypto
import Synchronization
import TurnoutCore
import TurnoutNumerics

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What encoders and classifiers share: a folder's files, read and checked.
final class LoadedTransformer: Sendable {
    let name: String
    let model: TransformerModel
    let sentences: SentenceConfiguration
    let maximumLength: Int
    let weights: TransformerWeights

    let folder: ModelFolder
    private let tokenizer: any Tokenizer
    private let prefix: String
    private let options: TransformerEncoder.Options
    private let digest = Mutex<String?>(nil)

    /// Tokens that are computed together at most, unless a single text has more.
    private static let tokensPerBatch = 1024
    private static let usualFiles = [
        "config.json", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json",
        "1_Pooling/config.json", "tokenizer_config.json", "tokenizer.json", "spm.model", "vocab.txt",
    ]
    /// Files whose bytes determine a vector, beside the weights.
    var describingFiles: [String] {
        sentences.poolingFiles.reduce(into: Self.usualFiles) { if !$0.contains($1) { $0.append($1) } }
    }

    init(
        folder: ModelFolder, options: TransformerEncoder.Options, tokenizer: (any Tokenizer)?, kernels: Kernels
    ) throws {
        guard let json = try folder.bytes("config.json") else { throw folder.missing("config.json") }
        let configuration = try TransformerConfiguration(json: json, path: folder.path(of: "config.json"))
        self.folder = folder
        self.options = options
        self.name = folder.path.split(separator: "/").last.map(String.init) ?? folder.path
        self.sentences = try SentenceConfiguration(folder: folder)
        self.weights = try TransformerWeights(folder: folder, prefix: configuration.family.prefix)
        let longest = configuration.longestSequence
        if let length = options.maximumLength, !(2...longest).contains(length) {
            throw TurnoutError(
                .invalidArgument, "'\(folder.path)' reads from 2 to \(longest) tokens, not \(length); choose within")
        }
        self.maximumLength = options.maximumLength ?? min(sentences.maximumLength ?? longest, longest)
        self.prefix = try sentences.prefix(named: options.prompt, path: folder.path)
        self.tokenizer = try tokenizer ?? Self.tokenizer(folder)
        guard self.tokenizer.vocabularyCount <= configuration.vocabularyCount else {
            throw TurnoutError(
                .damagedFile,
                """
                the tokenizer of '\(folder.path)' has \(self.tokenizer.vocabularyCount) tokens, and the model vectors \
                for \(configuration.vocabularyCount); use the files of one model
                """)
        }
        self.model = try TransformerModel(
            configuration, weights, storage: options.storage, threads: options.threads, kernels: kernels)
    }

    /// The tokenizer that the files describe: `tokenizer.json`, or else DeBERTa's `spm.model`, or else the `vocab.txt` of
    /// older BERT models.
    private static func tokenizer(_ folder: ModelFolder) throws -> any Tokenizer {
        struct File: Decodable {
            let do_lower_case: Bool?
            let strip_accents: Bool?
            let tokenize_chinese_chars: Bool?
            let split_by_punct: Bool?
        }
        if let json = try folder.bytes("tokenizer.json") {
            return try TokenizerFile.load(json: [UInt8](json), name: folder.path(of: "tokenizer.json"))
        }
        let file = try folder.json(File.self, "tokenizer_config.json")
        if let pieces = try folder.bytes("spm.model") {
            return try TokenizerFile.load(
                sentencePiece: [UInt8](pieces), lowercases: file?.do_lower_case ?? false,
                splitsPunctuation: file?.split_by_punct ?? false, name: folder.path(of: "spm.model"))
        }
        guard let vocabulary = try folder.bytes("vocab.txt") else { throw folder.missing("tokenizer.json") }
        var options = TokenizerFile.VocabularyOptions()
        if let file {
            options.lowercases = file.do_lower_case ?? true
            options.stripsAccents = file.strip_accents
            options.spacesChinese = file.tokenize_chinese_chars ?? true
        }
        return try TokenizerFile.load(
            vocabulary: [UInt8](vocabulary), options: options, name: folder.path(of: "vocab.txt"))
    }

    /// The tokenizer where it is that of uncased BERT.
    var wordPiece: WordPieceTokenizer? { (tokenizer as? PipelineTokenizer)?.wordPiece }

    /// `license:` in the YAML at the head of `README.md`.
    var licence: String? {
        guard let bytes = try? folder.bytes("README.md") else { return nil }
        let lines = String(decoding: bytes.prefix(1 << 16), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == "---" else { return nil }
        let field = lines.dropFirst().prefix { $0 != "---" }.first { $0.hasPrefix("license:") }
        let value = field?.dropFirst("license:".count).filter { !" \"'\r".contains($0) } ?? ""
        return value.isEmpty ? nil : value
    }

    /// The ids that are read of a text, prompt and special tokens included.
    func tokenIDs(_ text: String) -> [Int32] { tokenIDs(text, upTo: maximumLength) }

    /// The first ids of a text, prompt and special tokens included.
    func tokenIDs(_ text: String, upTo length: Int) -> [Int32] {
        let text = prefix + text
        return tokenizer.encode(sentences.lowercases ? text.lowercased() : text, maximumLength: length)
    }

    /// Refuses ids and lengths that the model has no vectors for.
    func check(_ sequences: [[Int32]]) throws {
        let ids = 0..<Int32(model.configuration.vocabularyCount), longest = model.configuration.longestSequence
        for (i, sequence) in sequences.enumerated() {
            guard sequence.count <= longest else {
                throw TurnoutError(
                    .invalidArgument,
                    "sequence \(i) has \(sequence.count) tokens, and '\(name)' reads up to \(longest); cut it first")
            }
            for id in sequence where !ids.contains(id) {
                throw TurnoutError(
                    .invalidArgument,
                    "sequence \(i) has token id \(id), and '\(name)' knows 0 to \(ids.upperBound - 1); use its own tokenizer"
                )
            }
        }
    }

    /// Computes sequences in batches of like length and lends each batch's token vectors.
    ///
    /// - Parameters:
    ///   - sequences: Checked ids. Empty sequences are left out.
    ///   - body: Receives which sequences these are, their token vectors `[tokens, hidden]`, and where each begins.
    func forEachBatch(
        of sequences: [[Int32]],
        _ body: (_ batch: ArraySlice<Int>, _ vectors: UnsafeMutablePointer<Float>, _ offsets: [Int32]) -> Void
    ) {
        let order = sequences.indices.filter { !sequences[$0].isEmpty }
            .sorted { (sequences[$0].count, $0) < (sequences[$1].count, $1) }
        var start = 0
        while start < order.count {
            var end = start, tokens = 0
            while end < order.count, end == start || tokens + sequences[order[end]].count <= Self.tokensPerBatch {
                tokens += sequences[order[end]].count
                end += 1
            }
            let batch = order[start..<end]
            model.withTokenVectors(of: batch.map { sequences[$0] }) { body(batch, $0, $1) }
            start = end
        }
    }

    /// SHA-256 of what determines a vector; computed once.
    var fingerprint: String {
        digest.withLock { digest in
            if let digest { return digest }
            let computed = computeFingerprint()
            digest = computed
            return computed
        }
    }

    private func computeFingerprint() -> String {
        var hash = SHA256()
        func add(_ label: String, _ content: some Sequence<UInt8>) {
            let content = Array(content)
            hash.update(data: Array("\(label)\n\(content.count)\n".utf8))
            hash.update(data: content)
        }
        for name in describingFiles {
            if let bytes = try? folder.bytes(name) { add(name, bytes) }
        }
        for digest in weights.digests { add("weights", digest.utf8) }
        add("prompt", prefix.utf8)
        add("length", "\(maximumLength)".utf8)
        add("storage", options.storage.rawValue.utf8)
        return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
