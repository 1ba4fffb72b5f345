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

    @Test(
        "an amount is written as the shortest exact decimal",
        arguments: [
            (0, "0"), (1, "0.000000001"), (1_250_000_000, "1.25"), (10_000_000_000, "10"), (-500_000_000, "-0.5"),
        ] as [(Int64, String)])
    func decimal(nano: Int64, text: String) {
        #expect(Money(nanoDollars: nano).decimal == text)
    }
}
