import Crypto
import TurnoutCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A folder in the layout in which Hugging Face's libraries save and cache models, or a copy of one in an artifact.
struct ModelFolder: Sendable {
    let path: String
    /// The artifact whose tensors `encoder/NAME` hold the files, and `encoder.NAME` the weights; `nil` for a folder.
    var archive: SafetensorsFile?

    func path(of name: String) -> String { "\(path)/\(name)" }

    func has(_ name: String) -> Bool {
        archive.map { $0.has("encoder/\(name)") } ?? FileManager.default.fileExists(atPath: path(of: name))
    }

    /// The bytes of a file; `nil` when there is none.
    func bytes(_ name: String) throws -> Data? {
        guard has(name) else { return nil }
        if let archive { return try archive.tensor("encoder/\(name)").withUnsafeBytes { Data($0) } }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path(of: name)))
        } catch {
            throw TurnoutError(.io, "'\(path(of: name))' cannot be read; check its permissions", cause: error)
        }
    }

    /// The bytes of a regular file that must not be large; `nil` when there is none.
    func smallFile(_ name: String, atMost limit: Int) throws -> Data? {
        // Caches keep links to files that lie elsewhere.
        let file = URL(fileURLWithPath: path(of: name)).resolvingSymlinksInPath().path
        guard let facts = try? FileManager.default.attributesOfItem(atPath: file) else { return nil }
        let size = facts[.size] as? Int ?? 0
        guard size <= limit else {
            throw TurnoutError(
                .unsupported,
                "'\(path(of: name))' has \(size) bytes, and no such file has more than \(limit); give another folder")
        }
        return try bytes(name)
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

    func onlyPickled() -> TurnoutError {
        TurnoutError(
            .unsupported,
            """
            '\(path)' has its weights in pytorch_model.bin alone, and reading such a file can run any code; choose a \
            revision with model.safetensors, or save the model anew with transformers' save_pretrained
            """)
    }

    func missing(_ name: String) -> TurnoutError {
        TurnoutError(
            .io,
            "'\(path)' has no \(name), which a model folder needs; give the folder of a model, or fetch it again")
    }
}
