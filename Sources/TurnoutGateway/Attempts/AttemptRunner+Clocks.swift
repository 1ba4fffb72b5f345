import NIOCore
import TurnoutProviders

/// Watches the limits; the plan says what follows when one has passed.
extension AttemptRunner {
    /// How long a stream that has given its reason to stop may take to end: its caller has all of it.
    static let settling = Duration.milliseconds(250)
    /// The same where the caller still waits for the usage.
    static let settlingWithUsage = Duration.seconds(2)
    /// How long the pace of a stream is measured before it is judged.
    static let paceWindow = Duration.seconds(10)

    /// When a limit may have passed.
    func nextDue() -> Duration? {
        var due = pauseEnd
        func consider(_ time: Duration) { due = due.map { min($0, time) } ?? time }
        if isChainLimited { consider(arrival + chain) }
        for number in live.indices where plan.attempts[number].isRunning {
            if let finished = live[number].finished {
                consider(finished + settling(number))
            } else {
                forEachLimit(of: number) { _, time in consider(time) }
            }
        }
        return due
    }

    /// Tells the plan of every limit that has passed.
    func expire() {
        let now = surroundings.clock.now
        if isChainLimited, now >= arrival + chain {
            for number in plan.running { note(number, AttemptFailure(.silent), "it gave no answer in time") }
            return apply(.chainExpired)
        }
        if let end = pauseEnd, now >= end {
            pauseEnd = nil
            apply(.waited)
        }
        for number in plan.running where plan.attempts[number].isRunning {
            if let finished = live[number].finished {
                if now >= finished + settling(number) { endStream(number) }
                continue
            }
            var passed: AttemptPlan.Clock?
            forEachLimit(of: number) { clock, time in
                if passed == nil, now >= time { passed = clock }
            }
            if let passed { expire(number, passed) } else { restartWindow(number, now: now) }
        }
    }

    private func expire(_ number: Int, _ clock: AttemptPlan.Clock) {
        switch clock {
        // Whether it did badly is known when somebody else is faster, or takes its place.
        case .slow: break
        case .patience: note(number, AttemptFailure(.silent), "it said nothing in time")
        case .betweenTokens: note(number, AttemptFailure(.silent), "it fell silent")
        case .total: note(number, AttemptFailure(.tooSlow), "it was too slow")
        }
        apply(.expired(number, clock))
    }

    /// Until an answer has begun, and while one that broke is being taken up.
    private var isChainLimited: Bool {
        switch plan.phase {
        case .open, .waiting, .resuming: true
        case .ready, .relaying, .done: false
        }
    }

    /// The limits of an attempt and when they pass, the gravest first.
    private func forEachLimit(of number: Int, _ body: (AttemptPlan.Clock, Duration) -> Void) {
        let (started, lastHeard) = (live[number].started, live[number].lastHeard)
        let limits = live[number].upstream.limits
        body(.total, started + limits.total)
        guard !live[number].hasSpoken else {
            body(.betweenTokens, lastHeard + limits.betweenTokens)
            if let pace = limits.tokensPerSecond, let window = live[number].window,
                Double(live[number].reader.contentEvents - window.events) < pace * (Self.paceWindow / .seconds(1))
            {
                body(.total, window.start + Self.paceWindow)
            }
            return
        }
        let first = wantsStream ? limits.firstToken : limits.wholeAnswer
        if plan.attempts[number].isResuming {
            // The client has the beginning and waits for the rest.
            body(.patience, started + first)
        } else if plan.attempts[number].isSlow {
            body(.patience, started + first * AttemptLimits.patience)
        } else {
            body(.slow, started + first)
        }
        if plan.attempts[number].progress == .collecting, live[number].heldBytes > 0 {
            body(.betweenTokens, lastHeard + limits.betweenTokens)
        }
    }

    private func restartWindow(_ number: Int, now: Duration) {
        guard let window = live[number].window, now >= window.start + Self.paceWindow else { return }
        live[number].window = (now, live[number].reader.contentEvents)
    }

    private func settling(_ number: Int) -> Duration {
        wantsUsage && live[number].reader.usage == nil ? Self.settlingWithUsage : Self.settling
    }
}
