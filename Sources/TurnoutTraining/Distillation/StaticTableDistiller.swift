public import TurnoutCore
public import TurnoutEncoders
import TurnoutNumerics

/// Makes the table of a ``StaticEncoder`` from a transformer.
///
/// 1. The transformer reads `[CLS] token [SEP]` for each token of its vocabulary; the token's vector is the last
///    hidden state at the token.
/// 2. The vectors are turned onto their first principal axes.
/// 3. Each is weighted by how rare its token is; ``StaticEncoder`` then takes the weighted mean over a text.
/// 4. Rows are stored as 8-bit integers with a scale each; the weight is part of the scale.
///
/// Tulkens & van Dongen 2024, "Model2Vec". What was compared before the first and third step were settled is in
/// `docs/experiments.md`.
public struct StaticTableDistiller: Sendable {
    /// What may be chosen.
    public struct Options: Sendable {
        /// The length of the table's vectors, from 1 to that of the transformer's; 256 unless set.
        public var dimensions = 256
        /// What the table says it was made from; the encoder's name unless set.
        public var modelName: String?
        /// The licence that the table says the transformer has; what the transformer's folder says unless set.
        public var licence: String?
        /// The most threads to use beside those of the encoder; the table is the same with any number.
        public var threads = 1

        /// All defaults.
        public init() {}
    }

    /// A table that was made.
    public struct Table: Sendable {
        /// The file, ready to be written.
        public let file: SafetensorsBuilder
        /// SHA-256 of its tensors, the fingerprint of the encoder that reads it.
        public let fingerprint: String
        /// Rows of the table.
        public let tokens: Int
        /// The share of the variance of the transformer's vectors that the axes keep, 0 to 1.
        public let keptVariance: Double
        /// The licence on the file's card; `nil` where neither the options nor the transformer's folder name one.
        public let licence: String?
    }

    /// What was chosen.
    public var options: Options

    /// Takes the choices.
    public init(options: Options = Options()) { self.options = options }

    /// Tokens that are read between two reports of progress.
    private static let block = 1024

    /// Makes the table.
    ///
    /// - Parameters:
    ///   - encoder: The transformer; its texts must be cut as those of uncased BERT are.
    ///   - progress: Is told how far it has come.
    /// - Returns: The table.
    /// - Throws: ``TurnoutError``: `.unsupported` for another way of cutting texts, `.invalidArgument` for a dimension
    ///   that is out of range.
    /// - Complexity: O(vocabulary · parameters + vocabulary · dimension²)
    public func distil(_ encoder: TransformerEncoder, progress: TrainingProgress.Handler? = nil) throws -> Table {
        let tokenizer = try wordPiece(of: encoder)
        guard (1...encoder.dimension).contains(options.dimensions) else {
            throw TurnoutError(
                .invalidArgument,
                """
                '\(encoder.name)' has vectors of \(encoder.dimension) dimensions, of which the table cannot have \
                \(options.dimensions); choose from 1 to \(encoder.dimension)
                """)
        }
        let vectors = try tokenVectors(encoder, tokenizer, progress)
        progress?(TrainingProgress(stage: .fitting, completed: 0, total: 1))
        let axes = PrincipalAxes(of: vectors, count: options.dimensions, threads: options.threads)
        let weights = TokenWeights.weights(of: (0..<vectors.rows).map { tokenizer.token(of: Int32($0)) ?? "" })
        let (rows, scales) = Self.quantised(axes.coordinates(of: vectors, threads: options.threads), weights)
        var file = SafetensorsBuilder()
        try file.add("embedding", int8: rows, shape: [vectors.rows, options.dimensions])
        try file.add("scale", floats: scales, shape: [vectors.rows])
        try file.add("vocabulary", bytes: tokenizer.vocabularyLines)
        let fingerprint = try SafetensorsFile(bytes: file.serialized(), name: "the table").tensorDigest()
        let licence = options.licence ?? encoder.licence
        file.metadata = metadata(encoder, fingerprint: fingerprint, licence: licence)
        return Table(
            file: file, fingerprint: fingerprint, tokens: vectors.rows, keptVariance: axes.keptVariance,
            licence: licence)
    }

    private func wordPiece(of encoder: TransformerEncoder) throws -> WordPieceTokenizer {
        guard let tokenizer = encoder.wordPiece else {
            throw TurnoutError(
                .unsupported,
                """
                '\(encoder.name)' does not cut texts as uncased BERT does, which is the only way the static encoder \
                knows; choose a model with BERT's uncased WordPiece vocabulary, such as \
                sentence-transformers/all-MiniLM-L6-v2
                """)
        }
        return tokenizer
    }

    /// The last hidden state at each token between the opening and the closing one; shape `[tokens, hidden]`.
    private func tokenVectors(
        _ encoder: TransformerEncoder, _ tokenizer: WordPieceTokenizer, _ progress: TrainingProgress.Handler?
    ) throws -> Matrix {
        guard let opening = tokenizer.specialTokens.classification, let closing = tokenizer.specialTokens.separator
        else {
            throw TurnoutError(
                .damagedFile, "the vocabulary of '\(encoder.name)' lacks [CLS] or [SEP]; fetch the model again")
        }
        let count = tokenizer.vocabularyCount
        var vectors: [Float] = []
        vectors.reserveCapacity(count * encoder.dimension)
        for first in stride(from: 0, to: count, by: Self.block) {
            progress?(TrainingProgress(stage: .encoding, completed: first, total: count))
            let ids = first..<min(first + Self.block, count)
            vectors += try encoder.states(of: ids.map { [opening, Int32($0), closing] }, at: 1).storage
        }
        guard vectors.allSatisfy(\.isFinite) else {
            throw TurnoutError(
                .damagedFile,
                "'\(encoder.name)' gives numbers that are not finite; its weights are damaged, fetch the model again")
        }
        return Matrix(rows: count, columns: encoder.dimension, storage: vectors)
    }

    /// Rows as 8-bit integers, and what each is multiplied by; the mean square length is 1 before the weights.
    private static func quantised(_ vectors: Matrix, _ weights: [Double]) -> (rows: [Int8], scales: [Float]) {
        let squares = vectors.storage.reduce(0.0) { $0 + Double($1) * Double($1) }
        let length = (squares / Double(vectors.rows)).squareRoot()
        let unit = length > 0 ? 1 / length : 1
        var rows: [Int8] = []
        var scales: [Float] = []
        rows.reserveCapacity(vectors.storage.count)
        for row in 0..<vectors.rows {
            let values = vectors[row: row].map { Double($0) * unit }
            let step = max(values.reduce(0) { max($0, abs($1)) }, 1e-9) / 127
            scales.append(Float(step * weights[row]))
            rows += values.map { weights[row] > 0 ? Int8(($0 / step).rounded(.toNearestOrEven)) : 0 }
        }
        return (rows, scales)
    }

    private func metadata(
        _ encoder: TransformerEncoder, fingerprint: String, licence: String?
    ) -> [String: String] {
        var metadata = [
            "format": "turnout-static-encoder", "format_version": "1", "sha256": fingerprint,
            "source_model": options.modelName ?? encoder.name, "source_sha256": encoder.fingerprint,
            "software": "turnout \(turnoutVersion)",
            "recipe": """
            last hidden state at the token in [CLS] token [SEP]; centred; PCA \(options.dimensions); weight a/(a+p), \
            a=\(TokenWeights.a), p by Zipf over the vocabulary, \(TokenWeights.characterFrequency) for characters; \
            int8 with a scale a row
            """,
        ]
        metadata["licence"] = licence
        return metadata
    }
}
