import Testing
import TurnoutCore

struct MoneyTests {
    @Test("dollars round to the nearest nano-dollar and back")
    func rounding() {
        #expect(Money(dollars: 0.000_000_001)?.nanoDollars == 1)
        #expect(Money(dollars: 2.5)?.dollars == 2.5)
    }

    @Test("an amount that is not finite or does not fit is refused", arguments: [Double.nan, .infinity, -1e30, 1e30])
    func outOfRange(dollars: Double) {
        #expect(Money(dollars: dollars) == nil)
    }

    @Test("a call costs its tokens at each rate, rounded half up")
    func cost() {
        let price = Price(
            inputPerMillion: Money(nanoDollars: 500_000), outputPerMillion: Money(nanoDollars: 1_500_000_000))
        #expect(price.cost(of: TokenUsage(input: 1, output: 0)) == Money(nanoDollars: 1))
        #expect(price.cost(of: TokenUsage(input: 0, output: 1_000_000)) == Money(dollars: 1.5))
    }

    @Test("a cost that would overflow, or counts below zero, are unknown rather than wrong")
    func overflow() {
        let price = Price(inputPerMillion: Money(nanoDollars: .max), outputPerMillion: .zero)
        #expect(price.cost(of: TokenUsage(input: 2, output: 0)) == nil)
        #expect(price.cost(of: TokenUsage(input: -1, output: 0)) == nil)
    }
}
