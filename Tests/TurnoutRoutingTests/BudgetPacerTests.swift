import Testing
import TurnoutCore

@testable import TurnoutRouting

struct BudgetPacerTests {
    private func dollars(_ amount: Double) -> Money { Money(dollars: amount) ?? .zero }

    @Test("what is spent and reserved is no longer there; a new period begins with all but what is under way")
    func account() {
        var pacer = BudgetPacer(limit: .init(amount: dollars(1), period: 100), time: 0)
        #expect(pacer.arrive(at: 0) == .init(multiplier: 0, remaining: dollars(1)))
        let first = pacer.reserve(dollars(0.6))
        #expect(first)
        #expect(pacer.arrive(at: 1).remaining == dollars(0.4))
        pacer.settle(dollars(0.1), reserved: dollars(0.6), at: 2)
        #expect(pacer.arrive(at: 3).remaining == dollars(0.9))
        let second = pacer.reserve(dollars(0.3))
        #expect(second)
        #expect(pacer.arrive(at: 101).remaining == dollars(0.7))
        pacer.settle(nil, reserved: dollars(0.3), at: 102)
        #expect(pacer.spent == dollars(0.3), "a cost that nobody knows counts as what was set aside")
        #expect(pacer.reserved == .zero)
        let third = pacer.reserve(dollars(5))
        #expect(!third, "more than is left is not set aside")
        #expect(pacer.arrive(at: 103).remaining == dollars(0.7))
        pacer.settle(dollars(5), reserved: .zero, at: 104)
        #expect(pacer.arrive(at: 105).remaining == .zero, "never less than nothing")
    }

    @Test("money becomes dearer when requests cost more than their share, and cheaper when they cost less")
    func multiplier() {
        var pacer = BudgetPacer(limit: .init(amount: dollars(1), period: 100), time: 0)
        func pass(_ cost: Double, from: Int, to: Int) -> Double {
            for second in from..<to {
                _ = pacer.arrive(at: Double(second))
                pacer.settle(dollars(cost), reserved: .zero, at: Double(second) + 0.5)
            }
            return pacer.arrive(at: Double(to)).multiplier
        }
        let begun = pass(0.01, from: 0, to: 10)
        #expect(begun > 0)
        let dearer = pass(0.03, from: 11, to: 20)
        #expect(dearer > 1.3 * begun)
        #expect(pass(0.001, from: 21, to: 60) < dearer)
    }

    @Test("the first period takes requests to come evenly; the next one as they came in the last")
    func forecast() throws {
        var forecast = ArrivalForecast()
        #expect(forecast.remaining(at: 0.5) == nil)
        for number in 0..<100 { forecast.arrive(at: 0.5 * Double(number) / 100) }
        #expect(abs(try #require(forecast.remaining(at: 0.5)) - 100) < 1e-9)
        forecast.startPeriod()
        for number in 0..<50 { forecast.arrive(at: 0.25 * Double(number) / 50) }
        #expect(abs(try #require(forecast.remaining(at: 0.25)) - 50) < 3)
        #expect(try #require(forecast.remaining(at: 0.6)) == 1, "all of the last period's had come by then")
        forecast.startPeriod()
        forecast.startPeriod()
        #expect(forecast.remaining(at: 0) != nil, "a period without requests is no model for the next")
    }
}
