import Foundation
import Testing

@testable import TurnoutGateway

/// The table of `docs/attempts.md` is the expectation; this is what the machine really does.
struct AttemptPlanTests {
    typealias Event = AttemptPlan.Event

    /// A place that a request can be in, by the events that lead there.
    struct Situation {
        let name: String
        var candidates = [AttemptPlan.Candidate(), AttemptPlan.Candidate()]
        var rules = AttemptRules()
        let path: [Event]
        let events: [(String, Event)]
    }

    private static let opened: [Event] = [.begin, .head(0, isStream: true)]
    private static let relaying = opened + [.content(0)]
    private static let resuming = relaying + [.failed(0, AttemptFailure(.silent)), .head(1, isStream: true)]
    private static let prefilled = [AttemptPlan.Candidate(), AttemptPlan.Candidate(takesPrefill: true)]

    static let situations = [
        Situation(name: "ready", path: [], events: [("begin", .begin), ("client gone", .clientGone)]),
        Situation(
            name: "asked",
            path: [.begin],
            events: [
                ("head of a stream or a whole answer", .head(0, isStream: true)),
                ("failed: once more on the same model", .failed(0, AttemptFailure(.serverError))),
                ("failed: asks for time", .failed(0, AttemptFailure(.rateLimited))),
                ("failed: never the same model", .failed(0, AttemptFailure(.unauthorized))),
                ("failed: the answer stands", .failed(0, AttemptFailure(.contentPolicy))),
                ("first token late", .expired(0, .slow)), ("no hope", .expired(0, .patience)),
                ("too long in all", .expired(0, .total)), ("time for the request over", .chainExpired),
                ("client gone", .clientGone),
            ]),
        Situation(
            name: "asked, `slow: fail_over`", rules: .with { $0.slow = .failOver }, path: [.begin],
            events: [("first token late", .expired(0, .slow))]),
        Situation(
            name: "asked, `slow: wait`", rules: .with { $0.slow = .wait }, path: [.begin],
            events: [("first token late", .expired(0, .slow)), ("no hope", .expired(0, .patience))]),
        Situation(
            name: "asked, nobody else", candidates: [.init()], path: [.begin],
            events: [
                ("failed: once more on the same model", .failed(0, AttemptFailure(.serverError))),
                ("failed: asks for 2 s", .failed(0, AttemptFailure(.rateLimited, retryAfter: .seconds(2)))),
                ("failed: asks for 60 s", .failed(0, AttemptFailure(.rateLimited, retryAfter: .seconds(60)))),
                ("failed: never the same model", .failed(0, AttemptFailure(.unauthorized))),
                ("first token late", .expired(0, .slow)), ("no hope", .expired(0, .patience)),
            ]),
        Situation(
            name: "asked, as a last resort", candidates: [.init(isLastResort: true)], path: [.begin],
            events: [("failed: once more on the same model", .failed(0, AttemptFailure(.serverError)))]),
        Situation(
            name: "ready, the only one wants a pause of 3 s", candidates: [.init(pause: .seconds(3))], path: [],
            events: [("begin", .begin)]),
        Situation(
            name: "asked, then too long for its window",
            candidates: [.init(contextWindow: 8), .init(contextWindow: 8), .init(contextWindow: 99)], path: [.begin],
            events: [("failed: too long", .failed(0, AttemptFailure(.contextLength)))]),
        Situation(
            name: "waiting", candidates: [.init()], path: [.begin, .failed(0, AttemptFailure(.overloaded))],
            events: [
                ("pause over", .waited), ("time for the request over", .chainExpired), ("client gone", .clientGone),
            ]),
        Situation(
            name: "opening", path: opened,
            events: [
                ("first content", .content(0)), ("failed before content", .failed(0, AttemptFailure(.endedEarly))),
                ("first token late", .expired(0, .slow)),
            ]),
        Situation(
            name: "opening, `buffer: answer`", rules: .with { $0.buffersAnswer = true }, path: opened,
            events: [("first content", .content(0))]),
        Situation(
            name: "kept back, `buffer: answer`", rules: .with { $0.buffersAnswer = true }, path: relaying,
            events: [
                ("end", .end(0)), ("failed", .failed(0, AttemptFailure(.connectionLost))),
                ("nothing between tokens", .expired(0, .betweenTokens)),
            ]),
        Situation(
            name: "collecting a whole answer", path: [.begin, .head(0, isStream: false)],
            events: [
                ("end", .end(0)), ("more than can be held", .content(0)),
                ("failed", .failed(0, AttemptFailure(.malformed))),
                ("nothing between bytes", .expired(0, .betweenTokens)),
            ]),
        Situation(
            name: "hedged: 0 slow, 1 asked", path: [.begin, .expired(0, .slow), .head(1, isStream: true)],
            events: [
                ("first content of 0", .content(0)), ("first content of 1", .content(1)),
                ("0 fails", .failed(0, AttemptFailure(.connectionLost))),
                ("1 fails", .failed(1, AttemptFailure(.serverError))), ("1 is late too", .expired(1, .slow)),
                ("client gone", .clientGone),
            ]),
        Situation(
            name: "hedged, a third candidate", candidates: [.init(), .init(), .init()],
            path: [.begin, .expired(0, .slow)],
            events: [
                ("1 fails", .failed(1, AttemptFailure(.serverError))), ("1 is late too", .expired(1, .slow)),
            ]),
        Situation(
            name: "relaying", path: relaying,
            events: [
                ("chunk", .chunk(0)), ("end", .end(0)),
                ("broke: once more on the same model", .failed(0, AttemptFailure(.connectionLost))),
                ("broke: silent", .expired(0, .betweenTokens)), ("broke: too slow", .expired(0, .total)),
                ("broke: refused content", .failed(0, AttemptFailure(.contentPolicy))),
                ("time for the request over", .chainExpired), ("client gone", .clientGone),
            ]),
        Situation(
            name: "relaying tool calls", path: relaying + [.unspliceable],
            events: [("broke", .failed(0, AttemptFailure(.connectionLost)))]),
        Situation(
            name: "relaying a whole answer", path: [.begin, .head(0, isStream: false), .content(0)],
            events: [("end", .end(0)), ("broke", .failed(0, AttemptFailure(.connectionLost)))]),
        Situation(
            name: "resuming at the other", path: resuming,
            events: [
                ("caught up", .caughtUp(1)), ("another answer", .failed(1, AttemptFailure(.diverged))),
                ("failed", .failed(1, AttemptFailure(.overloaded))), ("no first token in time", .expired(1, .patience)),
                ("time for the request over", .chainExpired), ("client gone", .clientGone),
            ]),
        Situation(
            name: "resuming, the other takes prefill", candidates: prefilled, path: resuming,
            events: [("another answer", .failed(1, AttemptFailure(.diverged)))]),
        Situation(
            name: "resumed", path: resuming + [.content(1), .caughtUp(1)],
            events: [("chunk", .chunk(1)), ("end", .end(1)), ("broke", .failed(1, AttemptFailure(.connectionLost)))]),
        Situation(
            name: "done", path: opened + [.clientGone],
            events: [("anything", .content(0)), ("client gone", .clientGone)]),
    ]

