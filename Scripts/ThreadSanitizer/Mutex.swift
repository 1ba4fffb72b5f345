import Foundation

/// Stands in for `Synchronization.Mutex` under ThreadSanitizer, which does not see that a futex orders anything.
///
/// `Scripts/thread-sanitizer.sh` puts it into each module that uses a mutex. A copy of a mutex is the same mutex here,
/// which the compiler forbids of the real one.
///
/// `@unchecked Sendable`: the value is touched only while the lock is held.
package final class Mutex<Value>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var value: Value

    /// Guards a value.
    package init(_ value: consuming sending Value) {
        self.value = value
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Runs something while nobody else holds the lock.
    package func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value)
    }
}
