public import TurnoutNumerics

/// Turns a text into a vector of fixed length.
///
/// Encoders are pure: the same text gives the same vector, bit for bit, on every call and thread.
public protocol TextEncoder: Sendable {
    /// The name by which artifacts and people call it, such as `static`.
    var name: String { get }
    /// SHA-256 of what determines its output, 64 hexadecimal digits. An artifact trained on one
    /// fingerprint refuses an encoder with another.
    var fingerprint: String { get }
    /// The length of every vector it makes.
    var dimension: Int { get }

    /// Encodes one text. An empty text gives a vector of zeros.
    func encode(_ text: String) -> [Float]

    /// How many tokens of a text count towards its vector.
    ///
    /// Default: estimated, a token for every four bytes.
    func tokenCount(of text: String) -> TokenCount

    /// Encodes many texts; shape `[texts.count, dimension]`, in the order given.
    func encode(_ texts: [String]) -> Matrix
}

/// How much of a text an encoder reads.
public struct TokenCount: Sendable, Equatable {
    /// Tokens that are read, special ones included.
    public let count: Int
    /// Whether the text is longer than the encoder reads, so that its end is left out.
    public let isTruncated: Bool

    /// States how much is read.
    public init(_ count: Int, isTruncated: Bool = false) {
        self.count = count
        self.isTruncated = isTruncated
    }
}

extension TextEncoder {
    /// A token for every four bytes, the usual rule of thumb for English; nothing is left out.
    public func tokenCount(of text: String) -> TokenCount { TokenCount((text.utf8.count + 3) / 4) }

    /// Encodes one text after the other.
    public func encode(_ texts: [String]) -> Matrix {
        var storage: [Float] = []
        storage.reserveCapacity(texts.count * dimension)
        for text in texts { storage.append(contentsOf: encode(text)) }
        return Matrix(rows: texts.count, columns: dimension, storage: storage)
    }
}
