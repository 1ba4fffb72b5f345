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
    private var isAtStart = true

    /// Formats that are told from their first bytes and are not read here, and what turns them into one that is.
    private static let foreign: [(start: [UInt8], remedy: String)] = [
        (
            Array("PAR1".utf8),
            "a Parquet file; write it as JSON lines (in pandas: to_json(…, orient='records', lines=True))"
        ),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd; decompress it (zstd -d) or use gzip"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "compressed with xz; decompress it (xz -d) or use gzip"),
        (Array("BZh".utf8), "compressed with bzip2; decompress it (bzip2 -d) or use gzip"),
        ([0x50, 0x4B, 0x03, 0x04], "a zip archive or a spreadsheet; name the text file in it (unzip), or export CSV"),
        ([0xFF, 0xFE], "UTF-16; convert it (iconv -f UTF-16 -t UTF-8)"),
        ([0xFE, 0xFF], "UTF-16; convert it (iconv -f UTF-16 -t UTF-8)"),
    ]

    /// Opens a file.
    ///
    /// - Throws: ``TurnoutError`` with code `.io`.
    init(path: String) throws {
        self.name = URL(fileURLWithPath: path).lastPathComponent
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw TurnoutError(.io, "\(path): no such file; check the path")
        }
        guard !isFolder.boolValue else {
            throw TurnoutError(.io, "\(path): a folder, not a file; name the files in it")
        }
        guard let file = gzopen(path, "rb") else {
            throw TurnoutError(
                .io, "\(path): cannot be opened (\(String(cString: strerror(errno)))); check its permissions")
        }
        gzbuffer(file, 256 * 1024)
        self.file = file
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
        if isAtStart {
            isAtStart = false
            if let found = Self.foreign.first(where: { buffer[..<Int(count)].starts(with: $0.start) }) {
                throw TurnoutError(.invalidData, "\(name): \(found.remedy)")
            }
        }
        try buffer.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[..<Int(count)])) }
        return true
    }
}
