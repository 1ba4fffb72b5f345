import Testing

@testable import TurnoutRouting

struct QuantilesTests {
    private let sample = [1.0, 2, 4, 8]

    @Test("quantiles interpolate between order statistics", arguments: [(0.0, 1.0), (1, 8), (0.5, 3), (-1, 1), (2, 8)])
    func value(q: Double, expected: Double) {
        #expect(Quantiles.value(at: q, in: sample) == expected)
    }

    @Test("rank undoes value", arguments: [0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
    func inverse(q: Double) {
        let value = Quantiles.value(at: q, in: sample)
        #expect(abs(Quantiles.rank(of: value, in: sample) - q) < 1e-12)
    }

    @Test("ranks stay within 0…1 beyond the sample, and a constant sample says nothing")
    func beyond() {
        #expect(Quantiles.rank(of: -5, in: sample) == 0)
        #expect(Quantiles.rank(of: 50, in: sample) == 1)
        #expect(Quantiles.rank(of: 3, in: [7]) == 0.5)
    }

    @Test("reliability interpolates between bins and is constant beyond them")
    func reliability() throws {
        let curve = try #require(
            Reliability(bins: [.init(predicted: 0.2, low: 0.1, high: 0.3), .init(predicted: 0.6, low: 0.5, high: 0.7)]))
        #expect(curve.interval(at: 0) == (0.1, 0.3))
        #expect(abs(curve.interval(at: 0.4).low - 0.3) < 1e-12)
        #expect(curve.interval(at: 1) == (0.5, 0.7))
        #expect(Reliability(bins: []) == nil)
    }
}
