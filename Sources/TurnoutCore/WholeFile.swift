#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Writes files so that nobody ever sees half of one.
package enum WholeFile {
    /// Writes a file: first aside, then, once it is safely on the disk, by a rename over `path`.
    ///
    /// A reader sees the old file or the new one, never a part of one. After a failure nothing is left behind.
    ///
    /// - Throws: ``TurnoutError`` with code `.io`.
    /// - Complexity: O(bytes)
    package static func write(_ bytes: [UInt8], to path: String) throws {
        try write(to: path) { append in try bytes.withUnsafeBytes(append) }
    }

    /// Makes sure, before long work, that a file can be written when it is done.
    ///
    /// - Throws: ``TurnoutError`` with code `.io` for a folder or a device, and for a folder that is not there or may not
    ///   be written to.
    package static func check(_ path: String) throws {
        guard !path.isEmpty else { throw TurnoutError(.io, "the path of a file to write is empty; give one") }
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw TurnoutError(
                .io, "'\(path)' is a folder or a device and would be replaced; give the path of a file")
        }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "."
        guard access(String(folder), W_OK | X_OK) == 0 else { throw unwritable(path, errno) }
    }

    /// Writes a file piece by piece: first aside, then, once it is safely on the disk, by a rename over `path`.
    ///
    /// - Parameters:
    ///   - path: Where it goes.
    ///   - pieces: Receives what appends a piece.
    /// - Throws: ``TurnoutError`` with code `.io`, and what `pieces` throws.
    /// - Complexity: O(bytes)
    package static func write(
        to path: String, pieces: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        try check(path)
        let aside = "\(path).\(getpid()).\(UInt64.random(in: 0 ... .max)).partial"
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw unwritable(path, errno) }
        do {
            defer { close(descriptor) }
            try pieces { bytes in
                var written = 0
                while written < bytes.count {
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                    let count = systemWrite(descriptor, rest)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { throw unwritable(path, errno) }
                    written += count
                }
            }
            guard fsync(descriptor) == 0 else { throw unwritable(path, errno) }
        } catch {
            unlink(aside)
            throw error
        }
        guard rename(aside, path) == 0 else {
            let code = errno
            unlink(aside)
            throw unwritable(path, code)
        }
    }

    /// Removes what processes that were killed while they wrote `path` left beside it.
    ///
    /// What a running process writes stays. Call it before this process writes to `path`.
    ///
    /// - Complexity: O(files in the folder)
    package static func removeLeftovers(of path: String) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { path[...$0] } ?? "./"
        let prefix = slash.map { path[path.index(after: $0)...] } ?? path[...]
        guard let listing = opendir(String(folder)) else { return }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            // A record is only as long as its name: the array of the type may reach beyond it.
            guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { continue }
            let name = String(
                cString: UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self))
            guard name.hasPrefix("\(prefix)."), name.hasSuffix(".partial") else { continue }
            let parts = name.dropFirst(prefix.count + 1).dropLast(".partial".count).split(separator: ".")
            guard parts.count == 2, let writer = pid_t(parts[0]), writer > 0, UInt64(parts[1]) != nil else { continue }
            // Numbers of processes come again, in containers always the same ones: our own is that of a dead one, too.
            guard writer == getpid() || kill(writer, 0) != 0 && errno == ESRCH else { continue }
            unlink("\(folder)\(name)")
        }
    }

    private static func unwritable(_ path: String, _ code: Int32) -> TurnoutError {
        let reason = String(cString: strerror(code))
        return TurnoutError(
            .io, "'\(path)' cannot be written: \(reason); check the folder, its permissions and free space")
    }
}

/// The system's `write`, whose bare name would mean the method above.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
