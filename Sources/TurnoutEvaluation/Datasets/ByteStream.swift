import CZlib
import Foundation
import TurnoutCore

/// The bytes of a file in order, decompressed when they are gzip.
///
/// Whether they are is told from the first two bytes, not from the name. Memory stays at one buffer.
final class ByteStream {
    /// The file's name without its folder, for messages.
    let name: String
    private let file: gzFile
    private var buffer = [UInt8](repeating: 0, count: 256 * 1024)

    /// Opens a file.
    ///
    /// - Throws: ``TurnoutError`` with code `.io`.
    init(path: String) throws {
        self.name = URL(fileURLWithPath: path).lastPathComponent
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw TurnoutError(.io, "\(path): no such file; check the path given with --data")
        }
        guard !isFolder.boolValue else {
            throw TurnoutError(.io, "\(path): a folder, not a file; name the files in it")
        }
        guard let file = gzopen(path, "rb") else {
            throw TurnoutError(
                .io, "\(path): cannot be opened (\(String(cString: strerror(errno)))); check its permissions")
        }
        self.file = file
        gzbuffer(file, 256 * 1024)
    }

    deinit { gzclose(file) }

    /// Calls `body` with the next bytes; returns `false` at the end of the file.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData` when the compressed data is damaged or cut short.
    func read(_ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws -> Bool {
        let count = buffer.withUnsafeMutableBytes { gzread(file, $0.baseAddress, UInt32($0.count)) }
        var status: Int32 = 0
        let explanation = gzerror(file, &status).map { String(cString: $0) } ?? ""
        guard count >= 0, status == Z_OK || status == Z_STREAM_END else {
            throw TurnoutError(
                .invalidData,
                "\(name): the compressed data is damaged or cut short (\(explanation)); download or compress it again")
        }
        guard count > 0 else { return false }
        try buffer.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[..<Int(count)])) }
        return true
    }
}
