import TurnoutCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A lock on a file that excludes other processes, Python's among them, and other holders in this one.
///
/// It is `flock`, so that it ends with the process however that ends. On file systems that only pretend to lock, two
/// downloads may disturb each other; the checksum then refuses the result.
struct FileLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock if nobody has it.
    ///
    /// - Parameters:
    ///   - path: The file; it is made when it is not there.
    ///   - shared: Whether other holders that share are welcome.
    /// - Returns: `nil` when someone else has it.
    /// - Throws: ``TurnoutError`` with code `.io` when the file cannot be made.
    static func tryAcquire(_ path: String, shared: Bool = false) throws -> FileLock? {
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o664)
            guard descriptor >= 0 else { throw SystemFailure.last("lock", path) }
            guard flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
                let code = errno
                close(descriptor)
                if code == EWOULDBLOCK { return nil }
                if code == EINTR { continue }
                throw SystemFailure.error(code, "lock", path)
            }
            // The previous holder may have removed the file between our opening and locking it: such a lock guards no name.
            var status = stat()
            if fstat(descriptor, &status) == 0, status.st_nlink > 0 { return FileLock(descriptor: descriptor) }
            close(descriptor)
        }
    }

    /// Waits for the lock, looking again and again.
    ///
    /// - Throws: ``TurnoutError`` with code `.io` when the file cannot be made, `CancellationError`.
    static func acquire(_ path: String, shared: Bool = false, clock: any Clock<Duration>) async throws -> FileLock {
        while true {
            if let lock = try tryAcquire(path, shared: shared) { return lock }
            try await clock.sleep(for: .milliseconds(50))
        }
    }

    deinit { close(descriptor) }
}
