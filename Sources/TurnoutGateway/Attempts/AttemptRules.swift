/// How the attempts at one request may be made.
package struct AttemptRules: Sendable, Hashable {
    /// What to do when the first token is late.
    package enum Slow: String, Sendable, Hashable, CaseIterable {
        /// Ask the next candidate beside the slow one; the first content wins and the other is cancelled.
        case hedge
        /// Leave the slow one and ask the next candidate.
        case failOver = "fail_over"
        /// Keep waiting.
        case wait
    }

    /// What to do when the first token is late.
    ///
    /// Default: ``Slow/hedge``.
    package var slow = Slow.hedge
    /// Whether a stream is kept back until it is complete, so that it can always be begun anew.
    ///
    /// Default: no; tokens are passed on as they come.
    package var buffersAnswer = false
    /// Attempts at one request in all.
    ///
    /// Default: 6.
    package var budget = 6
    /// Attempts at one model for one request.
    ///
    /// Default: 3.
    package var perModel = 3
    /// The longest pause before a model is asked again, whatever its provider says.
    ///
    /// Default: 10 seconds; where a provider asks for more, the client is told instead.
    package var longestWait = Duration.seconds(10)
    /// Time for a request until its answer begins, all attempts and waits included.
    ///
    /// Default: 10 minutes, or the longest ``AttemptLimits/total`` of its candidates where that is more.
    package var chain: Duration?

    /// The defaults.
    package init() {}

    /// The pause before an accident is given a second chance.
    static let shortPause = Duration.milliseconds(100)

    /// The pause before the next attempt at a model that asked for time: at least what it asked for, else half a
    /// second, doubled each time.
    static func pause(afterAttempts count: Int, retryAfter: Duration?) -> Duration {
        max(retryAfter ?? .zero, .milliseconds(500 << min(max(count - 1, 0), 6)))
    }
}
