/// Time as the gateway sees it: since it was started, never backwards.
package struct GatewayClock: Sendable {
    private let elapsed: @Sendable () -> Duration
    private let pause: @Sendable (Duration) async throws -> Void

    /// Reads a clock from now on.
    package init<Source: Clock<Duration>>(_ clock: Source = ContinuousClock()) {
        let origin = clock.now
        elapsed = { origin.duration(to: clock.now) }
        pause = { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) }
    }

    /// Time since the gateway was started.
    package var now: Duration { elapsed() }

    /// Waits.
    ///
    /// - Throws: `CancellationError`.
    package func sleep(for duration: Duration) async throws { try await pause(duration) }
}
