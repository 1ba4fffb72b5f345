/// How fast a model has been lately: averages in which each new measurement counts one fifth.
///
/// An answer tells how fast a model was when it was asked, which is long ago where answers are long or slow. So streams
/// under way are measured piece by piece, and a request that still waits counts as if its first token came just now,
/// where that is later than on average: it can only become later.
package struct LiveSpeed: Sendable, Hashable {
    /// To the first token of a stream, in seconds; `nil` before the first stream.
    package private(set) var firstToken: Double?
    /// After it; `nil` before the first piece of at least ten tokens.
    package private(set) var tokensPerSecond: Double?
    /// Streams seen.
    package private(set) var samples = 0
    /// When a stream last said something.
    private var measuredAt: Duration = .zero
    /// When requests were made that wait for their first token, the longest-waiting first.
    private var waiting: [Duration] = []

    /// Tokens that a piece of a stream must have to say how fast it is.
    package static let leastTokens = 10
    /// How long a piece of a stream should be.
    package static let piece = Duration.seconds(1)
    private static let weight = 0.2
    /// Requests that count while they wait: more would hardly change the average.
    private static let mostWaiting = 16

    /// Nothing known.
    package init() {}

    /// Takes a request for a stream.
    ///
    /// - Parameter now: Time on the clock that all later times are read off.
    package mutating func asked(at now: Duration) { waiting.append(now) }

    /// Takes a stream that has begun.
    ///
    /// - Parameters:
    ///   - start: When it was asked for.
    ///   - now: Time on the same clock.
    package mutating func began(askedAt start: Duration, at now: Duration) {
        forget(start)
        samples += 1
        measuredAt = now
        firstToken = Self.mixed(firstToken, (now - start) / .seconds(1))
    }

    /// Takes a request that has ended without a first token; that it waited for long is remembered.
    ///
    /// - Parameters:
    ///   - start: When it was made.
    ///   - now: Time on the same clock.
    package mutating func stopped(askedAt start: Duration, at now: Duration) {
        guard forget(start), let average = firstToken, (now - start) / .seconds(1) > average else { return }
        measuredAt = now
        firstToken = Self.mixed(average, (now - start) / .seconds(1))
    }

    /// Takes a piece of a stream.
    ///
    /// - Parameters:
    ///   - tokens: How many came in it.
    ///   - duration: How long that took.
    ///   - now: Time on the same clock.
    package mutating func heard(tokens: Int, in duration: Duration, at now: Duration) {
        guard tokens >= Self.leastTokens, duration > .zero else { return }
        measuredAt = now
        tokensPerSecond = Self.mixed(tokensPerSecond, Double(tokens) / (duration / .seconds(1)))
    }

    /// What a decision needs of it; no speed until both have been measured.
    ///
    /// - Complexity: O(1)
    package func condition(isAvailable: Bool, at now: Duration) -> Conditions.Live {
        guard let average = firstToken, let tokensPerSecond else { return Conditions.Live(isAvailable: isAvailable) }
        let expected = waiting.prefix(Self.mostWaiting).reversed().reduce(average) { average, start in
            max(average, Self.mixed(average, (now - start) / .seconds(1)))
        }
        return Conditions.Live(
            isAvailable: isAvailable, speed: Speed(firstToken: expected, tokensPerSecond: tokensPerSecond),
            age: expected > average ? 0 : max(now - measuredAt, .zero) / .seconds(1))
    }

    @discardableResult
    private mutating func forget(_ start: Duration) -> Bool {
        guard let index = waiting.firstIndex(of: start) else { return false }
        waiting.remove(at: index)
        return true
    }

    private static func mixed(_ old: Double?, _ new: Double) -> Double {
        old.map { $0 + weight * (new - $0) } ?? new
    }
}
