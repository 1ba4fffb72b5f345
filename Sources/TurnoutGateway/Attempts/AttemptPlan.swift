import TurnoutProviders

/// Which model is asked when, what reaches the client, and when it ends: a state machine without input or output.
///
/// The shell reports what happened as an ``Event`` and performs the ``Action`` it gets back. Streamed and whole
/// answers go through the same states; they differ in when the answer is committed. Until then nothing has reached
/// the client, and the next candidate may be asked as if nothing had happened. Afterwards the answer is either
/// completed or openly broken off, never passed off as whole.
///
/// ```
/// ready ──▶ awaitingHead ──whole answer──▶ collecting ──end──▶ done
///                │  ▲                          │ too long
///                │  └── next candidate ◀───────┼──────────────── any failure
///                └──event stream──▶ awaitingContent ──content──▶ relaying ──end──▶ done
/// ```
package struct AttemptPlan: Sendable, Equatable {
    /// What happened.
    package enum Event: Sendable, Equatable {
        /// The request arrived and was decided.
        case begin
        /// The provider's response head is there.
        case head(status: Int, isEventStream: Bool)
        /// The first event of a stream that carries a part of the answer, or says that it is finished.
        case content
        /// The provider has reported an error of its own, in its stream or in place of a whole answer.
        case errorEvent
        /// As many bytes are held back as may be.
        case holdLimit
        /// The body ended; `complete` says whether an answer may end there.
        case end(complete: Bool)
        /// The provider could not be reached, took too long or broke off.
        case failed(Failure)
        /// The client has gone.
        case clientGone
    }

    /// What is to be done.
    package enum Action: Sendable, Equatable {
        /// Ask the candidate with this index.
        case start(Int)
        /// Read on and keep what comes back from the client.
        case hold
        /// Send the head and all that was held; relay what follows.
        case commit
        /// Relay on.
        case relay
        /// The answer is complete: send what is held, and close.
        case finish
        /// Part of the answer has been sent and the rest will not come: say so, and close.
        case breakOff(Failure)
        /// Every candidate has failed and nothing was sent: say so.
        case giveUp
        /// Drop whatever is running; there is nobody to reply to.
        case abandon
        /// Nothing: it is over.
        case ignore
    }

    /// Why an attempt failed.
    package enum Failure: Sendable, Equatable {
        /// There was no connection.
        case unreachable
        /// It took too long.
        case timedOut
        /// The connection broke.
        case connectionLost
        /// The provider answered with a status that another provider may not answer with.
        case status(Int)
        /// The provider reported an error, with a status that promised an answer.
        case errorEvent
        /// The body ended with the answer unfinished.
        case endedEarly
    }

    /// Where a request is.
    package enum Phase: Sendable, Equatable {
        /// Nothing was asked yet.
        case ready
        /// A candidate was asked.
        case awaitingHead
        /// A whole answer is being collected.
        case collecting
        /// A stream has begun, without any part of the answer so far.
        case awaitingContent
        /// The answer is being sent to the client.
        case relaying(isEventStream: Bool)
        /// It is over.
        case done
    }

    /// How many candidates there are, best first.
    package let candidateCount: Int
    /// Where the request is.
    package private(set) var phase = Phase.ready
    /// The candidate that is being asked or answers; before the first attempt, 0.
    package private(set) var candidate = 0
    /// How each attempt so far has failed.
    package private(set) var failures: [Failure] = []

    /// - Parameter candidateCount: At least one.
    package init(candidateCount: Int) {
        self.candidateCount = candidateCount
    }

    /// Attempts made so far.
    package var attemptCount: Int { phase == .ready ? 0 : candidate + 1 }

    /// Takes one event.
    package mutating func handle(_ event: Event) -> Action {
        if event == .clientGone {
            guard phase != .done else { return .ignore }
            phase = .done
            return .abandon
        }
        switch phase {
        case .ready: return handleReady(event)
        case .awaitingHead: return handleAwaitingHead(event)
        case .collecting: return handleCollecting(event)
        case .awaitingContent: return handleAwaitingContent(event)
        case .relaying: return handleRelaying(event)
        case .done: return .ignore
        }
    }

    private mutating func handleReady(_ event: Event) -> Action {
        guard event == .begin else { return .ignore }
        phase = .awaitingHead
        return .start(0)
    }

    private mutating func handleAwaitingHead(_ event: Event) -> Action {
        switch event {
        case .head(let status, _) where UpstreamResponse.isRefusal(status: status):
            return next(after: .status(status))
        case .head(let status, let isEventStream):
            phase = isEventStream && status < 300 ? .awaitingContent : .collecting
            return .hold
        case .failed(let failure):
            return next(after: failure)
        default:
            return .ignore
        }
    }

    private mutating func handleCollecting(_ event: Event) -> Action {
        switch event {
        case .end(complete: true):
            phase = .done
            return .finish
        case .holdLimit:
            phase = .relaying(isEventStream: false)
            return .commit
        case .errorEvent: return next(after: .errorEvent)
        case .end(complete: false): return next(after: .endedEarly)
        case .failed(let failure): return next(after: failure)
        default:
            return .ignore
        }
    }

    private mutating func handleAwaitingContent(_ event: Event) -> Action {
        switch event {
        case .content, .holdLimit:
            phase = .relaying(isEventStream: true)
            return .commit
        case .errorEvent: return next(after: .errorEvent)
        case .end: return next(after: .endedEarly)
        case .failed(let failure): return next(after: failure)
        default: return .ignore
        }
    }

    private mutating func handleRelaying(_ event: Event) -> Action {
        switch event {
        case .content, .errorEvent, .holdLimit:
            return .relay
        case .end(complete: true):
            phase = .done
            return .finish
        case .end(complete: false):
            phase = .done
            return .breakOff(.endedEarly)
        case .failed(let failure):
            phase = .done
            return .breakOff(failure)
        default:
            return .ignore
        }
    }

    private mutating func next(after failure: Failure) -> Action {
        failures.append(failure)
        guard candidate + 1 < candidateCount else {
            phase = .done
            return .giveUp
        }
        candidate += 1
        phase = .awaitingHead
        return .start(candidate)
    }
}
