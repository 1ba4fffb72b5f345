/// How fast a model has been lately: averages in which each new answer counts one fifth.
package struct LiveSpeed: Sendable, Hashable {
    /// To the first token of a stream, in seconds; `nil` before the first stream.
    package private(set) var firstToken: Double?
    /// After it; `nil` before the first stream of at least ten tokens.
    package private(set) var tokensPerSecond: Double?
    /// Streams seen.
    package private(set) var samples = 0

    private static let weight = 0.2

    /// Nothing known.
    package init() {}

    /// Takes a stream that has begun.
    package mutating func began(after firstToken: Duration) {
        samples += 1
        self.firstToken = Self.mixed(self.firstToken, firstToken / .seconds(1))
    }

    /// Takes a stream that has ended well.
    ///
    /// - Parameters:
    ///   - tokens: How many came after the first.
    ///   - duration: From the first to the last.
    package mutating func ended(tokens: Int, in duration: Duration) {
        guard tokens >= 10, duration > .zero else { return }
        tokensPerSecond = Self.mixed(tokensPerSecond, Double(tokens) / (duration / .seconds(1)))
    }

    private static func mixed(_ old: Double?, _ new: Double) -> Double {
        old.map { $0 + weight * (new - $0) } ?? new
    }
}
