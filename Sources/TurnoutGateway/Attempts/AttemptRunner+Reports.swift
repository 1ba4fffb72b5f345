import HTTPTypes
import NIOCore
import TurnoutCore
import TurnoutProviders
import TurnoutRouting

/// Turns what attempts report into events of the plan.
extension AttemptRunner {
    func take(_ report: AttemptReport, from number: Int) {
        switch report {
        case .head(let status, let headers, let isStream):
            live[number].status = status
            live[number].headers = headers
            live[number].isStream = isStream
            live[number].lastHeard = surroundings.clock.now
            if let pause = RetryAfter.exhausted(headers, now: surroundings.date()) {
                surroundings.health.pause(live[number].upstream, until: surroundings.clock.now + pause)
            }
            apply(.head(number, isStream: isStream))
        case .chunk(let chunk):
            if live[number].isStream { takeStreamed(chunk, number) } else { takeWhole(chunk, number) }
        case .end:
            if live[number].isStream { endStream(number) } else { endWhole(number) }
        case .refused(let status, let headers, let body):
            live[number].status = status
            live[number].headers = headers
            live[number].held = [body]
            let failure = ErrorClassifier.refusal(
                status: status, headers: headers, body: body, now: surroundings.date())
            fail(number, failure, "status \(status)\(words(of: ProviderError(body), failure))")
        case .failed(let failure):
            // A finished answer is whole, however its connection ends.
            if live[number].finished != nil { return endStream(number) }
            fail(number, ErrorClassifier.transport(failure), failure.message)
        }
    }

    /// Ends an attempt that did not do well.
    func fail(_ number: Int, _ failure: AttemptFailure, _ reason: String) {
        note(number, failure, reason)
        live[number].task.cancel()
        apply(.failed(number, failure))
    }

    /// Writes down why an attempt did not do well, and what that says about its model.
    func note(_ number: Int, _ failure: AttemptFailure, _ reason: String) {
        let now = surroundings.clock.now
        let upstream = live[number].upstream
        stopAwaiting(number)
        failures.append(
            FailedAttempt(model: upstream.model, provider: upstream.provider, failure: failure, reason: reason))
        live[number].record.outcome = .failed(reason)
        live[number].record.failure = failure.kind
        live[number].record.duration = now - live[number].started
        surroundings.health.failed(upstream, failure, now: now)
    }

    // MARK: Streams

    private func takeStreamed(_ chunk: ByteBuffer, _ number: Int) {
        let before = live[number].reader.contentEvents
        if let ready = live[number].reader.push(chunk) { live[number].hold(ready) }
        if live[number].reader.contentEvents > before {
            live[number].lastHeard = surroundings.clock.now
            notePace(of: number, isLast: false)
        }
        passOnStreamed(number)
        guard plan.attempts[number].isRunning else { return }
        // Asked for one by one: a copy of the reader would take hold of all that it remembers, for every token.
        if live[number].reader.hasDiverged {
            fail(number, AttemptFailure(.diverged), "its answer is not the one that was begun")
        } else if let error = live[number].reader.error {
            let failure = ErrorClassifier.inPlaceOfAnswer(error)
            fail(number, failure, "it reported an error in its stream" + words(of: error, failure))
        } else if live[number].reader.isOverlong || live[number].heldBytes > LiveAttempt.holdLimit {
            fail(number, AttemptFailure(.malformed), "its stream holds more than can be kept back")
        } else if live[number].reader.isFinished, live[number].finished == nil {
            live[number].finished = surroundings.clock.now
        }
    }

    /// Tells the plan of what is new in a stream, so that it goes where it belongs.
    private func passOnStreamed(_ number: Int) {
        if !live[number].hasSpoken, live[number].reader.contentEvents > 0 || live[number].reader.isFinished {
            speak(number)
            apply(.content(number))
        }
        switch plan.phase {
        case .relaying(number):
            if !live[number].reader.isSpliceable { apply(.unspliceable) }
            if !live[number].held.isEmpty {
                live[number].heldBytes = 0
                apply(.chunk(number))
            }
        case .resuming(number) where !live[number].reader.isCatchingUp && !live[number].reader.hasDiverged:
            live[number].heldBytes = 0
            apply(.caughtUp(number))
            if !live[number].reader.isSpliceable { apply(.unspliceable) }
        default:
            break
        }
    }

