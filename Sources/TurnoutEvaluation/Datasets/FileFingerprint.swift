import Crypto
import Foundation
import TurnoutCore

/// Names the exact bytes of a file.
public enum FileFingerprint {
    /// SHA-256 of a file's bytes as they lie on disk, 64 hexadecimal digits.
    ///
    /// A pipe has no bytes that could be read a second time; its fingerprint is empty.
    ///
    /// - Throws: ``TurnoutError`` with code `.io`.
    /// - Complexity: one pass, one buffer of memory.
    public static func sha256(path: String) throws -> String {
        // Looked at before it is opened: opening a pipe would wait for another writer.
        let kind = try? FileManager.default.attributesOfItem(atPath: URL(filePath: path).resolvingSymlinksInPath().path)
        if let kind, kind[.type] as? FileAttributeType != .typeRegular { return "" }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw TurnoutError(.io, "\(path): cannot be opened; check the path and its permissions")
        }
        defer { try? handle.close() }
        var hash = SHA256()
        do {
            while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty { hash.update(data: data) }
        } catch {
            throw TurnoutError(.io, "\(path): reading stopped half way; check the disk", cause: error)
        }
        return hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