    static func table() -> String {
        var lines = ["| where | what happened | what is done |", "|---|---|---|"]
        for situation in situations {
            for (name, event) in situation.events {
                var plan = AttemptPlan(candidates: situation.candidates, rules: situation.rules)
                for step in situation.path { _ = plan.handle(step) }
                let actions = plan.handle(event).map(words).joined(separator: ", ")
                lines.append("| \(situation.name) | \(name) | \(actions.isEmpty ? "–" : actions) |")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func words(_ action: AttemptPlan.Action) -> String {
        switch action {
        case .start(_, let candidate, .fresh): "ask candidate \(candidate)"
        case .start(_, let candidate, .resume): "ask candidate \(candidate) for the same answer"
        case .start(_, let candidate, .prefill): "ask candidate \(candidate) to go on"
        case .cancel(let number): "cancel attempt \(number)"
        case .wait(let pause): "wait \(Int(pause / .milliseconds(1))) ms"
        case .commit: "send what was held"
        case .relay: "send on"
        case .reply: "**reply**"
        case .finish: "**end**"
        case .passOn: "**pass the refusal on**"
        case .breakOff: "**error event**"
        case .giveUp: "**error**"
        case .abandon: "**nothing**"
        }
    }

    @Test("the table of transitions in the guide is what the machine does")
    func documented() throws {
        let guide = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/attempts.md")
        let text = try String(contentsOf: guide, encoding: .utf8)
        let table = Self.table()
        #expect(text.contains(table), "docs/attempts.md must hold this table:\n\(table)")
    }
}

extension AttemptRules {
    static func with(_ change: (inout AttemptRules) -> Void) -> AttemptRules {
        var rules = AttemptRules()
        change(&rules)
        return rules
    }
}
