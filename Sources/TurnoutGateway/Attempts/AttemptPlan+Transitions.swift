extension AttemptPlan {
    mutating func begin() -> [Action] {
        phase = .open
        return next(after: nil)
    }

    // MARK: Nothing was sent

    mutating func handleOpen(_ event: Event) -> [Action] {
        switch event {
        case .head(let number, let isStream):
            guard progress(number) == .asked else { return [] }
            attempts[number].progress = isStream ? .opening : .collecting
            return []
        case .content(let number):
            return content(number)
        case .end(let number):
            guard isRunning(number) else { return [] }
            attempts[number].progress = .over
            return end(.reply(number))
        case .failed(let number, let failure):
            guard isRunning(number) else { return [] }
            return fail(number, failure)
        case .expired(let number, let clock):
            guard isRunning(number) else { return [] }
            return expired(number, clock)
        case .chainExpired:
            return end(.giveUp)
        case .begin, .chunk, .caughtUp, .waited, .unspliceable, .clientGone:
            return []
        }
    }

    private mutating func content(_ number: Int) -> [Action] {
        guard isRunning(number), attempts[number].progress != .speaking else { return [] }
        let others = running.filter { $0 != number }
        for other in others { attempts[other].progress = .over }
        let cancels = others.map { Action.cancel($0) }
        if attempts[number].progress == .collecting { isSpliceable = false }
        attempts[number].progress = .speaking
        // A stream that is kept back can still be begun anew, so it is not committed to.
        if rules.buffersAnswer, isSpliceable { return cancels }
        phase = .relaying(number)
        return cancels + [.commit(number)]
    }

    private mutating func fail(_ number: Int, _ failure: AttemptFailure) -> [Action] {
        note(failure, of: number)
        if failure.rule.elsewhere == .never {
            return end(.passOn(number))
        }
        return next(after: attempts[number].candidate)
    }

    private mutating func expired(_ number: Int, _ clock: Clock) -> [Action] {
        switch clock {
        case .slow:
            guard !attempts[number].isSlow, attempts[number].progress != .speaking else { return [] }
            attempts[number].isSlow = true
            return slow(number)
        case .patience: return [.cancel(number)] + fail(number, AttemptFailure(.silent))
        case .betweenTokens: return [.cancel(number)] + fail(number, AttemptFailure(.silent))
        case .total: return [.cancel(number)] + fail(number, AttemptFailure(.tooSlow))
        }
    }

    /// The first token is late: a provider that is silent is never asked again for this request.
    private mutating func slow(_ number: Int) -> [Action] {
        standings[attempts[number].candidate].isBarred = true
        guard rules.slow != .wait, attempts.count < rules.budget, let candidate = untried() else { return [] }
        var actions: [Action] = []
        let crowd = running.filter { attempts[$0].isSlow }
        if rules.slow == .failOver || running.count > 1, let oldest = crowd.first {
            attempts[oldest].progress = .over
            actions.append(.cancel(oldest))
        }
        return actions + [start(candidate, .fresh)]
    }

    mutating func handleWaiting(_ event: Event, _ candidate: Int) -> [Action] {
        switch event {
        case .waited:
            phase = .open
            return [start(candidate, .fresh)]
        case .chainExpired:
            return end(.giveUp)
        default:
            return []
        }
    }

    /// Asks whoever is next; `candidate` is the one that has just failed.
    private mutating func next(after candidate: Int?) -> [Action] {
        let isFree = attempts.count < rules.budget
        // An accident is given a second chance before somebody else is asked.
        if let candidate, isFree, running.isEmpty, mayRetry(candidate, .once), standings[candidate].attempts == 1 {
            return wait(AttemptRules.shortPause, for: candidate)
        }
        if isFree, let candidate = untried() { return [start(candidate, .fresh)] }
        guard running.isEmpty else { return [] }
        guard isFree, let (candidate, pause) = leastWait() else { return end(.giveUp) }
        return wait(pause, for: candidate)
    }

    private mutating func wait(_ pause: Duration, for candidate: Int) -> [Action] {
        phase = .waiting(candidate: candidate)
        return [.wait(pause)]
    }

    /// The best candidate that was not asked yet and can be asked at once.
    private func untried() -> Int? {
        candidates.indices.first { isEligible($0) && standings[$0].attempts == 0 && candidates[$0].pause == nil }
    }

    /// The candidate that can be asked soonest, among those that want to be left alone for a while.
    private func leastWait() -> (candidate: Int, pause: Duration)? {
        var best: (candidate: Int, pause: Duration)?
        for candidate in candidates.indices where isEligible(candidate) {
            let standing = standings[candidate]
            let pause: Duration
            if standing.attempts == 0, let asked = candidates[candidate].pause {
                pause = asked
            } else if standing.attempts > 0, mayRetry(candidate, .afterWait) {
                pause = AttemptRules.pause(afterAttempts: standing.attempts, retryAfter: standing.retryAfter)
            } else {
                continue
            }
            if pause <= rules.longestWait, best.map({ pause < $0.pause }) ?? true { best = (candidate, pause) }
        }
        return best
    }

    private func mayRetry(_ candidate: Int, _ way: AttemptFailure.SameModel) -> Bool {
        let standing = standings[candidate]
        return isEligible(candidate) && standing.sameModel == way && standing.attempts < rules.perModel
            && !candidates[candidate].isLastResort
    }

    private func isEligible(_ candidate: Int) -> Bool {
        guard !standings[candidate].isBarred else { return false }
        guard let overflown, let window = candidates[candidate].contextWindow else { return true }
        return window > overflown
    }

    // MARK: Part of the answer was sent

    mutating func handleRelaying(_ event: Event, _ number: Int) -> [Action] {
        switch event {
        case .chunk(number):
            return [.relay(number)]
        case .unspliceable:
            isSpliceable = false
            return []
        case .end(number):
            attempts[number].progress = .over
            return end(.finish)
        case .failed(number, let failure):
            return broke(number, failure)
        case .expired(number, .betweenTokens):
            return [.cancel(number)] + broke(number, AttemptFailure(.silent))
        case .expired(number, .total):
            return [.cancel(number)] + broke(number, AttemptFailure(.tooSlow))
        default:
            return []
        }
    }

    mutating func handleResuming(_ event: Event, _ number: Int) -> [Action] {
        switch event {
        case .head(number, let isStream):
            guard attempts[number].progress == .asked else { return [] }
            attempts[number].progress = isStream ? .opening : .collecting
            return []
        case .content(number):
            attempts[number].progress = .speaking
            return []
        case .caughtUp(number):
            attempts[number].progress = .speaking
            phase = .relaying(number)
            for index in standings.indices { standings[index].wasResumed = false }
            return [.relay(number)]
        case .failed(number, let failure):
            note(failure, of: number)
            return resume(after: number)
        case .end(number):
            // It was over before it had said all that the client has.
            note(AttemptFailure(.diverged), of: number)
            return resume(after: number)
        case .expired(number, .patience), .expired(number, .betweenTokens):
            note(AttemptFailure(.silent), of: number)
            return [.cancel(number)] + resume(after: number)
        case .expired(number, .total):
            note(AttemptFailure(.tooSlow), of: number)
            return [.cancel(number)] + resume(after: number)
        case .chainExpired:
            return end(.breakOff)
        default:
            return []
        }
    }

    private mutating func broke(_ number: Int, _ failure: AttemptFailure) -> [Action] {
        note(failure, of: number)
        return failure.rule.elsewhere == .never ? end(.breakOff) : resume(after: number)
    }

    /// Asks for the same answer again, the model that broke off first; then for its continuation; then gives up.
    private mutating func resume(after number: Int) -> [Action] {
        guard isSpliceable, attempts.count < rules.budget else { return end(.breakOff) }
        let last = attempts[number].candidate
        let order = [last] + candidates.indices.filter { $0 != last }
        func isOpen(_ candidate: Int) -> Bool {
            isEligible(candidate) && candidates[candidate].pause == nil
                && standings[candidate].attempts < rules.perModel
        }
        if let candidate = order.first(where: {
            isOpen($0) && !standings[$0].wasResumed && (standings[$0].attempts == 0 || standings[$0].sameModel == .once)
        }) {
            standings[candidate].wasResumed = true
            return [start(candidate, .resume)]
        }
        if let candidate = candidates.indices.first(where: {
            isOpen($0) && candidates[$0].takesPrefill && !standings[$0].wasPrefilled
        }) {
            standings[candidate].wasPrefilled = true
            return [start(candidate, .prefill)]
        }
        return end(.breakOff)
    }

    // MARK: Attempts

    private mutating func start(_ candidate: Int, _ mode: Mode) -> Action {
        attempts.append(Attempt(candidate: candidate, mode: mode))
        standings[candidate].attempts += 1
        let number = attempts.count - 1
        if mode != .fresh { phase = .resuming(number) }
        return .start(number, candidate: candidate, mode)
    }

    private mutating func note(_ failure: AttemptFailure, of number: Int) {
        attempts[number].progress = .over
        let candidate = attempts[number].candidate
        standings[candidate].sameModel = failure.rule.sameModel
        standings[candidate].retryAfter = failure.retryAfter
        // Another answer than the one begun is no fault of the model: it may still go on from where the client is.
        if failure.rule.sameModel == .never, failure.kind != .diverged { standings[candidate].isBarred = true }
        if failure.kind == .contextLength, let window = candidates[candidate].contextWindow {
            overflown = max(overflown ?? 0, window)
        }
    }

    mutating func end(_ action: Action) -> [Action] {
        let cancels = running.map { Action.cancel($0) }
        for number in running { attempts[number].progress = .over }
        phase = .done
        return cancels + [action]
    }

    private func isRunning(_ number: Int) -> Bool { attempts.indices.contains(number) && attempts[number].isRunning }

    private func progress(_ number: Int) -> Progress? {
        attempts.indices.contains(number) ? attempts[number].progress : nil
    }
}
