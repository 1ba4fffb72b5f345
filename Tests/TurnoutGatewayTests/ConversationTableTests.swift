import Testing
import TurnoutCore
import TurnoutNumerics
import TurnoutProviders
import TurnoutRouting

@testable import TurnoutGateway

struct ConversationTableTests {
    private func turn(
        _ name: String = "s", messages: Int, isNamed: Bool = true, isFirst: Bool? = nil, bytes: Int = 100
    ) -> ConversationTurn {
        ConversationTurn(
            key: .init(route: "auto", session: name), isNamed: isNamed, isFirst: isFirst ?? (messages < 2),
            messages: messages, bytes: bytes)
    }

    private func answer(_ model: ModelID, input: Int = 0, output: Int = 0, cacheRead: Int? = nil) -> ConversationOutcome
    {
        var outcome = ConversationOutcome(of: []) { _ in nil }
        (outcome.model, outcome.input, outcome.output, outcome.cacheRead) = (model, input, output, cacheRead)
        return outcome
    }

    @Test("a conversation is who answered last, what it has cached, and what turns have brought so far")
    func turns() throws {
        var table = ConversationTable()
        #expect(table.conversation(of: turn(messages: 3), at: .zero) == nil)
        table.record(answer("a", input: 1_000, output: 200), of: turn(messages: 1), idle: .seconds(60), at: .zero)
        var known = try #require(table.conversation(of: turn(messages: 3), at: .seconds(1)))
        #expect(known == Conversation(model: "a", cachedTokens: 1_200, turns: 1, inputPerTurn: 0, outputPerTurn: 200))
        table.record(
            answer("a", input: 1_240, output: 100, cacheRead: 1_000), of: turn(messages: 3), idle: .seconds(60),
            at: .seconds(2))
        table.record(
            answer("b", input: 1_400, output: 300, cacheRead: 0), of: turn(messages: 5), idle: .seconds(60),
            at: .seconds(3))
        known = try #require(table.conversation(of: turn(messages: 7), at: .seconds(4)))
        #expect(known == Conversation(model: "b", cachedTokens: 1_700, turns: 3, inputPerTurn: 50, outputPerTurn: 200))
        table.record(answer("c", input: 10, output: 1), of: turn(messages: 1), idle: .seconds(60), at: .seconds(5))
        known = try #require(table.conversation(of: turn(messages: 3), at: .seconds(6)))
        #expect(known.model == "c" && known.turns == 1, "a request without an answer begins anew")
        #expect(table.count == 1)
    }

