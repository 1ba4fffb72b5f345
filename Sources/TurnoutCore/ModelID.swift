/// The name by which a model is known in a configuration, a data file or an artifact.
///
/// Names are compared as Swift compares strings; `gpt-5` and `GPT-5` are two models.
public struct ModelID: Hashable, Sendable, Codable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The name as written by the user.
    public let name: String

    /// Wraps a name as it stands.
    public init(_ name: String) { self.name = name }

    /// Wraps a literal name.
    public init(stringLiteral value: String) { self.name = value }

    /// Reads a bare JSON string.
    public init(from decoder: any Decoder) throws {
        self.name = try decoder.singleValueContainer().decode(String.self)
    }

    /// Writes a bare JSON string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }

    /// The name itself.
    public var description: String { name }

    /// Orders names by their Unicode scalar values, so that output is the same on every system.
    public static func < (a: ModelID, b: ModelID) -> Bool {
        a.name.unicodeScalars.lexicographicallyPrecedes(b.name.unicodeScalars)
    }
}
