/// A clock on which time runs faster, so that tests of long waits are short.
public struct ScaledClock: Clock {
    /// A point in time.
    public struct Instant: InstantProtocol, Sendable {
        let elapsed: Swift.Duration

        /// The instant after a duration.
        public func advanced(by duration: Swift.Duration) -> Instant { Instant(elapsed: elapsed + duration) }

        /// The time to another instant.
        public func duration(to other: Instant) -> Swift.Duration { other.elapsed - elapsed }

        /// Earlier comes first.
        public static func < (a: Instant, b: Instant) -> Bool { a.elapsed < b.elapsed }
    }

    private let origin = ContinuousClock.now
    private let factor: Int

    /// Starts at zero.
    ///
    /// - Parameter factor: Seconds on this clock in a second; 1 for real time.
    public init(factor: Int) { self.factor = max(factor, 1) }

    /// The time since the clock was made, many times over.
    public var now: Instant { Instant(elapsed: origin.duration(to: .now) * factor) }

    /// What the system's clock can tell apart, many times over.
    public var minimumResolution: Swift.Duration { ContinuousClock().minimumResolution * factor }

    /// Waits.
    ///
    /// - Throws: `CancellationError`.
    public func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
        try await ContinuousClock().sleep(
            until: origin + deadline.elapsed / factor, tolerance: tolerance.map { $0 / factor })
    }
}
