import Testing

@testable import TurnoutGateway

/// Walks through every order of events, state by state, and checks what must hold in each.
struct AttemptPlanModelTests {
    /// What the client has seen and what runs, told by the actions alone.
    private struct Witness: Hashable {
        var running: Set<Int> = []
        var starts = 0
        var isWaiting = false
        var hasCommitted = false
        var isOver = false
        var broken: String?

        mutating func see(_ event: AttemptPlan.Event, _ actions: [AttemptPlan.Action]) {
            switch event {
            case .failed(let number, _), .end(let number): running.remove(number)
            case .waited: isWaiting = false
            default: break
            }
            for action in actions { see(action) }
        }

        private mutating func see(_ action: AttemptPlan.Action) {
            if isOver { broken = "\(action) after the end" }
            switch action {
            case .start(let number, _, _):
                if number != starts { broken = "attempts are not numbered in order" }
                starts += 1
                running.insert(number)
                if running.count > 2 { broken = "more than two at once" }
            case .cancel(let number):
                if running.remove(number) == nil { broken = "cancels what does not run" }
            case .wait:
                if !running.isEmpty { broken = "waits beside a running attempt" }
                isWaiting = true
            case .commit:
                if hasCommitted { broken = "committed twice" }
                hasCommitted = true
            case .relay:
                if !hasCommitted { broken = "relays before it committed" }
            case .finish, .breakOff:
                if !hasCommitted { broken = "ends an answer that was not begun" }
                isOver = true
            case .reply, .passOn, .giveUp:
                if hasCommitted { broken = "replies after a part was sent" }
                isOver = true
            case .abandon:
                isOver = true
            }
            if isOver { isWaiting = false }
        }
    }

    private struct Node: Hashable {
        var plan: AttemptPlan
        var witness = Witness()
    }

    private static let failures: [AttemptFailure] = [
        AttemptFailure(.serverError), AttemptFailure(.rateLimited), AttemptFailure(.unauthorized),
        AttemptFailure(.contentPolicy), AttemptFailure(.contextLength), AttemptFailure(.diverged),
    ]

    private static func events(_ plan: AttemptPlan) -> [AttemptPlan.Event] {
        var events: [AttemptPlan.Event] = [.begin, .waited, .chainExpired, .unspliceable, .clientGone]
        for number in plan.running {
            events += [
                .head(number, isStream: true), .head(number, isStream: false), .content(number), .chunk(number),
                .caughtUp(number), .end(number),
            ]
            events += failures.map { .failed(number, $0) }
            events += AttemptPlan.Clock.allCases.map { .expired(number, $0) }
        }
        // What attempts say that are over, or were never made, must change nothing.
        for number in 0...plan.attempts.count where !plan.running.contains(number) {
            events += [.content(number), .chunk(number), .end(number), .failed(number, failures[0])]
        }
        return events
    }

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let candidates: [AttemptPlan.Candidate]
        let rules: AttemptRules
    }

    static let cases: [Case] =
        AttemptRules.Slow.allCases.flatMap { slow in
            [false, true].map { buffers in
                Case(
                    testDescription: "\(slow), buffer \(buffers)",
                    candidates: [.init(contextWindow: 8), .init(takesPrefill: true, contextWindow: 9)],
                    rules: .with { ($0.slow, $0.buffersAnswer, $0.budget, $0.perModel) = (slow, buffers, 3, 2) })
            }
        } + [
            Case(testDescription: "alone", candidates: [.init(takesPrefill: true)], rules: .with { $0.budget = 4 }),
            Case(
                testDescription: "a last resort and a pause",
                candidates: [.init(pause: .seconds(1)), .init(isLastResort: true)],
                rules: .with { $0.budget = 3 }),
            Case(testDescription: "three", candidates: [.init(), .init(), .init()], rules: .with { $0.budget = 3 }),
        ]

    @Test("whatever happens in whatever order, every promise holds", arguments: cases)
    func everyOrder(_ which: Case) throws {
        let start = Node(plan: AttemptPlan(candidates: which.candidates, rules: which.rules))
        var seen: Set<Node> = [start]
        var frontier = [start]
        var endings: Set<AttemptPlan.Action> = []
        while let node = frontier.popLast() {
            for event in Self.events(node.plan) {
                var next = node
                let running = node.plan.running
                let actions = next.plan.handle(event)
                if let problem = Self.problem(event, actions, running, &next) {
                    Issue.record("\(problem): \(event) in \(node.plan) gave \(actions)")
                    return
                }
                endings.formUnion(actions.filter(\.isTerminal))
                if seen.insert(next).inserted { frontier.append(next) }
            }
        }
        #expect(seen.count > 50, "the walk reached \(seen.count) states")
        #expect(endings.contains(.giveUp) && endings.contains(.abandon))
    }

    private static func problem(
        _ event: AttemptPlan.Event, _ actions: [AttemptPlan.Action], _ running: [Int], _ next: inout Node
    ) -> String? {
        let before = next.witness
        // The shell drops what attempts report that are over, so the witness does as well.
        var isStale = false
        if case .failed(let number, _) = event { isStale = !running.contains(number) }
        if case .end(let number) = event { isStale = !running.contains(number) }
        if isStale, !actions.isEmpty { return "an attempt that is over is listened to" }
        if !isStale { next.witness.see(event, actions) }
        if case .ready = next.plan.phase, event != .begin, event != .clientGone { next.witness = before }
        if let broken = next.witness.broken { return broken }
        let plan = next.plan
        if plan.attempts.count > plan.rules.budget { return "more attempts than the budget" }
        if next.witness.running != Set(plan.running) { return "the plan does not know what runs" }
        if next.witness.isOver != (plan.phase == .done) { return "it is over without a terminal action" }
        if next.witness.isOver, !next.witness.running.isEmpty { return "something still runs" }
        if case .ready = plan.phase { return nil }
        let isIdle = next.witness.running.isEmpty && !next.witness.isWaiting
        return isIdle && !next.witness.isOver ? "nothing runs and nobody was told" : nil
    }
}
