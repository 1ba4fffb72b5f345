import Testing

@testable import TurnoutGateway

struct AttemptPlanTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let steps: [(AttemptPlan.Event, AttemptPlan.Action)]
        var testDescription: String { name }

        init(_ name: String, _ steps: [(AttemptPlan.Event, AttemptPlan.Action)]) {
            self.name = name
            self.steps = steps
        }
    }

    private static let streamHead = AttemptPlan.Event.head(status: 200, isEventStream: true)
    private static let wholeHead = AttemptPlan.Event.head(status: 200, isEventStream: false)

    /// With two candidates.
    static let rows = [
        Row("a whole answer", [(.begin, .start(0)), (wholeHead, .hold), (.end(complete: true), .finish)]),
        Row(
            "a stream",
            [(.begin, .start(0)), (streamHead, .hold), (.content, .commit), (.end(complete: true), .finish)]),
        Row(
            "unreachable, then answered",
            [
                (.begin, .start(0)), (.failed(.unreachable), .start(1)), (wholeHead, .hold),
                (.end(complete: true), .finish),
            ]),
        Row(
            "429, then answered",
            [
                (.begin, .start(0)), (.head(status: 429, isEventStream: false), .start(1)), (streamHead, .hold),
                (.content, .commit),
            ]),
        Row(
            "500, then timeout",
            [(.begin, .start(0)), (.head(status: 500, isEventStream: false), .start(1)), (.failed(.timedOut), .giveUp)]),
        Row(
            "503 with an event stream is still a refusal",
            [(.begin, .start(0)), (.head(status: 503, isEventStream: true), .start(1))]),
        Row(
            "other 4xx are answers",
            [(.begin, .start(0)), (.head(status: 400, isEventStream: false), .hold), (.end(complete: true), .finish)]),
        Row(
            "a 4xx that dies is no answer",
            [
                (.begin, .start(0)), (.head(status: 404, isEventStream: false), .hold),
                (.failed(.connectionLost), .start(1)),
            ]),
        Row(
            "a stream cut before content",
            [(.begin, .start(0)), (streamHead, .hold), (.end(complete: false), .start(1))]),
        Row(
            "a stream done before content",
            [(.begin, .start(0)), (streamHead, .hold), (.end(complete: true), .start(1))]),
        Row("an error before content", [(.begin, .start(0)), (streamHead, .hold), (.errorEvent, .start(1))]),
        Row(
            "a whole answer that dies",
            [(.begin, .start(0)), (wholeHead, .hold), (.failed(.connectionLost), .start(1))]),
        Row(
            "a whole answer that is torn, then an error in place of one",
            [
                (.begin, .start(0)), (wholeHead, .hold), (.end(complete: false), .start(1)), (wholeHead, .hold),
                (.errorEvent, .giveUp),
            ]),
        Row(
            "a redirect is a refusal",
            [(.begin, .start(0)), (.head(status: 307, isEventStream: false), .start(1))]),
        Row(
            "cut after content",
            [
                (.begin, .start(0)), (streamHead, .hold), (.content, .commit),
                (.end(complete: false), .breakOff(.endedEarly)),
            ]),
        Row(
            "reset after content",
            [
                (.begin, .start(0)), (streamHead, .hold), (.content, .commit),
                (.failed(.connectionLost), .breakOff(.connectionLost)),
            ]),
        Row(
            "an error after content is relayed",
            [
                (.begin, .start(0)), (streamHead, .hold), (.content, .commit), (.errorEvent, .relay),
                (.end(complete: true), .finish),
            ]),
        Row(
            "too much to hold",
            [
                (.begin, .start(0)), (wholeHead, .hold), (.holdLimit, .commit),
                (.failed(.connectionLost), .breakOff(.connectionLost)),
            ]),
        Row("gone before it began", [(.clientGone, .abandon), (.begin, .ignore)]),
        Row("gone while waiting", [(.begin, .start(0)), (.clientGone, .abandon), (wholeHead, .ignore)]),
        Row(
            "gone while held", [(.begin, .start(0)), (streamHead, .hold), (.clientGone, .abandon), (.content, .ignore)]),
        Row(
            "gone while relaying",
            [
                (.begin, .start(0)), (streamHead, .hold), (.content, .commit), (.clientGone, .abandon),
                (.end(complete: true), .ignore),
            ]),
    ]

    @Test("transitions", arguments: rows)
    func transitions(row: Row) {
        var plan = AttemptPlan(candidateCount: 2)
        for (event, expected) in row.steps {
            #expect(plan.handle(event) == expected, "\(event)")
        }
    }

    private static let events: [AttemptPlan.Event] = [
        .begin, streamHead, wholeHead, .head(status: 400, isEventStream: false),
        .head(status: 503, isEventStream: false),
        .content, .errorEvent, .holdLimit, .end(complete: true), .end(complete: false), .failed(.timedOut), .clientGone,
    ]

    /// What the client would have seen, and what runs.
    private struct Witness {
        var starts = 0
        var commits = 0
        var terminals = 0

        mutating func see(_ action: AttemptPlan.Action) -> Bool {
            let isOver = terminals > 0
            switch action {
            case .start: starts += 1
            case .commit: commits += 1
            case .finish, .breakOff, .giveUp, .abandon: terminals += 1
            case .hold, .relay, .ignore: break
            }
            if isOver { return action == .ignore }
            if case .start = action { return commits == 0 }
            if case .giveUp = action { return commits == 0 }
            if case .breakOff = action { return commits == 1 }
            return terminals <= 1 && commits <= 1
        }
    }

    @Test("every order of events to a depth of six keeps the promises")
    func exhaustive() {
        var states = 0
        var isSound = true
        func explore(_ plan: AttemptPlan, _ witness: Witness, depth: Int) {
            states += 1
            guard depth > 0 else { return }
            for event in Self.events {
                var (next, seen) = (plan, witness)
                let action = next.handle(event)
                isSound = seen.see(action) && isSound
                // No more attempts than candidates, and it is over exactly when a terminal action was given.
                isSound = isSound && seen.starts <= 3 && (next.phase == .done) == (seen.terminals == 1)
                // Nothing changes once it is over, nor by an event that means nothing here.
                if action != .ignore || next != plan { explore(next, seen, depth: depth - 1) }
            }
        }
        explore(AttemptPlan(candidateCount: 3), Witness(), depth: 6)
        #expect(isSound)
        #expect(states > 1000)
    }
}
