import NIOCore
import TurnoutCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A download in progress, written at its end.
struct PartialFile: ~Copyable {
    let path: String
    private let descriptor: Int32

    /// Opens what there is, or makes an empty file.
    ///
    /// - Throws: ``TurnoutError`` with code `.io`.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o666)
        if descriptor < 0 { throw SystemFailure.last("write", path) }
    }

    deinit { close(descriptor) }

    /// How many bytes there are.
    func size() throws -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemFailure.last("read", path) }
        return Int64(status.st_size)
    }

    /// Adds bytes at the end.
    func append(_ bytes: ByteBuffer) throws {
        try bytes.withUnsafeReadableBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
                if count < 0 {
                    if errno == EINTR { continue }
                    throw SystemFailure.last("write", path)
                }
                written += count
            }
        }
    }

    /// Forgets all bytes.
    func empty() throws {
        guard ftruncate(descriptor, 0) == 0 else { throw SystemFailure.last("write", path) }
    }

    /// Hands the bytes, up to a mebibyte at a time, to a closure, from the start to the end.
    func read(_ body: (UnsafeRawBufferPointer) -> Void) async throws {
        let capacity = 1 << 20
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
        defer { buffer.deallocate() }
        var offset: off_t = 0
        while true {
            let count = pread(descriptor, buffer.baseAddress, capacity, offset)
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemFailure.last("read", path)
            }
            if count == 0 { return }
            body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += off_t(count)
            // A long file must not keep a thread from the other downloads, nor outlive a cancelled task.
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Makes the bytes last and moves them to their final name, all or nothing.
    func commit(to destination: String) throws {
        guard fsync(descriptor) == 0 else { throw SystemFailure.last("write", path) }
        guard rename(path, destination) == 0 else { throw SystemFailure.last("write", destination) }
        DurableFolder.sync(of: destination)
    }
}

/// Makes a change of names in a folder last.
enum DurableFolder {
    /// Asks for it; a file system that cannot do that is no reason to fail.
    static func sync(of path: String) {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
