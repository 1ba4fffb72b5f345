import CTurnoutDefaults
import TurnoutCore
import TurnoutNumerics

/// A text as the weighted mean of vectors that its tokens have whatever stands around them.
///
/// Encoding is a look-up per token: microseconds, no download, and nearly as telling for routing as the transformer
/// that the vectors were taken from. Tulkens & van Dongen 2024, "Model2Vec"; weights after Arora et al. 2017,
/// "A Simple but Tough-to-Beat Baseline for Sentence Embeddings".
///
/// The file is a safetensors file:
///
/// | tensor | kind and shape | meaning |
/// |---|---|---|
/// | `embedding` | I8 `[tokens, dimension]` | a row for each token |
/// | `scale` | F32 `[tokens]` | what a row is multiplied by, the token's weight included; 0 for tokens that do not count |
/// | `vocabulary` | U8 `[bytes]` | the tokens of an uncased WordPiece vocabulary, separated by newlines |
///
/// and its metadata has `format` (`turnout-static-encoder`), `format_version` (`1`) and `sha256`, the digest of the
/// tensors' bytes.
public struct StaticEncoder: TextEncoder {
    /// `static`.
    public let name = "static"
    /// SHA-256 of the bytes of all tensors.
    public let fingerprint: String
    /// The length of every vector; 256 in the table that is part of the binary.
    public let dimension: Int
    /// Cuts texts into the tokens of the table.
    public let tokenizer: WordPieceTokenizer
    /// What the table says of itself: its source, licence and recipe.
    public let metadata: [String: String]

    private let rows: SafetensorsTensor
    private let scales: [Float]

    /// Reads a table from a file, and computes the digest of its tensors.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when the file is not such a table or not what it was when it
    ///   was written, `.unsupported` when it was written by a later version.
    /// - Complexity: O(bytes)
    public init(file: SafetensorsFile) throws {
        let digest = file.tensorDigest()
        if let written = file.metadata["sha256"], written != digest {
            throw TurnoutError(
                .damagedFile,
                """
                '\(file.name)' is damaged: its tensors have SHA-256 \(digest.prefix(12))…, but \(written.prefix(12))… \
                when they were written; fetch it again or distil it again
                """)
        }
        try self.init(file: file, fingerprint: digest)
    }

    /// The table that is part of the binary; its rows are read where they lie.
    ///
    /// Building the index over the vocabulary takes a millisecond or two: make one encoder and share it. The fingerprint
    /// is taken from the table's metadata; that it is right is verified when the software is tested, not at each start.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when the binary was built without a table.
    /// - Complexity: O(vocabulary)
    public static func embedded() throws -> StaticEncoder {
        let file = try embeddedFile()
        return try StaticEncoder(file: file, fingerprint: file.metadata["sha256"] ?? file.tensorDigest())
    }

    /// The file of the table that is part of the binary.
    static func embeddedFile() throws -> SafetensorsFile {
        try EmbeddedFiles.file(turnout_embedded_static_encoder(), name: "the embedded static-encoder.safetensors")
    }

    private init(file: SafetensorsFile, fingerprint: String) throws {
        func unfit(_ reason: String) -> TurnoutError {
            TurnoutError(.damagedFile, "'\(file.name)' is not a static encoder's table: \(reason); distil it again")
        }
        guard file.metadata["format"] == "turnout-static-encoder" else {
            throw unfit("its metadata has no 'format' of 'turnout-static-encoder'")
        }
        guard file.metadata["format_version"] == "1" else {
            let version = file.metadata["format_version"] ?? "none"
            throw TurnoutError(
                .unsupported,
                "'\(file.name)' has format version '\(version)', and this version reads '1'; use a newer Turnout")
        }
        let rows = try file.tensor("embedding")
        let scales = try file.floats("scale")
        let vocabulary = try file.tensor("vocabulary")
        guard rows.dtype == .i8, rows.shape.count == 2, rows.shape[1] > 0 else {
            throw unfit("'embedding' is \(rows.dtype.rawValue) of shape \(rows.shape), not I8 of [tokens, dimension]")
        }
        guard vocabulary.dtype == .u8 else { throw unfit("'vocabulary' is \(vocabulary.dtype.rawValue), not U8") }
        let tokenizer = try WordPieceTokenizer(
            vocabularyLines: vocabulary.withUnsafeBytes { try WordPieceVocabulary(lines: $0) })
        guard rows.shape[0] == tokenizer.vocabularyCount, scales.count == rows.shape[0] else {
            throw unfit(
                """
                it has \(rows.shape[0]) rows, \(scales.count) scales and \(tokenizer.vocabularyCount) tokens, \
                which should be the same number
                """)
        }
        guard scales.allSatisfy(\.isFinite) else { throw unfit("a scale is not finite") }
        self.fingerprint = fingerprint
        self.dimension = rows.shape[1]
        self.tokenizer = tokenizer
        self.metadata = file.metadata
        self.rows = rows
        self.scales = scales
    }

    /// Encodes one text: a vector of length 1, or zeros when none of its tokens counts.
    ///
    /// - Complexity: O(bytes + tokens · ``dimension``); every token counts, however long the text.
    public func encode(_ text: String) -> [Float] {
        var text = text
        return text.withUTF8 { encode(utf8: $0) }
    }

    /// The number of tokens of a text; every one is read.
    ///
    /// - Complexity: O(bytes)
    public func tokenCount(of text: String) -> TokenCount {
        var text = text
        var count = 0
        text.withUTF8 { bytes in tokenizer.forEachToken(inUTF8: bytes) { _ in count += 1 } }
        return TokenCount(count)
    }

    /// Encodes a text given as UTF-8; what is not well-formed counts as U+FFFD.
    ///
    /// - Complexity: as ``encode(_:)-(String)``
    public func encode(utf8 text: UnsafeBufferPointer<UInt8>) -> [Float] {
        let dimension = dimension
        return [Float](unsafeUninitializedCapacity: dimension) { sum, count in
            sum.initialize(repeating: 0)
            count = dimension
            guard let sum = sum.baseAddress else { return }
            rows.withUnsafeBytes { table in
                guard let table = table.baseAddress?.assumingMemoryBound(to: Int8.self) else { return }
                scales.withUnsafeBufferPointer { scales in
                    tokenizer.forEachToken(inUTF8: text) { id in
                        let scale = scales[Int(id)]
                        if scale != 0 { Self.add(table + Int(id) &* dimension, times: scale, to: sum, dimension) }
                    }
                }
            }
            Self.normalise(UnsafeMutableBufferPointer(start: sum, count: dimension))
        }
    }

    /// Adds a row times a scale to a sum.
    ///
    /// The loop is plain, so that the compiler makes vector code of it for any processor.
    @inline(__always)
    private static func add(
        _ row: UnsafePointer<Int8>, times scale: Float, to sum: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        var j = 0
        while j < count {
            sum[j] += scale * Float(row[j])
            j &+= 1
        }
    }

    /// Divides by the length, which also turns the sum into the mean; leaves zeros where there is no length.
    private static func normalise(_ vector: UnsafeMutableBufferPointer<Float>) {
        let length = dot(UnsafeBufferPointer(vector), UnsafeBufferPointer(vector)).squareRoot()
        let factor = length > 0 && length.isFinite ? 1 / length : 0
        for j in vector.indices { vector[j] *= factor }
        if !length.isFinite { vector.update(repeating: 0) }
    }
}
