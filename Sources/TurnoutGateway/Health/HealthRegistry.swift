import Synchronization
package import TurnoutCore
package import TurnoutRouting

/// What the gateway knows of the health of models and providers, from the requests that it has made.
package final class HealthRegistry: Sendable {
    /// One model, or one provider.
    package struct Entry: Sendable, Hashable {
        /// Keeps requests away while it fails.
        package internal(set) var breaker = Breaker()
        /// Until when the provider asks to be left alone.
        package internal(set) var pausedUntil: Duration?
        /// Attempts that were answered.
        package internal(set) var successes = 0
        /// Attempts that failed.
        package internal(set) var failures = 0
        /// What went wrong last.
        package internal(set) var lastFailure: AttemptFailure?
        /// Events in streams that were not JSON.
        package internal(set) var malformedEvents = 0
        /// How fast it has been.
        package internal(set) var speed = LiveSpeed()
    }

    /// A candidate in the order in which it should be asked.
    struct Standing: Sendable, Hashable {
        let index: Int
        let pause: Duration?
        let isLastResort: Bool
    }

    struct State {
        var models: [ModelID: Entry] = [:]
        var providers: [String: Entry] = [:]
    }

    let state = Mutex(State())

    /// Nothing known.
    package init() {}

    /// What is known of a model.
    package func entry(model: ModelID) -> Entry { state.withLock { $0.models[model] ?? Entry() } }

    /// What is known of a provider.
    package func entry(provider: String) -> Entry { state.withLock { $0.providers[provider] ?? Entry() } }

    /// Orders candidates: those that are well first, then those that want to be left alone, then the one that is not
    /// well and could be tried soonest, as a last resort.
    ///
    /// The first of all candidates is asked in any case when the pause of its breaker is over, since somebody has to
    /// find out.
    func order(_ candidates: [Upstream], now: Duration) -> [Standing] {
        state.withLock { state in
            // The usual case: nothing has ever failed.
            var well: [Standing] = []
            var paused: [Standing] = []
            var ill: (index: Int, remaining: Duration)?
            for (index, candidate) in candidates.enumerated() {
                let model = state.models[candidate.model]
                let provider = state.providers[candidate.provider]
                let breakers = [model?.breaker, provider?.breaker].compactMap { $0 }.filter { !$0.isClosed }
                let pause = max(model?.pausedUntil ?? .zero, provider?.pausedUntil ?? .zero) - now
                let isProbe =
                    index == 0 && pause <= .zero && !breakers.isEmpty
                    && breakers.allSatisfy { $0.allowsProbe(now: now) }
                if isProbe {
                    state.models[candidate.model]?.breaker.probeIfOpen(now: now)
                    state.providers[candidate.provider]?.breaker.probeIfOpen(now: now)
                }
                if !breakers.isEmpty, !isProbe {
                    let remaining = max(breakers.map { $0.remaining(now: now) }.max() ?? .zero, pause)
                    if ill.map({ remaining < $0.remaining }) ?? true { ill = (index, remaining) }
                } else if pause > .zero {
                    paused.append(Standing(index: index, pause: pause, isLastResort: false))
                } else {
                    well.append(Standing(index: index, pause: nil, isLastResort: isProbe && candidates.count > 1))
                }
            }
            paused.sort { ($0.pause ?? .zero) < ($1.pause ?? .zero) }
            return well + paused + (ill.map { [Standing(index: $0.index, pause: nil, isLastResort: true)] } ?? [])
        }
    }

    /// Notes that a model was asked for a stream.
    func asked(_ upstream: Upstream, now: Duration) {
        state.withLock { $0.models[upstream.model, default: Entry()].speed.asked(at: now) }
    }

    /// Notes that a model has begun to answer.
    func answered(_ upstream: Upstream, firstToken: Duration?, now: Duration) {
        change(upstream) { entry in
            entry.successes += 1
            entry.breaker.succeed()
            if let firstToken { entry.speed.began(askedAt: now - firstToken, at: now) }
        }
    }

    /// Notes that nobody waits any more for the first token of a stream.
    func stopped(_ upstream: Upstream, askedAt start: Duration, now: Duration) {
        state.withLock { $0.models[upstream.model]?.speed.stopped(askedAt: start, at: now) }
    }

    /// Notes a piece of a stream.
    func heard(_ upstream: Upstream, tokens: Int, in duration: Duration, now: Duration) {
        state.withLock {
            $0.models[upstream.model, default: Entry()].speed.heard(tokens: tokens, in: duration, at: now)
        }
    }

    /// Notes a failure, as far as it says anything about the model or its provider.
    func failed(_ upstream: Upstream, _ failure: AttemptFailure, now: Duration) {
        let scope = failure.rule.coolDown
        state.withLock { state in
            func note(_ entry: inout Entry) {
                entry.failures += 1
                entry.lastFailure = failure
                // Whoever says how long it wants to be left alone is well otherwise.
                if let pause = failure.retryAfter {
                    entry.pausedUntil = max(entry.pausedUntil ?? .zero, now + pause)
                    entry.breaker.release(now: now)
                } else {
                    entry.breaker.fail(now: now)
                }
            }
            guard scope != .none else {
                state.models[upstream.model]?.breaker.release(now: now)
                state.providers[upstream.provider]?.breaker.release(now: now)
                return
            }
            note(&state.models[upstream.model, default: Entry()])
            if scope == .provider {
                note(&state.providers[upstream.provider, default: Entry()])
            } else {
                state.providers[upstream.provider]?.breaker.release(now: now)
            }
        }
    }

    /// Notes that an attempt has ended without saying anything about the model.
    func released(_ upstream: Upstream, now: Duration) {
        state.withLock { state in
            state.models[upstream.model]?.breaker.release(now: now)
            state.providers[upstream.provider]?.breaker.release(now: now)
        }
    }

    /// Notes that nothing is left of one of the provider's limits.
    func pause(_ upstream: Upstream, until: Duration) {
        state.withLock { $0.models[upstream.model, default: Entry()].pausedUntil = until }
    }

    /// How long a model or its provider still wants to be left alone; `nil` when it does not.
    func pause(of upstream: Upstream, now: Duration) -> Duration? {
        state.withLock { state in
            let until = [state.models[upstream.model]?.pausedUntil, state.providers[upstream.provider]?.pausedUntil]
            return until.compactMap { $0 }.map { $0 - now }.filter { $0 > .zero }.max()
        }
    }

    /// Counts events that were not JSON.
    func malformed(_ upstream: Upstream, events: Int) {
        state.withLock { $0.models[upstream.model, default: Entry()].malformedEvents += events }
    }

    private func change(_ upstream: Upstream, _ body: (inout Entry) -> Void) {
        state.withLock { state in
            body(&state.models[upstream.model, default: Entry()])
            body(&state.providers[upstream.provider, default: Entry()])
        }
    }
}

extension Breaker {
    fileprivate mutating func probeIfOpen(now: Duration) {
        if !isClosed { probe(now: now) }
    }
}
