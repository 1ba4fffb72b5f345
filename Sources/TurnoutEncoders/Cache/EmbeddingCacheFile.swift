import Crypto
import TurnoutCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A vector and the digest of its text, as they are stored.
struct EmbeddingRecord: Sendable {
    /// The SHA-256 of the text, 32 bytes.
    let digest: [UInt8]
    let vector: [Float]
}

/// The file of an ``EmbeddingCache``: a header, and records of one size that are only ever added at the end.
///
/// Whoever adds holds `flock`; nobody waits for it. Readers need no lock, since every record has a check sum: one
/// that is half written, or that a crash has left as zeros, is no record. What stands behind the last whole record is
/// cut off before the next ones are added.
final class EmbeddingCacheFile: Sendable {
    /// What became of records that were to be added.
    enum Outcome {
        /// The number of the first of them, and whether the file was emptied before.
        case written(first: Int, isEmptied: Bool)
        /// Another process is just writing.
        case busy
        /// The system refused.
        case failed
    }

    private static let magic = Array("TRNTEMB1".utf8)
    private static let digestCount = 32
    private static let sumCount = 8

    private let descriptor: Int32
    private let dimension: Int
    private let capacity: Int
    private let header: [UInt8]

    private var recordCount: Int { Self.digestCount + 4 * dimension + Self.sumCount }

    /// Opens `fingerprint.embeddings` in a folder, for the user alone, and makes both where they are missing.
    init(folder: String, fingerprint: String, dimension: Int, capacity: Int) throws {
        guard fingerprint.utf8.count == 64, fingerprint.utf8.allSatisfy({ $0 != UInt8(ascii: "/") }) else {
            throw TurnoutError(.invalidArgument, "an encoder's fingerprint must have 64 digits to keep its vectors")
        }
        let path = "\(folder)/\(fingerprint).embeddings"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw TurnoutError(
                .io, "the folder '\(folder)' for embeddings cannot be made; name another with --embedding-cache",
                cause: error)
        }
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw TurnoutError(
                .io, "'\(path)' cannot be opened: \(reason); name another folder with --embedding-cache")
        }
        self.dimension = dimension
        self.capacity = capacity
        let width = withUnsafeBytes(of: UInt64(dimension).littleEndian) { Array($0) }
        self.header = Self.magic + width + Array(fingerprint.utf8)
    }

    deinit { close(descriptor) }

    /// Hands over the digest of each whole record, oldest first.
    func forEachDigest(_ body: (_ number: Int, _ digest: ArraySlice<UInt8>) -> Void) {
        guard isOwn, let size = size() else { return }
        var digest = [UInt8](repeating: 0, count: Self.digestCount)
        for number in 0..<max((size - header.count) / recordCount, 0) {
            guard read(at: offset(number), into: &digest) else { return }
            body(number, digest[...])
        }
    }

    /// Copies the vector of a record; `false` when the record is not whole or of another text.
    func read(_ number: Int, digest: [UInt8], into out: UnsafeMutableBufferPointer<Float>) -> Bool {
        var bytes = [UInt8](repeating: 0, count: recordCount)
        guard read(at: offset(number), into: &bytes) else { return false }
        let content = bytes.dropLast(Self.sumCount)
        guard content.prefix(Self.digestCount).elementsEqual(digest),
            Self.sum(content).elementsEqual(bytes.suffix(Self.sumCount))
        else { return false }
        UnsafeMutableRawBufferPointer(out).copyBytes(from: content.dropFirst(Self.digestCount))
        return true
    }

    /// Adds records, all or none of them.
    func append(_ records: [EmbeddingRecord]) -> Outcome {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return errno == EWOULDBLOCK ? .busy : .failed }
        defer { flock(descriptor, LOCK_UN) }
        guard var size = size() else { return .failed }
        let isEmptied = !isOwn || size + records.count * recordCount > capacity
        if isEmptied {
            guard ftruncate(descriptor, 0) == 0, write(header, at: 0) else { return .failed }
            size = header.count
        }
        let first = (size - header.count) / recordCount
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.count * recordCount)
        for record in records {
            let content = record.digest + record.vector.withUnsafeBytes { Array($0) }
            bytes += content + Self.sum(content[...])
        }
        guard ftruncate(descriptor, off_t(offset(first))) == 0 else { return .failed }
        guard write(bytes, at: offset(first)) else {
            _ = ftruncate(descriptor, off_t(offset(first)))
            return .failed
        }
        return .written(first: first, isEmptied: isEmptied)
    }

    /// Whether the header is that of this encoder and this version.
    private var isOwn: Bool {
        var found = [UInt8](repeating: 0, count: header.count)
        return read(at: 0, into: &found) && found == header
    }

    private func offset(_ number: Int) -> Int { header.count + number * recordCount }

    private func size() -> Int? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : nil
    }

    /// Fills `bytes` from a place in the file; `false` when there are fewer.
    private func read(at offset: Int, into bytes: inout [UInt8]) -> Bool {
        bytes.withUnsafeMutableBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = pread(
                    descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }

    private func write(_ bytes: [UInt8], at offset: Int) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = pwrite(
                    descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }

    private static func sum(_ content: ArraySlice<UInt8>) -> [UInt8] {
        var hash = SHA256()
        content.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize().prefix(sumCount))
    }
}
