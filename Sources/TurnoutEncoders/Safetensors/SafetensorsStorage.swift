import TurnoutCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Bytes that do not change and that live as long as somebody holds this.
///
/// Unchecked, because a raw pointer is not `Sendable` by itself. It is safe: the bytes are written before `init`
/// returns and never again, and they are released in `deinit`, when nobody can read them any more.
final class SafetensorsStorage: @unchecked Sendable {
    private enum Owner { case process, mapping, allocation }

    let bytes: UnsafeRawBufferPointer
    private let owner: Owner

    /// Refers to bytes that live as long as the process.
    init(staticBytes: UnsafeRawBufferPointer) {
        self.bytes = staticBytes
        self.owner = .process
    }

    /// Copies bytes, aligned to 64.
    init(copying source: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(source.count, 1), alignment: 64)
        copy.copyBytes(from: source)
        self.bytes = UnsafeRawBufferPointer(rebasing: copy[..<source.count])
        self.owner = .allocation
    }

    /// Maps a regular file read-only; an empty one has no bytes.
    ///
    /// The file must not be shortened in place while it is mapped; files replaced by a rename are safe.
    init(mapping path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TurnoutError(.io, "'\(path)' is not a file; give the path of a .safetensors file")
        }
        let length = Int(status.st_size)
        guard length > 0 else {
            self.bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            self.owner = .process
            return
        }
        guard let start = mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw Self.unreadable(path, errno)
        }
        self.bytes = UnsafeRawBufferPointer(start: start, count: length)
        self.owner = .mapping
    }

    /// Tells the system that some bytes of a mapped file will not be read again soon, so that they leave our memory.
    ///
    /// Only whole pages are given back, and only those of a mapped file: its bytes come back when they are touched, where
    /// those of other memory would be lost.
    func releasePages(of range: Range<Int>) {
        guard owner == .mapping, !range.isEmpty else { return }
        let part = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard let start = part.baseAddress else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let first = (Int(bitPattern: start) + page - 1) / page * page
        let end = (Int(bitPattern: start) + part.count) / page * page
        guard first < end, let address = UnsafeMutableRawPointer(bitPattern: first) else { return }
        _ = madvise(address, end - first, Int32(MADV_DONTNEED))
    }

    deinit {
        guard let start = bytes.baseAddress else { return }
        switch owner {
        case .process: break
        case .mapping: munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
        case .allocation: UnsafeMutableRawPointer(mutating: start).deallocate()
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> TurnoutError {
        let reason = String(cString: strerror(code))
        return TurnoutError(.io, "'\(path)' cannot be read: \(reason); check the path and its permissions")
    }
}
