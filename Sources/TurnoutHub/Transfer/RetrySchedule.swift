/// How often and how soon to try again.
///
/// Pure: the clock and the dice are the caller's.
struct RetrySchedule: Sendable {
    /// Failures in a row after which to give up; progress starts the count anew.
    let limit: Int
    /// Half a second, doubled each time, at most this.
    private let longest: Duration = .seconds(20)
    private(set) var failures = 0

    init(limit: Int = 5) { self.limit = limit }

    /// Notes that something was achieved.
    mutating func progressed() { failures = 0 }

    /// Notes one more failure.
    ///
    /// - Parameters:
    ///   - random: Uniform in 0 ..< 1; spreads the pause over its upper half, so that many clients do not return at once.
    ///   - notBefore: The least the hub asks for.
    /// - Returns: How long to wait; `nil` to give up.
    mutating func pause(random: Double, notBefore: Duration?) -> Duration? {
        failures += 1
        guard failures < limit else { return nil }
        let full = min(longest, .milliseconds(500) * (1 << (failures - 1)))
        return max(full * (0.5 + random / 2), notBefore ?? .zero)
    }
}

/// The outside world of a download, passed in so that tests neither wait nor gamble.
package struct TransferEnvironment: Sendable {
    /// Where waiting happens.
    package var clock: any Clock<Duration>
    /// Uniform in 0 ..< 1.
    package var random: @Sendable () -> Double
    /// How many bytes can still be written to the disk of a folder; `nil` when the system does not say.
    package var freeBytes: @Sendable (_ folder: String) -> Int64?

    /// The real world, unless something else is given.
    package init(
        clock: any Clock<Duration> = ContinuousClock(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        freeBytes: @escaping @Sendable (_ folder: String) -> Int64? = FreeSpace.bytes
    ) {
        self.clock = clock
        self.random = random
        self.freeBytes = freeBytes
    }
}
