import Testing
import TurnoutCore

struct PriceTests {
    private static func dollars(_ amount: Double) -> Money { Money(nanoDollars: Int64((amount * 1e9).rounded())) }

    @Test("a call costs its tokens at each rate, rounded half up")
    func cost() {
        let price = Price(
            inputPerMillion: Money(nanoDollars: 500_000), outputPerMillion: Money(nanoDollars: 1_500_000_000))
        #expect(price.cost(of: TokenUsage(input: 1, output: 0)) == Money(nanoDollars: 1))
        #expect(price.cost(of: TokenUsage(input: 0, output: 1_000_000)) == Money(dollars: 1.5))
    }

    @Test("a cost that would overflow, or counts that cannot be, are unknown rather than wrong")
    func overflow() {
        let price = Price(inputPerMillion: Money(nanoDollars: .max), outputPerMillion: Money(nanoDollars: .max))
        #expect(price.cost(of: TokenUsage(input: 1_000_000, output: 0)) == Money(nanoDollars: .max))
        #expect(price.cost(of: TokenUsage(input: 1_000_001, output: 0)) == nil)
        #expect(price.cost(of: TokenUsage(input: .max, output: .max, cacheRead: .max, cacheWrite: .max)) == nil)
        #expect(price.cost(of: TokenUsage(input: -1, output: 0)) == nil)
        #expect(price.cost(of: TokenUsage(input: 0, output: 1, reasoning: 2)) == nil, "more thought than written")
    }

    @Test("each kind of token is billed at its own rate")
    func kinds() {
        let price = Price(
            inputPerMillion: Self.dollars(3), outputPerMillion: Self.dollars(15),
            cacheReadPerMillion: Self.dollars(0.3),
            cacheWritePerMillion: Self.dollars(3.75), reasoningPerMillion: Self.dollars(20))
        let million = 1_000_000
        let usage = TokenUsage(
            input: million, output: 3 * million, cacheRead: million, cacheWrite: million, reasoning: million)
        #expect(price.cost(of: usage) == Self.dollars(3 + 0.3 + 3.75 + 2 * 15 + 20))
        #expect(usage.totalInput == 3 * million)
    }

    @Test("unknown rates fall back to the dearer ordinary one, never to nothing")
    func unknownRates() {
        let price = Price(inputPerMillion: Self.dollars(1), outputPerMillion: Self.dollars(2))
        let usage = TokenUsage(input: 10, output: 8, cacheRead: 20, cacheWrite: 30, reasoning: 5)
        #expect(price.cost(of: usage) == price.cost(of: TokenUsage(input: 60, output: 8)))
        #expect(price.cost(of: usage, batched: true) == price.cost(of: usage), "an unknown batch price saves nothing")
    }

    @Test("a tier's rates hold for the whole request, cached tokens counting toward it, from the first token above")
    func tiers() {
        let long = TokenRates(inputPerMillion: Self.dollars(2), outputPerMillion: Self.dollars(4))
        let price = Price(
            inputPerMillion: Self.dollars(1), outputPerMillion: Self.dollars(2),
            tiers: [Price.Tier(aboveInput: 1000, rates: long)])
        #expect(price.cost(of: TokenUsage(input: 500, output: 0, cacheRead: 500)) == Self.dollars(0.001))
        #expect(price.cost(of: TokenUsage(input: 501, output: 1, cacheRead: 500)) == Self.dollars(0.002_006))
    }

    @Test("a batched call costs its part of an ordinary one")
    func batch() {
        let price = Price(inputPerMillion: Self.dollars(1), outputPerMillion: Self.dollars(2), batchPercent: 50)
        #expect(price.cost(of: TokenUsage(input: 100, output: 0), batched: true) == Self.dollars(0.000_05))
    }

    @Test("money adds up: parts cost what the whole does, but for rounding; nothing is billed twice or below zero")
    func properties() {
        var random = Generator(state: 7)
        for _ in 0..<2000 {
            func rate() -> Money { Money(nanoDollars: Int64(random.next() % 100_000_000_000)) }
            func count() -> Int { Int(random.next() % 2_000_000) }
            let input = rate()
            let price = Price(
                inputPerMillion: input, outputPerMillion: rate(),
                cacheReadPerMillion: Money(nanoDollars: input.nanoDollars / 10), cacheWritePerMillion: rate())
            let usage = TokenUsage(input: count(), output: count(), cacheRead: count(), cacheWrite: count())
            let parts = [
                TokenUsage(input: usage.input, output: 0), TokenUsage(input: 0, output: usage.output),
                TokenUsage(input: 0, output: 0, cacheRead: usage.cacheRead),
                TokenUsage(input: 0, output: 0, cacheWrite: usage.cacheWrite),
            ].compactMap { price.cost(of: $0)?.nanoDollars }
            guard let whole = price.cost(of: usage)?.nanoDollars else {
                Issue.record("a cost of this size is known")
                continue
            }
            #expect(parts.count == 4 && abs(parts.reduce(0, +) - whole) <= 2 && parts.allSatisfy { $0 >= 0 })
            let uncached = TokenUsage(
                input: usage.input + usage.cacheRead, output: usage.output, cacheWrite: usage.cacheWrite)
            #expect(whole <= price.cost(of: uncached)?.nanoDollars ?? 0, "a cached token is not also a fresh one")
        }
    }

    /// A linear congruential generator (Knuth's MMIX constants), good enough to vary inputs.
    private struct Generator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 20
        }
    }
}
