/// Which model is asked when, what reaches the client, and when it ends: a state machine without input or output.
///
/// The shell reports what happened as an ``Event`` and performs the ``Action``s it gets back. Streamed and whole
/// answers go through the same states; they differ in when the answer is committed. Until then nothing has reached
/// the client, and other candidates may be asked as if nothing had happened. Afterwards the answer is completed by
/// the same attempt or by one that takes its place, or openly broken off, never passed off as whole.
///
/// At most two attempts are under way at once, and at most one of them reaches the client.
///
/// ```
/// ready ─▶ open ◀─▶ waiting          nothing was sent
///           │ first content
///           ▼
///       relaying ◀─▶ resuming        part of the answer was sent
///           │            │
///           └──▶ done ◀──┘           exactly one terminal action was given
/// ```
/// Every transition is listed in `docs/attempts.md`.
package struct AttemptPlan: Sendable, Hashable {
    /// A model that may be asked.
    package struct Candidate: Sendable, Hashable {
        /// Whether it goes on with an answer that another has begun, when it is given the beginning.
        package var takesPrefill = false
        /// Tokens that it can take; `nil` when that is not known.
        package var contextWindow: Int?
        /// How long its provider still wants to be left alone.
        package var pause: Duration?
        /// Whether it is asked although it is not well, because nobody else is; so once only.
        package var isLastResort = false

        /// Describes a candidate.
        package init(
            takesPrefill: Bool = false, contextWindow: Int? = nil, pause: Duration? = nil, isLastResort: Bool = false
        ) {
            self.takesPrefill = takesPrefill
            self.contextWindow = contextWindow
            self.pause = pause
            self.isLastResort = isLastResort
        }
    }

    /// How a candidate is asked.
    package enum Mode: Sendable, Hashable {
        /// For an answer, with nothing sent to the client yet.
        case fresh
        /// For the same answer again; what the client has of it is withheld.
        case resume
        /// To go on after what the client has.
        case prefill
    }

    /// A limit that has passed.
    package enum Clock: Sendable, Hashable, CaseIterable {
        /// The first token of a stream, or a whole answer, is late: others may be asked.
        case slow
        /// It is so late that there is no hope.
        case patience
        /// Nothing came for too long after something had.
        case betweenTokens
        /// Tokens come too slowly, or the attempt takes too long in all.
        case total
    }

    /// What happened; attempts are numbered in the order in which they were started.
    package enum Event: Sendable, Hashable {
        /// The request arrived and was decided.
        case begin
        /// A provider's response head is there and promises an answer.
        case head(Int, isStream: Bool)
        /// The first part of an answer is there, or more of a whole one than can be held.
        case content(Int)
        /// More of a stream is there.
        case chunk(Int)
        /// An attempt that resumes has said all that the client has, and more.
        case caughtUp(Int)
        /// The answer is complete.
        case end(Int)
        /// The attempt has failed; what runs of it is over.
        case failed(Int, AttemptFailure)
        /// A limit of the attempt has passed.
        case expired(Int, Clock)
        /// The pause asked for by ``Action/wait(_:)`` is over.
        case waited
        /// The time for the whole request has passed.
        case chainExpired
        /// The answer holds what cannot be taken up by another attempt, such as tool calls.
        case unspliceable
        /// The client has gone.
        case clientGone
    }

    /// What is to be done, in order.
    package enum Action: Sendable, Hashable {
        /// Start the attempt with this number.
        case start(Int, candidate: Int, Mode)
        /// Cancel an attempt; what it still reports is to be dropped.
        case cancel(Int)
        /// Wait, then report ``Event/waited``.
        case wait(Duration)
        /// Send the head and all that was held of this attempt.
        case commit(Int)
        /// Send on.
        case relay(Int)
        /// Terminal: send the answer of this attempt, which is complete.
        case reply(Int)
        /// Terminal: the answer that was being sent is complete.
        case finish
        /// Terminal: send the provider's own refusal.
        case passOn(Int)
        /// Terminal: part of the answer was sent and the rest will not come; say so.
        case breakOff
        /// Terminal: nothing was sent and nobody is left to ask; say so.
        case giveUp
        /// Terminal: there is nobody to reply to.
        case abandon

        /// Whether it ends the request.
        package var isTerminal: Bool {
            switch self {
            case .reply, .finish, .passOn, .breakOff, .giveUp, .abandon: true
            case .start, .cancel, .wait, .commit, .relay: false
            }
        }
    }

    /// Where the request is.
    package enum Phase: Sendable, Hashable {
        /// Nothing was asked yet.
        case ready
        /// Attempts are under way and nothing was sent.
        case open
        /// Nothing is under way; this candidate is asked after the pause.
        case waiting(candidate: Int)
        /// The answer of this attempt is being sent.
        case relaying(Int)
        /// The answer broke; this attempt is to take it up.
        case resuming(Int)
        /// It is over.
        case done
    }

    /// Where an attempt is.
    package enum Progress: Sendable, Hashable {
        /// The provider was asked.
        case asked
        /// A stream has begun, without any part of the answer.
        case opening
        /// A whole answer is coming, or a stream that is kept back has content.
        case collecting
        /// Content is coming in.
        case speaking
        /// It is over.
        case over
    }

    /// One question to one model.
    package struct Attempt: Sendable, Hashable {
        /// Who is asked.
        package let candidate: Int
        /// For what.
        package let mode: Mode
        /// Where it is.
        package internal(set) var progress = Progress.asked
        /// Whether ``Clock/slow`` has passed.
        package internal(set) var isSlow = false

        /// Whether it is under way.
        package var isRunning: Bool { progress != .over }
    }

    /// What is known of a candidate from this request.
    struct Standing: Sendable, Hashable {
        var attempts = 0
        var sameModel = AttemptFailure.SameModel.once
        var retryAfter: Duration?
        var isBarred = false
        var wasResumed = false
        var wasPrefilled = false
    }

    /// Who may be asked, best first.
    package let candidates: [Candidate]
    /// How.
    package let rules: AttemptRules
    /// Where the request is.
    package internal(set) var phase = Phase.ready
    /// All attempts so far, in order.
    package internal(set) var attempts: [Attempt] = []
    var standings: [Standing]
    var isSpliceable = true
    /// The largest context window that was too small.
    var overflown: Int?

    /// Begins nothing yet.
    ///
    /// - Parameters:
    ///   - candidates: At least one, best first.
    ///   - rules: How attempts are made.
    package init(candidates: [Candidate], rules: AttemptRules = AttemptRules()) {
        self.candidates = candidates
        self.rules = rules
        self.standings = candidates.map { _ in Standing() }
    }

    /// Numbers of the attempts that are under way.
    package var running: [Int] { attempts.indices.filter { attempts[$0].isRunning } }

    /// Takes one event; an event that means nothing where the request is changes nothing.
    package mutating func handle(_ event: Event) -> [Action] {
        if event == .clientGone { return phase == .done ? [] : end(.abandon) }
        switch phase {
        case .ready: return event == .begin ? begin() : []
        case .open: return handleOpen(event)
        case .waiting(let candidate): return handleWaiting(event, candidate)
        case .relaying(let number): return handleRelaying(event, number)
        case .resuming(let number): return handleResuming(event, number)
        case .done: return []
        }
    }
}
