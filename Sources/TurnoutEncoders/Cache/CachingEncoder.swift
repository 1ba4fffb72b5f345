public import TurnoutNumerics

/// An encoder that looks in a cache before it computes.
///
/// It is the encoder beneath it under every other aspect: name, fingerprint and vectors are the same.
public struct CachingEncoder: TextEncoder {
    private let base: any TextEncoder
    private let cache: EmbeddingCache

    /// Puts a cache before an encoder; the cache must have been opened for this encoder.
    public init(_ base: any TextEncoder, cache: EmbeddingCache) {
        self.base = base
        self.cache = cache
    }

    /// The name of the encoder beneath.
    public var name: String { base.name }
    /// The fingerprint of the encoder beneath.
    public var fingerprint: String { base.fingerprint }
    /// The length of every vector.
    public var dimension: Int { base.dimension }

    /// What the encoder beneath reads of a text.
    public func tokenCount(of text: String) -> TokenCount { base.tokenCount(of: text) }

    /// The vector of a text, read or computed.
    public func encode(_ text: String) -> [Float] { encode([text]).storage }

    /// The vectors of texts; those that are not in the cache are computed together and kept.
    public func encode(_ texts: [String]) -> Matrix {
        let keys = texts.map(EmbeddingCache.Key.init)
        let width = dimension
        var result = Matrix(rows: texts.count, columns: width)
        let missing = result.storage.withUnsafeMutableBufferPointer { vectors in
            keys.indices.filter { row in
                !cache.read(keys[row], into: .init(rebasing: vectors[row * width..<(row + 1) * width]))
            }
        }
        guard !missing.isEmpty else { return result }
        let computed = base.encode(missing.map { texts[$0] })
        for (row, target) in missing.enumerated() {
            result.storage.replaceSubrange(target * width..<(target + 1) * width, with: computed[row: row])
        }
        cache.store(
            missing.indices.map { EmbeddingRecord(digest: keys[missing[$0]].digest, vector: Array(computed[row: $0])) })
        return result
    }
}
