import Testing
import TurnoutCore

@testable import TurnoutRouting

struct ConversationTests {
    private func price(
        _ input: Int64, _ output: Int64, read: Int64? = nil, write: Int64? = nil
    ) -> Price {
        func cents(_ value: Int64) -> Money { Money(nanoDollars: value * 10_000_000) }
        return Price(
            inputPerMillion: cents(input), outputPerMillion: cents(output), cacheReadPerMillion: read.map(cents),
            cacheWritePerMillion: write.map(cents))
    }

    /// Of three models of one family, in cents for a million tokens.
    private var prices: [Price] {
        [
            price(100, 500, read: 10, write: 125), price(300, 1500, read: 30, write: 375),
            price(1500, 7500, read: 150, write: 1875),
        ]
    }

    private func decider(_ prices: [Price?], policy: Policy = Policy(.cheapestAbove(0.5))) throws -> Decider {
        let candidates = prices.enumerated().map { Candidate(model: ModelID("m\($0)"), price: $1) }
        return try Decider(candidates: candidates, router: ListedRouter(), policy: policy)
    }

    private func conversation(_ model: ModelID, cached: Int, turns: Int, input: Int = 50, output: Int = 300)
        -> Conversation
    {
        Conversation(
            model: model, cachedTokens: cached, turns: turns, inputPerTurn: input, outputPerTurn: output)
    }

    @Test("a move has paid for itself after as many turns as adding up the bills of both ways says")
    func bills() throws {
        let all = prices + [price(27, 110, read: 7), price(125, 1000, read: 12), price(40, 160)]
        var finite = 0
        for old in all {
            for new in all where new != old {
                for (cached, input, output) in [(500, 50, 300), (20_000, 50, 300), (60_000, 900, 100)] {
                    let conversation = conversation("x", cached: cached, turns: 1, input: input, output: output)
                    func bill(_ price: Price, turns: Int, movedAtFirst: Bool) throws -> Int64 {
                        try (0..<turns).reduce(0) { sum, turn in
                            let isCold = movedAtFirst && turn == 0
                            return try sum
                                + #require(
                                    price.cost(
                                        of: TokenUsage(
                                            input: 0, output: output, cacheRead: isCold ? 0 : cached,
                                            cacheWrite: input + (isCold ? cached : 0)))
                                ).nanoDollars
                        }
                    }
                    let turns = SwitchingRule.breakEvenTurns(from: old, to: new, conversation)
                    for count in 1...40 {
                        let gain =
                            try bill(old, turns: count, movedAtFirst: false)
                            - bill(new, turns: count, movedAtFirst: true)
                        // Each bill is rounded to the nano-dollar.
                        if abs(gain) > 2 * Int64(count) { #expect((gain > 0) == (Double(count) > turns ?? .infinity)) }
                    }
                    finite += turns.map { 1..<40 ~= $0 } ?? false ? 1 : 0
                }
            }
        }
        #expect(finite > 5, "both sides of the break-even are seen: \(finite)")
    }

    @Test("downwards it moves when the turns to come pay for the lost cache, and not before")
    func downgrade() throws {
        let decider = try decider(prices)
        func chosen(_ conversation: Conversation?) throws -> Decision {
            try decider.decide(Query("0.7 0.8 0.9"), under: Conditions(conversation: conversation))
        }
        #expect(try chosen(nil).model == "m0")
        let turns = try #require(
            SwitchingRule.breakEvenTurns(from: prices[1], to: prices[0], conversation("m1", cached: 50_000, turns: 1)))
        let (before, after) = (Int(turns.rounded(.down)), Int(turns.rounded(.up)))
        #expect(before >= 1)
        let stays = try chosen(conversation("m1", cached: 50_000, turns: before))
        #expect(stays.model == "m1")
        #expect(stays.reason == "stays with m1: its prompt cache is worth more than the saving")
        #expect(stays.counterfactual?.model == "m0" && stays.fallbacks.first == "m0")
        #expect(stays.conversation?.turns == before)
        #expect(try chosen(conversation("m1", cached: 50_000, turns: after)).model == "m0")
        #expect(try chosen(conversation("m1", cached: 0, turns: 1)).model == "m0", "a cold cache is worth nothing")
    }

    @Test("upwards it moves at any turn; amid a tool loop it stays in either case")
    func upgrade() throws {
        let decider = try decider(prices)
        let conversation = conversation("m0", cached: 90_000, turns: 1)
        func chosen(_ estimates: String, isInToolLoop: Bool) throws -> ModelID {
            var needs = RequestNeeds()
            needs.isInToolLoop = isInToolLoop
            return try decider.decide(Query(estimates, needs: needs), under: Conditions(conversation: conversation))
                .model
        }
        #expect(try chosen("0.2 0.8 0.9", isInToolLoop: false) == "m1")
        #expect(try chosen("0.2 0.8 0.9", isInToolLoop: true) == "m0")
    }

    @Test("without prices nothing is said of caches, and the policy decides each turn")
    func unknownPrices() throws {
        let decider = try decider([nil, nil], policy: .threshold(0.5))
        let conversation = conversation("m1", cached: 90_000, turns: 1)
        #expect(try decider.decide(Query("0.9 0.9"), under: Conditions(conversation: conversation)).model == "m1")
        #expect(try decider.decide(Query("0.9 0.2"), under: Conditions(conversation: conversation)).model == "m0")
    }

    @Test("it does not stay with a model that may not answer, or whose window an earlier turn overflowed")
    func overflowed() throws {
        let decider = try decider(prices)
        var conversation = conversation("m1", cached: 90_000, turns: 1)
        conversation.overflowed = ["m1"]
        let decision = try decider.decide(Query("0.2 0.8 0.9"), under: Conditions(conversation: conversation))
        #expect(decision.model == "m2" && !decision.fallbacks.contains("m1"))
        #expect(decision.options[1].prospect.filters.contains(.contextWindow))
    }

    @Test("what is in the cache is read at the cache's price, and the receipt shows it")
    func receipt() throws {
        let decider = try decider(prices)
        let query = Query("0.7 0.8 0.9", size: PromptSize(text: TextCounts(String(repeating: " word", count: 2_000))))
        let decision = try decider.decide(
            query, under: Conditions(conversation: conversation("m1", cached: 1_500, turns: 3)))
        let receipt = DecisionReceipt(decision, by: decider, id: "dec", micros: 0)
        #expect(receipt.candidates.map(\.cachedTokens) == [0, 1_500, 0])
        #expect(receipt.json.contains(#""conversation":{"cached_tokens":1500,"model":"m1","turns":3}"#))
    }
}
