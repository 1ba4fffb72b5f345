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

    /// Encodes many texts; shape `[texts.count, dimension]`, in the order given.
    func encode(_ texts: [String]) -> Matrix
}

extension TextEncoder {
    /// Encodes one text after the other.
    public func encode(_ texts: [String]) -> Matrix {
        var storage: [Float] = []
        storage.reserveCapacity(texts.count * dimension)
        for text in texts { storage.append(contentsOf: encode(text)) }
        return Matrix(rows: texts.count, columns: dimension, storage: storage)
    }
}