    func endStream(_ number: Int) {
        if let rest = live[number].reader.end() { live[number].hold(rest) }
        passOnStreamed(number)
        guard plan.attempts[number].isRunning else { return }
        if let error = live[number].reader.error {
            return fail(number, ErrorClassifier.inPlaceOfAnswer(error), "it reported an error in its stream")
        }
        guard live[number].reader.isFinished else {
            let isOther = live[number].reader.isCatchingUp
            return fail(
                number, AttemptFailure(isOther ? .diverged : .endedEarly),
                isOther ? "its answer is shorter than the one that was begun" : "its stream ended unfinished")
        }
        // Kept back, the stream is a body like any other.
        if case .open = plan.phase, !live[number].reader.isDone {
            live[number].hold(ByteBuffer(string: "data: [DONE]\n\n"))
        }
        apply(.end(number))
    }

    private func speak(_ number: Int) {
        live[number].hasSpoken = true
        let now = surroundings.clock.now
        let firstToken = now - live[number].started
        live[number].record.firstToken = firstToken
        live[number].window = (now, live[number].reader.contentEvents)
        live[number].piece = LiveAttempt.Piece(start: now, events: live[number].reader.contentEvents, isFirst: true)
        live[number].isAwaited = false
        surroundings.health.answered(live[number].upstream, firstToken: firstToken, now: now)
    }

    /// Tells how fast the latest piece of a stream was, unless its reader was slow and it had to wait.
    ///
    /// A piece that waited for more than a tenth of its time says nothing, nor does the next one, in which what had piled
    /// up comes at once. What is left at the end says something only where there was nothing before it.
    func notePace(of number: Int, isLast: Bool) {
        guard let piece = live[number].piece else { return }
        let (now, events) = (live[number].lastHeard, live[number].reader.contentEvents)
        let (tokens, duration) = (events - piece.events, now - piece.start)
        let isWhole = tokens >= LiveSpeed.leastTokens && duration >= LiveSpeed.piece
        guard isWhole || (isLast && piece.isFirst) else { return }
        let isDelayed = piece.delay > duration / 10
        live[number].piece = LiveAttempt.Piece(start: now, events: events, isBacklog: isDelayed)
        guard !isDelayed, !piece.isBacklog else { return }
        surroundings.health.heard(live[number].upstream, tokens: tokens, in: duration, now: now)
    }

    /// Tells that the first token of an attempt will not be waited for any longer.
    func stopAwaiting(_ number: Int) {
        guard live[number].isAwaited else { return }
        live[number].isAwaited = false
        surroundings.health.stopped(
            live[number].upstream, askedAt: live[number].started, now: surroundings.clock.now)
    }

    /// What the provider said, but for words about a key, which may hold part of it.
    private func words(of error: ProviderError, _ failure: AttemptFailure) -> String {
        failure.kind == .unauthorized ? "" : error.message.map { ": \($0)" } ?? ""
    }

    // MARK: Whole answers

    private func takeWhole(_ chunk: ByteBuffer, _ number: Int) {
        live[number].lastHeard = surroundings.clock.now
        live[number].hold(chunk)
        if case .relaying(number) = plan.phase { return apply(.chunk(number)) }
        guard live[number].heldBytes > LiveAttempt.holdLimit else { return }
        live[number].hasSpoken = true
        stopAwaiting(number)
        apply(.content(number))
    }

    private func endWhole(_ number: Int) {
        if case .relaying(number) = plan.phase { return apply(.end(number)) }
        let body = live[number].takeHeld()
        live[number].hold(body)
        guard let answer = body.withUnsafeReadableBytes({ try? ChatChunk($0) }) else {
            let what = body.readableBytes == 0 ? "its answer is empty" : "its answer is not whole JSON"
            return fail(number, AttemptFailure(.malformed), what)
        }
        guard !answer.isError else {
            let error = ProviderError(body)
            let failure = ErrorClassifier.inPlaceOfAnswer(error)
            return fail(number, failure, "it reported an error in place of an answer" + words(of: error, failure))
        }
        guard !plan.attempts[number].isResuming else {
            return fail(number, AttemptFailure(.diverged), "its answer is no stream")
        }
        live[number].hasSpoken = true
        stopAwaiting(number)
        live[number].record.usage = answer.usage
        surroundings.health.answered(live[number].upstream, firstToken: nil, now: surroundings.clock.now)
        apply(.end(number))
    }
}

extension AttemptPlan.Attempt {
    /// Whether it takes an answer up that is partly with the client.
    var isResuming: Bool { mode != .fresh }
}
