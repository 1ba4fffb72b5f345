import Synchronization

/// Wakes requests when a limit of theirs may have passed.
///
/// One loop for all requests, because most limits never pass: a request leaves one entry here and does not touch it
/// when a token comes. When it is woken too early it says so by asking for a later time.
package final class Deadlines: Sendable {
    private struct State {
        var entries: [Int: (due: Duration, mailbox: AttemptMailbox)] = [:]
        var last = 0
        /// No entry is due before.
        var earliest = Duration.seconds(Int64.max)
        var sleeper: CheckedContinuation<Void, Never>?
    }

    /// How late a wake may be.
    private static let tick = Duration.milliseconds(20)

    private let clock: GatewayClock
    private let state = Mutex(State())

    /// - Parameter clock: Where time passes.
    package init(clock: GatewayClock) {
        self.clock = clock
    }

    /// Wakes at a time, or somewhat later, once; with an id of an earlier call, in place of that.
    func wake(_ mailbox: AttemptMailbox, at due: Duration, replacing id: Int?) -> Int {
        let (id, sleeper) = state.withLock { state in
            let key = id ?? state.last + 1
            if id == nil { state.last = key }
            state.entries[key] = (due, mailbox)
            state.earliest = min(state.earliest, due)
            defer { state.sleeper = nil }
            return (key, state.sleeper)
        }
        sleeper?.resume()
        return id
    }

    /// Forgets an entry.
    func forget(_ id: Int) {
        state.withLock { _ = $0.entries.removeValue(forKey: id) }
    }

    /// Wakes everybody whose time has come.
    package func fire() {
        let now = clock.now
        let due = state.withLock { state -> [AttemptMailbox] in
            guard now >= state.earliest else { return [] }
            let due = state.entries.filter { $0.value.due <= now }
            for id in due.keys { state.entries[id] = nil }
            state.earliest = state.entries.values.map(\.due).min() ?? .seconds(Int64.max)
            return due.values.map(\.mailbox)
        }
        for mailbox in due { mailbox.wake() }
    }

    /// Watches the clock until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let earliest = state.withLock { $0.entries.isEmpty ? nil : $0.earliest }
            if let earliest {
                try? await clock.sleep(for: min(max(earliest - clock.now, .milliseconds(1)), Self.tick))
                fire()
            } else {
                await untilThereIsSomething()
            }
        }
    }

    private func untilThereIsSomething() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { sleeper in
                let isNeeded = state.withLock { state in
                    guard state.entries.isEmpty, !Task.isCancelled else { return false }
                    state.sleeper = sleeper
                    return true
                }
                if !isNeeded { sleeper.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                defer { state.sleeper = nil }
                return state.sleeper
            }
            sleeper?.resume()
        }
    }
}
