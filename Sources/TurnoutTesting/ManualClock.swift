import Synchronization

/// A clock that stands still until it is told to go on.
public final class ManualClock: Clock {
    /// A point in time.
    public typealias Instant = ScaledClock.Instant

    private struct State {
        var now = Swift.Duration.zero
        var last = 0
        var sleepers: [Int: (until: Swift.Duration, CheckedContinuation<Void, any Error>)] = [:]
        var waiters: [(count: Int, CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// Starts at zero.
    public init() {}

    /// Where it stands.
    public var now: Instant { Instant(elapsed: state.withLock { $0.now }) }

    /// Anything.
    public var minimumResolution: Swift.Duration { .nanoseconds(1) }

    /// Goes on, and wakes whoever's time has come.
    public func advance(by duration: Swift.Duration) {
        let due = state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.until < $1.until }.map(\.1)
        }
        for sleeper in due { sleeper.resume() }
    }

    /// Waits until so many tasks sleep on this clock.
    public func sleepers(_ count: Int) async {
        await withCheckedContinuation { waiter in
            let isThere = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.waiters.append((count, waiter))
                return false
            }
            if isThere { waiter.resume() }
        }
    }

    /// Sleeps until the clock was advanced far enough.
    ///
    /// - Throws: `CancellationError`.
    public func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
        try Task.checkCancellation()
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { sleeper in
                let (isDue, ready) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
                    guard deadline.elapsed > state.now, !Task.isCancelled else { return (true, []) }
                    state.sleepers[id] = (deadline.elapsed, sleeper)
                    let ready = state.waiters.filter { $0.count <= state.sleepers.count }.map(\.1)
                    state.waiters.removeAll { $0.count <= state.sleepers.count }
                    return (false, ready)
                }
                if isDue { sleeper.resume() }
                for waiter in ready { waiter.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.1.resume(throwing: CancellationError())
        }
    }
}
