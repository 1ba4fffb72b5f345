/// How fast a model has been lately: averages in which each new answer counts one fifth.
package struct LiveSpeed: Sendable, Hashable {
    /// To the first token of a stream, in seconds; `nil` before the first stream.
    package private(set) var firstToken: Double?
    /// After it; `nil` before the first stream of at least ten tokens.
    package private(set) var tokensPerSecond: Double?
    /// Streams seen.
    package private(set) var samples = 0
    /// When a stream last said something.
    private var measuredAt: Duration = .zero

    private static let weight = 0.2

    /// Nothing known.
    package init() {}

    /// Takes a stream that has begun.
    ///
    /// - Parameters:
    ///   - firstToken: How long it took to.
    ///   - now: Time on the clock that all later times are read off.
    package mutating func began(after firstToken: Duration, at now: Duration) {
        samples += 1
        measuredAt = now
        self.firstToken = Self.mixed(self.firstToken, firstToken / .seconds(1))
    }

    /// Takes a stream that has ended well.
    ///
    /// - Parameters:
    ///   - tokens: How many came after the first.
    ///   - duration: From the first to the last.
    ///   - now: Time on the same clock.
    package mutating func ended(tokens: Int, in duration: Duration, at now: Duration) {
        guard tokens >= 10, duration > .zero else { return }
        measuredAt = now
        tokensPerSecond = Self.mixed(tokensPerSecond, Double(tokens) / (duration / .seconds(1)))
    }

    /// What a decision needs of it; no speed until both have been measured.
    package func condition(isAvailable: Bool, at now: Duration) -> Conditions.Live {
        guard let firstToken, let tokensPerSecond else { return Conditions.Live(isAvailable: isAvailable) }
        return Conditions.Live(
            isAvailable: isAvailable, speed: Speed(firstToken: firstToken, tokensPerSecond: tokensPerSecond),
            age: max(now - measuredAt, .zero) / .seconds(1))
    }

    private static func mixed(_ old: Double?, _ new: Double) -> Double {
        old.map { $0 + weight * (new - $0) } ?? new
    }
}
