import Crypto
import Synchronization
import TurnoutCore
public import TurnoutNumerics

/// A transformer of the BERT family as an encoder of texts, from a folder in the layout of Hugging Face.
///
/// BERT (MiniLM, bge, e5, gte), RoBERTa, XLM-R and DeBERTa-v3. The rules of sentence-transformers hold: pooling and normalisation
/// from `modules.json`, the maximal length from `sentence_bert_config.json`, prompts from
/// `config_sentence_transformers.json`; where there are no such files, the mean of all tokens, not normalised.
///
/// Safe to share: any number of threads may encode at once. Load a model once, since its weights are rearranged.
/// Reimers & Gurevych 2019, "Sentence-BERT".
public struct TransformerEncoder: TextEncoder {
    /// What may be chosen when a model is loaded.
    public struct Options: Sendable {
        /// How weights are kept.
        ///
        /// Default `.float32`, the model to the bit. `.int8` is faster and four times smaller;
        /// vectors keep a cosine of .9998 with the exact ones, .9993 at worst of 2,000 prompts (MiniLM).
        public var storage: WeightStorage
        /// Threads that share the work of one call; 1 for the calling thread alone.
        ///
        /// Default 1: a server encodes many
        /// prompts at once anyway.
        public var threads: Int
        /// The name of the prompt to put before every text, such as `query`.
        ///
        /// Default `nil`: what the model's files say.
        public var prompt: String?
        /// The most tokens of a text, special ones included.
        ///
        /// Default `nil`: what the model's files say.
        public var maximumLength: Int?

        /// Sets the choices; without arguments, the defaults.
        public init(
            storage: WeightStorage = .float32, threads: Int = 1, prompt: String? = nil, maximumLength: Int? = nil
        ) {
            self.storage = storage
            self.threads = threads
            self.prompt = prompt
            self.maximumLength = maximumLength
        }
    }

    /// The name of the folder.
    public let name: String
    /// The length of every vector.
    public let dimension: Int
    /// The most tokens of a text, special ones included; what is longer loses its end.
    public let maximumLength: Int

    let loaded: LoadedTransformer

    /// Loads a model.
    ///
    /// - Parameters:
    ///   - folder: Holds `config.json`, `model.safetensors` (or shards and their index), and
    ///     `tokenizer.json`, `spm.model` or `vocab.txt`.
    ///   - options: How to load it.
    /// - Throws: `TurnoutError` with code `.io` for a file that is missing, `.damagedFile` for one that is not what it
    ///   should be, `.unsupported` for a model this version does not compute, `.invalidArgument` for an option.
    /// - Complexity: O(parameters)
    public init(folder: String, options: Options = Options()) throws {
        try self.init(folder: folder, options: options, tokenizer: nil)
    }

    /// Loads a model whose texts are cut by `tokenizer`; `nil` for the one its files describe.
    package init(
        folder: String, options: Options = Options(), tokenizer: (any Tokenizer)?, kernels: Kernels = .best
    ) throws {
        self.init(
            try LoadedTransformer(
                folder: ModelFolder(path: folder), options: options, tokenizer: tokenizer, kernels: kernels))
    }

    init(_ loaded: LoadedTransformer) {
        self.loaded = loaded
        self.name = loaded.name
        self.dimension = loaded.model.configuration.hiddenSize
        self.maximumLength = loaded.maximumLength
    }

    /// SHA-256 of the configuration, the weights, the tokenizer's files and the options that change a vector.
    ///
    /// Computed when it is first asked for, which reads the whole model once.
    public var fingerprint: String { loaded.fingerprint }

    /// The prompts that the model's files name, such as `query`.
    public var prompts: [String: String] { loaded.sentences.prompts }

    /// Encodes one text; an empty one gives zeros.
    ///
    /// - Complexity: O(tokens · parameters + tokens² · ``dimension``)
    public func encode(_ text: String) -> [Float] { encode([text]).storage }

    /// Encodes many texts; shape `[texts.count, dimension]`, in the order given.
    ///
    /// Texts of like length are computed together, and every vector is the same, bit for bit, as that of its text alone.
    ///
    /// - Complexity: as ``encode(_:)-(String)`` for each.
    public func encode(_ texts: [String]) -> Matrix {
        encode(checked: texts.map { $0.isEmpty ? [] : loaded.tokenIDs($0) })
    }

    /// The number of tokens of a text that are read, prompt and special tokens included; at most ``maximumLength``.
    ///
    /// - Complexity: O(bytes)
    public func tokenCount(of text: String) -> TokenCount {
        guard !text.isEmpty else { return TokenCount(0) }
        let count = loaded.tokenIDs(text, upTo: maximumLength + 1).count
        return TokenCount(min(count, maximumLength), isTruncated: count > maximumLength)
    }

    /// Encodes sequences of token ids, special tokens included; an empty one gives zeros.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` for an id outside the vocabulary or a sequence longer than
    ///   the model has positions.
    /// - Complexity: as ``encode(_:)-(String)`` for each.
    public func encode(tokenIDs sequences: [[Int32]]) throws -> Matrix {
        try loaded.check(sequences)
        return encode(checked: sequences)
    }

    /// The last hidden state at one place of each sequence; shape `[sequences.count, dimension]`.
    ///
    /// - Parameters:
    ///   - sequences: Token ids, special tokens included; each longer than `place`.
    ///   - place: Which token's state to return, 0 for the first.
    /// - Returns: The states, in the order of the sequences.
    /// - Throws: `TurnoutError` as ``encode(tokenIDs:)`` does.
    /// - Complexity: as ``encode(_:)-(String)`` for each.
    package func states(of sequences: [[Int32]], at place: Int) throws -> Matrix {
        precondition(sequences.allSatisfy { $0.indices.contains(place) }, "a sequence has no token \(place)")
        try loaded.check(sequences)
        var result = Matrix(rows: sequences.count, columns: dimension)
        loaded.forEachBatch(of: sequences) { batch, vectors, offsets in
            for (s, index) in batch.enumerated() {
                let state = vectors + (Int(offsets[s]) + place) * dimension
                for j in 0..<dimension { result[index, j] = state[j] }
            }
        }
        return result
    }

    /// The tokenizer where it is that of uncased BERT, and `nil` for every other one.
    package var wordPiece: WordPieceTokenizer? { loaded.wordPiece }

    /// The licence that the folder's `README.md` names at its head, as the hub's models do; `nil` where it does not.
    package var licence: String? { loaded.licence }

    private func encode(checked sequences: [[Int32]]) -> Matrix {
        var result = Matrix(rows: sequences.count, columns: dimension)
        result.storage.withUnsafeMutableBufferPointer { rows in
            loaded.forEachBatch(of: sequences) { batch, vectors, offsets in
                for (s, index) in batch.enumerated() {
                    let range = Int(offsets[s])..<Int(offsets[s + 1])
                    let row = UnsafeMutableBufferPointer(rebasing: rows[index * dimension..<(index + 1) * dimension])
                    loaded.sentences.pool(
                        UnsafeBufferPointer(
                            start: vectors + range.lowerBound * dimension, count: range.count * dimension),
                        into: row)
                }
            }
        }
        return result
    }
}
