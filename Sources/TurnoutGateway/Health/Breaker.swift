/// Keeps requests from a model or provider that fails: closed, open, or half-open with one probe at a time.
///
/// Three failures in a row open it for five seconds; each probe that fails doubles that, up to twenty. So whoever
/// comes back is in use again within half a minute, and whoever does not is asked three times a minute.
package struct Breaker: Sendable, Hashable {
    /// Where it is.
    package enum State: Sendable, Hashable {
        /// Requests pass.
        case closed
        /// Nobody asks until then.
        case open(until: Duration)
        /// One request tries.
        case probing(since: Duration)
    }

    /// Failures in a row that open it.
    package static let threshold = 3
    /// The first pause.
    package static let firstPause = Duration.seconds(5)
    /// The longest pause.
    package static let longestPause = Duration.seconds(20)
    /// After this long a probe that says nothing does not keep others from trying.
    package static let probePatience = Duration.seconds(60)

    /// Where it is.
    package private(set) var state = State.closed
    /// Failures since the last success.
    package private(set) var failures = 0
    private var pause = firstPause

    /// Closed.
    package init() {}

    /// Whether requests pass.
    package var isClosed: Bool { state == .closed }

    /// Whether a request may try now: the pause is over and nobody else tries.
    package func allowsProbe(now: Duration) -> Bool {
        switch state {
        case .closed: false
        case .open(let until): now >= until
        case .probing(let since): now >= since + Self.probePatience
        }
    }

    /// How long until a request may try; nothing when it may.
    package func remaining(now: Duration) -> Duration {
        switch state {
        case .closed: .zero
        case .open(let until): max(until - now, .zero)
        case .probing: .zero
        }
    }

    /// Notes that a request tries.
    package mutating func probe(now: Duration) { state = .probing(since: now) }

    /// Notes an answer.
    package mutating func succeed() { self = Breaker() }

    /// Notes a failure.
    package mutating func fail(now: Duration) {
        failures += 1
        switch state {
        case .closed where failures >= Self.threshold:
            state = .open(until: now + pause)
        case .closed, .open:
            break
        case .probing:
            pause = min(pause * 2, Self.longestPause)
            state = .open(until: now + pause)
        }
    }

    /// Notes that a request has ended without saying anything about the model.
    package mutating func release(now: Duration) {
        if case .probing = state { state = .open(until: now) }
    }
}
