import Crypto
import TurnoutCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A folder in the layout in which Hugging Face's libraries save and cache models.
struct ModelFolder: Sendable {
    let path: String

    func path(of name: String) -> String { "\(path)/\(name)" }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(of: name)) }

    /// The bytes of a file; `nil` when there is none.
    func bytes(_ name: String) throws -> Data? {
        guard has(name) else { return nil }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path(of: name)))
        } catch {
            throw TurnoutError(.io, "'\(path(of: name))' cannot be read; check its permissions", cause: error)
        }
    }

    /// A small file decoded; `nil` when there is none.
    func json<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value? {
        guard let bytes = try bytes(name) else { return nil }
        do {
            return try JSONDecoder().decode(type, from: bytes)
        } catch {
            throw TurnoutError(
                .damagedFile, "'\(path(of: name))' is not what a file of this name should be; fetch the model again",
                cause: error)
        }
    }

    func missing(_ name: String) -> TurnoutError {
        TurnoutError(
            .io,
            "'\(path)' has no \(name), which a model folder needs; give the folder of a model, or fetch it again")
    }
}
