package import TurnoutCore
import TurnoutNumerics
package import TurnoutRouting

/// What conversations of one kind come to under each rule, with intervals over conversations.
package struct ConversationComparison: Sendable {
    /// What one rule came to.
    package struct Line: Sendable {
        /// The rule.
        package let rule: ConversationReplay.Rule
        /// Dollars a conversation.
        package let cost: Interval
        /// What was expected of an answer, on average over all turns.
        package let quality: Interval
        /// Changes of model in a conversation.
        package let moves: Interval
        /// Share of the cost of deciding each turn anew that is saved; negative where it costs more.
        package let saving: Interval
        /// What was expected of an answer, less what was when each turn was decided anew.
        package let qualityGained: Interval
    }

    /// Conversations of what kind.
    package let kind: SimulatedConversation.Kind
    /// How many of them.
    package let conversations: Int
    /// Turns in all.
    package let turns: Int
    /// In the order of the rules.
    package let lines: [Line]

    private static let resamples = 1000

    /// Makes conversations up and replays them under every rule.
    ///
    /// - Parameters:
    ///   - kind: What they are like.
    ///   - conversations: How many; at least one.
    ///   - seed: Where random numbers start.
    ///   - replay: Models, prices and policy.
    ///   - threads: The result is the same with any number.
    /// - Throws: ``Refusal`` when no model may answer.
    package init(
        _ kind: SimulatedConversation.Kind, conversations: Int, seed: UInt64, replay: ConversationReplay, threads: Int
    ) throws {
        var random = SeededRandom(seed: seed)
        let all = (0..<conversations).map { _ in SimulatedConversation(kind, using: &random) }
        let bills = try ConversationReplay.Rule.allCases.map { rule in try all.map { try replay.bill($0, rule) } }
        let resampling = Resampling(resamples: Self.resamples, seed: seed, clusters: nil, threads: threads)
        let draws = resampling.map(count: conversations) { counts in bills.map { Sums($0, counts) } }
        let whole = bills.map { Sums($0, Array(repeating: 1, count: conversations)) }
        func interval(_ figure: ([Sums]) -> Double) -> Interval {
            Percentiles.interval(of: draws.map(figure), around: figure(whole))
        }
        self.kind = kind
        self.conversations = conversations
        self.turns = all.reduce(0) { $0 + $1.turns.count }
        self.lines = ConversationReplay.Rule.allCases.enumerated().map { index, rule in
            Line(
                rule: rule, cost: interval { $0[index].cost / $0[index].conversations },
                quality: interval { $0[index].quality / $0[index].turns },
                moves: interval { $0[index].moves / $0[index].conversations },
                saving: interval { 1 - $0[index].cost / $0[0].cost },
                qualityGained: interval { ($0[index].quality - $0[0].quality) / $0[0].turns })
        }
    }

    /// Bills added up, each as often as it was drawn.
    private struct Sums {
        var conversations = 0.0
        var cost = 0.0
        var quality = 0.0
        var turns = 0.0
        var moves = 0.0

        init(_ bills: [ConversationReplay.Bill], _ counts: [UInt32]) {
            for (bill, count) in zip(bills, counts) where count > 0 {
                let weight = Double(count)
                conversations += weight
                cost += weight * bill.cost.dollars
                quality += weight * bill.quality
                turns += weight * Double(bill.turns)
                moves += weight * Double(bill.moves)
            }
        }
    }
}
