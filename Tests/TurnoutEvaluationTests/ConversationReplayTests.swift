import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics
import TurnoutRouting

@testable import TurnoutEvaluation

struct ConversationReplayTests {
    private func price(_ input: Int64, read: Int64, write: Int64?) -> Price {
        func dollars(_ value: Int64) -> Money { Money(nanoDollars: value * 100_000_000) }
        return Price(
            inputPerMillion: dollars(input), outputPerMillion: dollars(5 * input), cacheReadPerMillion: dollars(read),
            cacheWritePerMillion: write.map(dollars))
    }

    /// `a` at 1 dollar a million, `b` at 3; the cache is read at a tenth and written at a quarter more.
    private func replay(_ policy: Policy = Policy(.cheapestAbove(0.7))) throws -> ConversationReplay {
        try ConversationReplay(
            models: [("a", price(10, read: 1, write: 12)), ("b", price(30, read: 3, write: 37))], policy: policy)
    }

    /// Questions of difficulties that `a` (below about 0.15) or only `b` is good enough for.
    private func conversation(_ turns: [(pause: Double, hard: Bool)], later: Int = 10_000) -> SimulatedConversation {
        SimulatedConversation(
            turns: turns.enumerated().map { index, turn in
                .init(
                    pause: turn.pause, input: index == 0 ? 10_000 : later, output: 100,
                    difficulty: turn.hard ? 0.5 : -1)
            })
    }

    @Test("the bill reads the cache of whoever has one, writes the rest, and pays for each answer")
    func bill() throws {
        let bill = try replay().bill(conversation([(0, false), (60, false), (301, false)]), .anew)
        // Prompts of 10,000, 20,100 and 30,200 tokens; the first is cached for the second turn, nothing for the third.
        let cents = 0.12 * 10 + 0.12 * 10.1 + 0.01 * 10 + 0.12 * 30.2 + 3 * 0.05
        #expect(abs(bill.cost.dollars * 100 - cents) < 1e-6)
        #expect(bill.turns == 3 && bill.moves == 0)
        #expect(abs(bill.quality - 3 / (1 + exp(-2))) < 1e-12)
    }

    @Test(
        "deciding anew goes back and forth; with the cache priced a conversation stays; the first choice may be too weak"
    )
    func rules() throws {
        let turns = conversation([(0, false), (60, true), (60, false), (60, true)], later: 100)
        let bills = try ConversationReplay.Rule.allCases.map { try replay().bill(turns, $0) }
        #expect(bills.map(\.moves) == [3, 1, 0])
        #expect(bills[1].quality > bills[0].quality && bills[0].quality > bills[2].quality)
    }

    @Test("when the cache has gone cold a conversation moves down as if it began")
    func cold() throws {
        let turns = conversation([(0, true), (301, false)])
        #expect(try replay().bill(turns, .caches).moves == 1)
        #expect(try replay().bill(conversation([(0, true), (299, false)]), .caches).moves == 0)
    }

    @Test("conversations made up from a seed are as long as they are said to be, and the same each time")
    func madeUp() {
        for kind in [SimulatedConversation.Kind.chat, .agent] {
            func sample() -> [SimulatedConversation] {
                var random = SeededRandom(seed: 5)
                return (0..<4_000).map { _ in SimulatedConversation(kind, using: &random) }
            }
            let all = sample()
            #expect(all == sample())
            let turns = all.flatMap(\.turns)
            // The spread of a geometric number is its mean, nearly: four standard errors.
            #expect(abs(Double(turns.count) / 4_000 - kind.meanTurns) < 4 * kind.meanTurns / 4_000.0.squareRoot())
            let later = all.flatMap { $0.turns.dropFirst() }
            let median = later.map(\.input).sorted()[later.count / 2]
            #expect(abs(Double(median) / kind.later.median - 1) < 0.1)
            let long = Double(later.count { $0.pause > 300 }) / Double(later.count)
            #expect(abs(long - 1 / 17.5) < 0.01)
            #expect(all.allSatisfy { $0.turns[0].input > kind.instructions && $0.turns[0].pause == 0 })
        }
    }

    @Test("the comparison is paired, its intervals hold the figure, and 'anew' saves nothing on itself")
    func comparison() throws {
        let result = try ConversationComparison(
            .chat, conversations: 60, seed: 1, replay: replay(), threads: 2)
        #expect(result.lines.map(\.rule) == [.anew, .caches, .first])
        for line in result.lines {
            for interval in [line.cost, line.quality, line.moves, line.saving, line.qualityGained] {
                #expect(interval.low <= interval.value && interval.value <= interval.high)
            }
        }
        #expect(result.lines[0].saving == Interval(value: 0, low: 0, high: 0))
        #expect(result.lines[2].moves.value == 0 && result.lines[0].moves.value > 0)
        #expect(result.lines[1].cost.low < result.lines[1].cost.high)
        let one = try ConversationComparison(.chat, conversations: 60, seed: 1, replay: replay(), threads: 1)
        #expect(one.lines.map(\.cost) == result.lines.map(\.cost))
    }
}
