package import TurnoutCore
import TurnoutProviders

/// One attempt as it was: for the receipt, and for whoever pays.
package struct AttemptRecord: Sendable, Equatable {
    /// How an attempt ended.
    package enum Outcome: Sendable, Equatable {
        /// Its answer reached the client, all of it or the rest of it.
        case answered
        /// It failed.
        case failed(String)
        /// It was cancelled because another one was faster.
        case outrun
        /// It was cancelled because the client had gone.
        case clientGone
        /// Its answer was whole, but not good enough by a verifier's score; `nil` when there is none.
        case escalated(Double?)
        /// It judged another's answer, and this is the score.
        case graded(Double)
    }

    /// The model that was asked.
    package let model: ModelID
    /// Where it was asked.
    package let provider: String
    /// For an answer, for the same answer again, or for the rest of one.
    package let mode: AttemptPlan.Mode
    /// When, counted from the request's arrival.
    package let started: Duration
    /// For how long.
    package internal(set) var duration: Duration?
    /// To the first content.
    package internal(set) var firstToken: Duration?
    /// How it ended.
    package internal(set) var outcome: Outcome?
    /// What kind of failure it was, if it was one.
    package internal(set) var failure: AttemptFailure.Kind?
    /// Parts of an answer that came, whether or not they reached the client: each is a token or a few.
    package internal(set) var events = 0
    /// What the provider says it cost.
    package internal(set) var usage: TokenUsage?

    /// Whether there was an answer, so that it has cost something.
    var hasAnswered: Bool {
        switch outcome {
        case .answered, .escalated, .graded: true
        case .failed, .outrun, .clientGone, nil: false
        }
    }

    /// For a receipt.
    package var json: String {
        var fields = [
            "\"model\":\(JSONText.quoted(model.name))", "\"provider\":\(JSONText.quoted(provider))",
            "\"mode\":\"\(mode)\"", "\"started_ms\":\(Self.milliseconds(started))",
        ]
        if let duration { fields.append("\"duration_ms\":\(Self.milliseconds(duration))") }
        if let firstToken { fields.append("\"first_token_ms\":\(Self.milliseconds(firstToken))") }
        switch outcome {
        case .answered: fields.append("\"outcome\":\"answered\"")
        case .failed(let why): fields.append("\"outcome\":\"failed\",\"reason\":\(JSONText.quoted(why))")
        case .outrun: fields.append("\"outcome\":\"outrun\"")
        case .clientGone: fields.append("\"outcome\":\"client_gone\"")
        case .escalated(let score):
            fields.append("\"outcome\":\"escalated\",\"score\":\(score.map { "\($0)" } ?? "null")")
        case .graded(let score): fields.append("\"outcome\":\"graded\",\"score\":\(score)")
        case nil: fields.append("\"outcome\":null")
        }
        fields.append("\"events\":\(events)")
        if let usage {
            fields.append("\"usage\":{\"prompt_tokens\":\(usage.totalInput),\"completion_tokens\":\(usage.output)}")
        } else {
            fields.append("\"usage\":null")
        }
        return "{\(fields.joined(separator: ","))}"
    }

    private static func milliseconds(_ duration: Duration) -> Int { Int((duration / .milliseconds(1)).rounded()) }
}

/// An attempt that did not lead to an answer.
package struct FailedAttempt: Sendable, Equatable {
    /// The model that was asked.
    package let model: ModelID
    /// Where it was asked.
    package let provider: String
    /// What kind of failure it was.
    package let failure: AttemptFailure
    /// What happened, in words: the provider's own where it gave some.
    package let reason: String
}
