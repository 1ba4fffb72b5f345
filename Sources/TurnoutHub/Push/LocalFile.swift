import Crypto
import Foundation
import TurnoutCore

/// A file on this machine that is to be sent, and its checksums.
struct LocalFile: Sendable, Equatable {
    /// Where its bytes are.
    enum Source: Sendable, Equatable {
        case path(String)
        /// A small file that was made for the push.
        case bytes([UInt8])
    }

    /// Its path in the model, with slashes.
    let name: String
    let source: Source
    let size: Int64
    /// SHA-256 of the bytes.
    let sha256: String
    /// What git calls the content.
    let gitSHA1: String
    /// The first bytes, by which the hub tells text from the rest.
    let sample: [UInt8]

    static let blockSize = 1 << 20

    /// Reads a file once, from its start to its end.
    init(name: String, source: Source) throws {
        var (sha256, git, sample, size) = (SHA256(), Insecure.SHA1(), [UInt8](), Int64(0))
        let length = try Self.size(source)
        git.update(data: Array("blob \(length)\0".utf8))
        var blocks = try Self.blocks(source, from: 0, count: length)
        while let block = try blocks.next() {
            sha256.update(data: block)
            git.update(data: block)
            if sample.count < 512 { sample += block.prefix(512 - sample.count) }
            size += Int64(block.count)
        }
        self.name = name
        self.source = source
        self.size = size
        self.sha256 = Hexadecimal.text(sha256.finalize())
        self.gitSHA1 = Hexadecimal.text(git.finalize())
        self.sample = sample
    }

    /// The name that the hub gives the content.
    func oid(isLarge: Bool) -> String { isLarge ? sha256 : gitSHA1 }

    /// A part of the bytes, block by block.
    func blocks(from start: Int64, count: Int64) throws -> Blocks { try Self.blocks(source, from: start, count: count) }

    /// All bytes of a small file.
    func bytes() throws -> [UInt8] {
        var (all, blocks) = ([UInt8](), try blocks(from: 0, count: size))
        while let block = try blocks.next() { all += block }
        return all
    }

    private static func size(_ source: Source) throws -> Int64 {
        switch source {
        case .bytes(let bytes): return Int64(bytes.count)
        case .path(let path):
            guard let size = FileSize.of(path) else { throw unreadable(path) }
            return size
        }
    }

    private static func blocks(_ source: Source, from start: Int64, count: Int64) throws -> Blocks {
        switch source {
        case .bytes(let bytes): return Blocks(rest: Array(bytes[Int(start)..<Int(start + count)]), path: "", left: 0)
        case .path(let path):
            guard let handle = FileHandle(forReadingAtPath: path) else { throw unreadable(path) }
            try handle.seek(toOffset: UInt64(start))
            return Blocks(handle: handle, path: path, left: count)
        }
    }

    private static func unreadable(_ path: String) -> TurnoutError {
        TurnoutError(.io, "'\(path)' cannot be read; check that it is there and its permissions")
    }

    /// Bytes of a file, a block at a time.
    struct Blocks {
        var handle: FileHandle?
        var rest: [UInt8]?
        let path: String
        var left: Int64

        init(handle: FileHandle? = nil, rest: [UInt8]? = nil, path: String, left: Int64) {
            (self.handle, self.rest, self.path, self.left) = (handle, rest, path, left)
        }

        mutating func next() throws -> [UInt8]? {
            if let bytes = rest {
                rest = nil
                return bytes.isEmpty ? nil : bytes
            }
            guard let handle, left > 0 else { return nil }
            guard let data = try handle.read(upToCount: Int(min(left, Int64(LocalFile.blockSize)))), !data.isEmpty
            else {
                throw TurnoutError(
                    .io, "'\(path)' became shorter while it was read; push again when nothing writes to it")
            }
            left -= Int64(data.count)
            return [UInt8](data)
        }
    }
}

extension LocalFile {
    /// The files of a folder that are pushed: all but hidden ones and unfinished ones, by name.
    ///
    /// - Throws: ``TurnoutError`` with code `.io` for a folder that cannot be read, `.invalidData` for an empty one, too
    ///   many files, or a name that other systems could not keep.
    static func paths(in folder: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
            let walk = FileManager.default.enumerator(atPath: folder)
        else { throw TurnoutError(.io, "'\(folder)' is no folder that can be read; give the folder of a model") }
        var names: [String] = []
        for case let name as String in walk {
            let isHidden = name.split(separator: "/").contains { $0.hasPrefix(".") }
            guard !isHidden, !name.hasSuffix(".partial"), FileSize.of("\(folder)/\(name)") != nil else { continue }
            guard SafePath.isSafe(name) else {
                throw TurnoutError(
                    .invalidData, "\(Printable(name)) is a name that not every system can keep; rename it")
            }
            names.append(name)
            guard names.count <= 10_000 else {
                throw TurnoutError(.invalidData, "'\(folder)' has more than 10000 files; give the folder of one model")
            }
        }
        guard !names.isEmpty else {
            throw TurnoutError(.invalidData, "'\(folder)' has no files; give the folder of a model")
        }
        return names.sorted()
    }
}
