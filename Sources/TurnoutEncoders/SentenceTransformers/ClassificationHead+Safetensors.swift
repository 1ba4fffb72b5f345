import Foundation
import TurnoutCore
import TurnoutNumerics

extension ClassificationHead {
    /// Reads `model_head.safetensors`: tensors `weight` and `bias`, remarks `classes` (JSON) and `link`.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile`.
    /// - Complexity: O(bytes)
    public init(file: SafetensorsFile) throws {
        guard file.metadata["format_version"] == "1" else {
            throw TurnoutError(
                .unsupported, "'\(file.name)' is not of version 1 of a head's format; save the head with this version")
        }
        guard let text = file.metadata["classes"],
            let names = try? JSONDecoder().decode([ClassLabel].self, from: Data(text.utf8))
        else {
            throw TurnoutError(.damagedFile, "'\(file.name)' does not name its classes; save the head again")
        }
        guard let word = file.metadata["link"], let link = Link(rawValue: word) else {
            throw TurnoutError(.damagedFile, "'\(file.name)' does not say how outputs are read; save the head again")
        }
        try self.init(classes: names, weights: file.matrix("weight"), bias: file.floats("bias"), link: link)
    }

    /// The bytes of a `model_head.safetensors`.
    ///
    /// - Throws: Never for a head that could be made.
    /// - Complexity: O(weights)
    public func safetensors() throws -> [UInt8] {
        var file = SafetensorsBuilder()
        file.metadata["format_version"] = "1"
        file.metadata["classes"] = String(decoding: try JSONEncoder().encode(classes), as: UTF8.self)
        file.metadata["link"] = link.rawValue
        try file.add("weight", matrix: weights)
        try file.add("bias", floats: bias, shape: [bias.count])
        return file.serialized()
    }
}

/// A number or a text in JSON.
extension ClassLabel: Codable {
    /// Reads a whole number or a text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .integer(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    /// Writes a number or a text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}