    @Test("a conversation nobody named must grow; what only begins alike is another one")
    func growth() {
        var table = ConversationTable()
        // Few-shot prompts: all begin with the same example.
        for _ in 0..<5 {
            let item = turn(messages: 4, isNamed: false, isFirst: false)
            #expect(table.conversation(of: item, at: .zero) == nil)
            table.record(answer("a"), of: item, idle: .seconds(60), at: .zero)
        }
        #expect(table.conversation(of: turn(messages: 6, isNamed: false), at: .zero)?.turns == 1)
        #expect(
            table.conversation(of: turn(messages: 4, isNamed: true), at: .zero) != nil, "a name is the client's word")
    }

    @Test("a cache is taken to last five minutes, and not to be there when it was not read while it should be warm")
    func cache() {
        var table = ConversationTable()
        table.record(answer("a", input: 900, output: 100), of: turn(messages: 1), idle: .seconds(3_600), at: .zero)
        #expect(table.conversation(of: turn(messages: 3), at: .seconds(300))?.cachedTokens == 1_000)
        #expect(table.conversation(of: turn(messages: 3), at: .seconds(301))?.cachedTokens == 0)
        table.record(
            answer("a", input: 1_000, cacheRead: 0), of: turn(messages: 3), idle: .seconds(3_600), at: .seconds(301))
        #expect(table.conversation(of: turn(messages: 5), at: .seconds(302))?.cachedTokens == 1_000, "it was cold")
        table.record(
            answer("a", input: 1_000, cacheRead: 0), of: turn(messages: 5), idle: .seconds(3_600), at: .seconds(310))
        #expect(table.conversation(of: turn(messages: 7), at: .seconds(311))?.cachedTokens == 0, "it does not exist")
        table.record(
            answer("a", input: 1_000, cacheRead: 900), of: turn(messages: 7), idle: .seconds(3_600), at: .seconds(320))
        #expect(table.conversation(of: turn(messages: 9), at: .seconds(321))?.cachedTokens == 1_000)
    }

    @Test("it is forgotten after so long without an answer")
    func idle() {
        var table = ConversationTable()
        table.record(answer("a"), of: turn(messages: 1), idle: .seconds(60), at: .zero)
        #expect(table.conversation(of: turn(messages: 3), at: .seconds(60)) != nil)
        #expect(table.conversation(of: turn(messages: 3), at: .seconds(61)) == nil)
        table.record(answer("b"), of: turn("other", messages: 1), idle: .seconds(60), at: .seconds(61))
        #expect(table.count == 1, "and its memory is given back")
    }

    @Test("an overflow is remembered for as long as the conversation is no shorter, even when nobody answered")
    func overflow() {
        var table = ConversationTable()
        var outcome = answer("b")
        outcome.overflowed = ["a"]
        table.record(outcome, of: turn(messages: 1, bytes: 500), idle: .seconds(60), at: .zero)
        outcome.model = nil
        outcome.overflowed = ["c"]
        table.record(outcome, of: turn(messages: 3, bytes: 900), idle: .seconds(60), at: .zero)
        func overflowed(_ bytes: Int) -> Set<ModelID>? {
            table.conversation(of: turn(messages: 5, bytes: bytes), at: .zero)?.overflowed
        }
        #expect(overflowed(1_000) == ["a", "c"])
        #expect(overflowed(500) == ["a"])
        #expect(overflowed(499) == [], "its client has made it shorter")
        #expect(table.conversation(of: turn(messages: 5), at: .zero)?.turns == 1, "an overflow is no answer")
    }

    @Test("thoughts are a model's from its first answer in a row on, but for an answer of two hands")
    func thoughts() {
        var table = ConversationTable()
        func origin(_ messages: Int) -> ThoughtOrigin? { table.thoughtOrigin(of: turn(messages: messages), at: .zero) }
        #expect(origin(3) == nil)
        table.record(answer("a"), of: turn(messages: 1), idle: .seconds(60), at: .zero)
        table.record(answer("a"), of: turn(messages: 3), idle: .seconds(60), at: .zero)
        #expect(origin(5) == .model("a", from: 1))
        table.record(answer("b"), of: turn(messages: 5), idle: .seconds(60), at: .zero)
        #expect(origin(7) == .model("b", from: 5))
        var spliced = answer("b")
        spliced.isOfOneHand = false
        table.record(spliced, of: turn(messages: 7), idle: .seconds(60), at: .zero)
        #expect(origin(9) == .model("b", from: 8))
    }

    @Test("no history of requests takes more memory than the limit, and the latest are the ones kept")
    func bounded() {
        var table = ConversationTable(limit: 50)
        var random = SeededRandom(seed: 1)
        var latest: [String] = []
        for step in 0..<5_000 {
            let name = "\(random.next(below: 200))"
            table.record(
                answer("a", input: .max, output: .max), of: turn(name, messages: 1 + random.next(below: 3)),
                idle: .seconds(1e6), at: .seconds(step))
            latest.removeAll { $0 == name }
            latest.append(name)
            #expect(table.count == min(latest.count, 50))
        }
        for (age, name) in latest.reversed().enumerated() {
            #expect((table.conversation(of: turn(name, messages: 9), at: .seconds(5_000)) != nil) == (age < 50))
        }
    }

    @Test("a table of limited size is a dictionary that forgets the oldest")
    func recency() {
        var table = RecencyTable<Int, Int>(limit: 3)
        #expect(table.oldest == nil)
        for key in 0..<4 { table.insert(key * 10, for: key) }
        #expect((0..<4).map { table[$0] } == [nil, 10, 20, 30])
        table.insert(11, for: 1)
        #expect(table.oldest == 20)
        table.removeOldest()
        table.removeOldest()
        #expect(table.count == 1 && table.oldest == 11)
        table.removeOldest()
        table.removeOldest()
        #expect(table.count == 0 && table.oldest == nil)
        table.insert(5, for: 5)
        #expect(table[5] == 5 && table.oldest == 5)
    }

    @Test("an outcome is the answer's, with a guess where the provider says nothing")
    func outcomes() {
        func record(_ model: ModelID, _ outcome: AttemptRecord.Outcome, mode: AttemptPlan.Mode = .fresh)
            -> AttemptRecord
        {
            var record = AttemptRecord(model: model, provider: "p", mode: mode, started: .zero)
            record.outcome = outcome
            return record
        }
        var overflow = record("a", .failed("too long"))
        overflow.failure = .contextLength
        var answered = record("b", .answered)
        answered.usage = TokenUsage(input: 10, output: 7, cacheRead: 5)
        let whole = ConversationOutcome(of: [overflow, answered]) { _ in 99 }
        #expect(whole.model == "b" && whole.input == 15 && whole.output == 7 && whole.cacheRead == 5)
        #expect(whole.overflowed == ["a"] && whole.isOfOneHand)
        var gone = record("b", .clientGone, mode: .fresh)
        #expect(ConversationOutcome(of: [gone]) { _ in 99 }.model == nil, "nothing was said")
        gone.events = 4
        let partial = ConversationOutcome(of: [gone]) { $0 == "b" ? 99 : nil }
        #expect(partial.model == "b" && partial.input == 99 && partial.output == 4 && partial.cacheRead == nil)
    }
}
