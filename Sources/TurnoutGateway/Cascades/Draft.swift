import NIOCore
import TurnoutProviders

/// The first answer of a cascade, which no client has seen yet, and what became of it.
struct Draft {
    /// The whole answer, or a refusal that is the answer; `nil` when there is none.
    var answer: (head: AttemptRunner.Answer, body: ByteBuffer)?
    /// Whether it goes to the client without anybody else being asked.
    var isGiven = false
    /// What the verifier says; `nil` when it says nothing.
    var score: Double?
    /// What is added to the decision's reason.
    var remark = ""
    /// How many times a candidate was asked.
    var attempts = 0
    /// The calls so far, the verifier's included.
    var records: [AttemptRecord] = []

    /// The calls so far, when nobody sees the answer.
    var discarded: [AttemptRecord] {
        records.map { record in
            var record = record
            if record.outcome == .answered { record.outcome = .escalated(score) }
            return record
        }
    }

    /// All calls, once those after it are over: the answer is given after all when nobody else has one.
    func records(before later: [AttemptRecord], isUnanswered: Bool) -> [AttemptRecord] {
        (isUnanswered ? records : discarded) + later
    }
}
