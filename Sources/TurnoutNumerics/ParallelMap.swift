import Dispatch
import Synchronization

/// Results that several threads write to, each to its own slot.
///
/// Sendable unchecked, because every slot is written by exactly one call of the body and read only after
/// `concurrentPerform` has returned.
private struct Slots<Element>: @unchecked Sendable {
    let buffer: UnsafeMutableBufferPointer<Element?>
}

/// Computes `body(0), …, body(count - 1)` on several threads and returns the results in order.
///
/// Each result is made by one call on one thread, so that nothing depends on how many threads there are.
///
/// - Parameters:
///   - count: How many results.
///   - threads: The most threads to use at a time; 1 runs on the caller's.
///   - body: Makes one result; must be safe to call from several threads.
/// - Returns: The results in the order of their numbers.
package func parallelMap<Element: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (Int) -> Element
) -> [Element] {
    guard threads > 1, count > 1 else { return (0..<count).map(body) }
    let slots = Slots(buffer: UnsafeMutableBufferPointer<Element?>.allocate(capacity: count))
    slots.buffer.initialize(repeating: nil)
    defer {
        slots.buffer.deinitialize()
        slots.buffer.deallocate()
    }
    let claimed = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
        while true {
            let index = claimed.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            slots.buffer[index] = body(index)
        }
    }
    return slots.buffer.compactMap { $0 }
}
