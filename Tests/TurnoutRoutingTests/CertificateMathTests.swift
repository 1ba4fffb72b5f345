import Foundation
import Testing
import TurnoutNumerics

@testable import TurnoutRouting

/// Made by Reference/make_certificate_goldens.py with scipy and mpmath.
private struct Goldens: Decodable {
    struct Tail: Decodable { let k, n: Int, p, value: Double }
    struct Graded: Decodable { let mean: Double, n: Int, epsilon, value: Double }
    struct Ends: Decodable { let k, n: Int, low, high: Double }
    struct Next: Decodable { let k, n, m: Int, low, high: Double }
    struct Sequence: Decodable { let scores, losses, thresholds: [Double], epsilon, delta: Double, last: Int }
    struct Betting: Decodable { let losses: [Double], epsilon: Double, wealth: [Double] }

    let tails: [Tail]
    let graded: [Graded]
    let intervals: [Ends]
    let next: [Next]
    let sequence: Sequence
    let betting: Betting

    static func load() throws -> Goldens {
        let url = try #require(
            Bundle.module.url(forResource: "certificates", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url))
    }
}

@Suite("The mathematics of certificates")
struct CertificateMathTests {
    @Test("binomial tails agree with exact sums to nine digits")
    func tails() throws {
        for tail in try Goldens.load().tails {
            let value = Binomial.cumulative(tail.k, of: tail.n, p: tail.p)
            #expect(abs(value / tail.value - 1) < 1e-9, "\(tail)")
        }
        #expect(Binomial.cumulative(-1, of: 9, p: 0.5) == 0 && Binomial.cumulative(9, of: 9, p: 0.5) == 1)
        #expect(Binomial.cumulative(0, of: 9, p: 0) == 1 && Binomial.cumulative(8, of: 9, p: 1) == 0)
    }

    @Test("p-values of graded losses agree with Hoeffding and Bentkus")
    func graded() throws {
        for case let golden in try Goldens.load().graded {
            let value = RiskLoss.drop.pValue(sum: golden.mean * Double(golden.n), of: golden.n, epsilon: golden.epsilon)
            #expect(abs(value / golden.value - 1) < 1e-8, "\(golden) \(value)")
        }
    }

    @Test("sums that are whole but for rounding count as whole")
    func rounding() {
        let sum = (0..<10).reduce(0.0) { sum, _ in sum + 0.3 }  // 2.9999999999999996 or 3.0000000000000004
        #expect(RiskLoss.harm.pValue(sum: sum, of: 100, epsilon: 0.1) == Binomial.cumulative(3, of: 100, p: 0.1))
        #expect(RiskLoss.harm.pValue(sum: 3 + 4e-16, of: 100, epsilon: 0.1) == Binomial.cumulative(3, of: 100, p: 0.1))
    }

    @Test("intervals for shares agree with scipy: in the long run, and for the next queries")
    func intervals() throws {
        let goldens = try Goldens.load()
        for golden in goldens.intervals {
            let (low, high) = Binomial.interval(golden.k, of: golden.n)
            #expect(abs(low - golden.low) < 1e-9 && abs(high - golden.high) < 1e-9, "\(golden)")
        }
        for golden in goldens.next {
            let (low, high) = NextSample.strongShare(golden.k, of: golden.n, next: golden.m)
            #expect(abs(low - golden.low) < 1e-12 && abs(high - golden.high) < 1e-12, "\(golden) \(low) \(high)")
        }
    }

    @Test("the fixed sequence stops where scipy's does, ties cut together")
    func sequence() throws {
        let golden = try Goldens.load().sequence
        let test = LearnThenTest(epsilon: golden.epsilon, delta: golden.delta, loss: .harm)
        let curve = RiskCurve(scores: golden.scores, losses: golden.losses)
        #expect(test.lastAccepted(curve, thresholds: golden.thresholds) == golden.last)
    }

    @Test(
        "the fewest queries without a loss: 59, 149 and 299 at 95 %", arguments: [(0.05, 59), (0.02, 149), (0.01, 299)])
    func fewest(epsilon: Double, expected: Int) {
        for loss in RiskLoss.allCases {
            #expect(LearnThenTest(epsilon: epsilon, delta: 0.05, loss: loss).fewestQueries == expected)
        }
        let curve = RiskCurve(scores: (0..<58).map(Double.init), losses: [Double](repeating: 0, count: 58))
        #expect(LearnThenTest(epsilon: 0.05, delta: 0.05, loss: .harm).lastAccepted(curve, thresholds: [-1, 0]) == nil)
    }

    @Test("a greater drop or less confidence never certifies less")
    func monotone() throws {
        let golden = try Goldens.load().sequence
        let curve = RiskCurve(scores: golden.scores, losses: golden.losses)
        func last(_ epsilon: Double, _ delta: Double, _ loss: RiskLoss) -> Int {
            LearnThenTest(epsilon: epsilon, delta: delta, loss: loss)
                .lastAccepted(curve, thresholds: golden.thresholds) ?? -1
        }
        for loss in RiskLoss.allCases {
            let drops = [0.01, 0.02, 0.05, 0.1, 0.2].map { last($0, 0.1, loss) }
            let risks = [0.001, 0.01, 0.05, 0.1, 0.3].map { last(0.05, $0, loss) }
            #expect(drops == drops.sorted() && Set(drops).count > 2)
            #expect(risks == risks.sorted() && Set(risks).count > 1)
        }
        #expect(last(0.05, 0.1, .drop) <= last(0.05, 0.1, .harm))
    }

    @Test("thresholds are distinct, ascend, and end at 1")
    func thresholds() {
        #expect(LearnThenTest.thresholds(referenceScores: [0.5, 0.25, 0.5, 0.75]) == [0.25, 0.5, 0.75, 1])
        #expect(LearnThenTest.thresholds(referenceScores: [1, 0.5]) == [0.5, 1])
    }

    @Test("losses count harm only, and drops as a share of the scale")
    func losses() {
        #expect(RiskLoss.harm.value(strong: 9, weak: 8, width: 9) == 1)
        #expect(RiskLoss.harm.value(strong: 8, weak: 9, width: 9) == 0)
        #expect(RiskLoss.drop.value(strong: 9, weak: 6, width: 9) == 1.0 / 3)
        #expect(RiskLoss.drop.value(strong: 6, weak: 9, width: 9) == 0)
    }
}

@Suite("Promises are kept")
struct CertificateValidityTests {
    /// The loss probability rises with the score: 0.2 · score² at score s, so that the risk below t is t³ / 15.
    private func draw(_ count: Int, graded: Bool, _ random: inout SeededRandom) -> RiskCurve {
        var (scores, losses) = ([Double](), [Double]())
        for _ in 0..<count {
            let score = random.uniform()
            let lost = random.uniform() < 0.2 * score * score
            scores.append(score)
            // Twice the chance of half the loss would be another risk; the mean of u is ½, so twice the loss rate.
            losses.append(lost ? (graded ? random.uniform() : 1) : 0)
        }
        return RiskCurve(scores: scores, losses: losses)
    }

    @Test("certificates are broken no more often than promised", arguments: RiskLoss.allCases)
    func valid(loss: RiskLoss) {
        let isGraded = loss == .drop
        let test = LearnThenTest(epsilon: isGraded ? 0.01 : 0.02, delta: 0.1, loss: loss)
        let thresholds = (1...100).map { Double($0) / 100 }
        var random = SeededRandom(seed: 42)
        var (broken, naive) = (0, 0)
        for _ in 0..<500 {
            let curve = draw(200, graded: isGraded, &random)
            func risk(_ position: Int?) -> Double {
                let t = position.map { thresholds[$0] } ?? 0
                return t * t * t / 15 * (isGraded ? 0.5 : 1)
            }
            if risk(test.lastAccepted(curve, thresholds: thresholds)) > test.epsilon { broken += 1 }
            if risk(thresholds.lastIndex { curve.meanLoss(below: $0) <= test.epsilon }) > test.epsilon { naive += 1 }
        }
        // 50 are allowed; the deviation of the count is below 7.
        #expect(broken <= 65, "\(broken)")
        #expect(broken > 0 || isGraded)
        #expect(naive > 175, "\(naive)")
    }
}

@Suite("Watching a promise in production")
struct BettingTestTests {
    @Test("wealth agrees with the same bet written in numpy")
    func golden() throws {
        let golden = try Goldens.load().betting
        var test = BettingTest(epsilon: golden.epsilon, delta: 0.1)
        for (loss, wealth) in zip(golden.losses, golden.wealth) {
            test.observe(loss: loss)
            #expect(abs(test.wealth / wealth - 1) < 1e-9)
        }
        #expect(test.count == 600 && test.isAlarmed)
    }

    @Test("a kept promise raises an alarm in at most a tenth of runs, though it is looked at after each query")
    func falseAlarms() {
        var random = SeededRandom(seed: 3)
        let alarms = (0..<200).count { _ in
            var test = BettingTest(epsilon: 0.05, delta: 0.1)
            for _ in 0..<1000 where !test.isAlarmed { test.observe(loss: random.uniform() < 0.05 ? 1 : 0) }
            return test.isAlarmed
        }
        #expect(alarms <= 30, "\(alarms)")
    }

    @Test("a broken promise is found out, and the alarm stays")
    func alarm() {
        var test = BettingTest(epsilon: 0.05, delta: 0.1)
        for index in 0..<400 { test.observe(loss: index % 6 == 0 ? 1 : 0) }
        #expect(test.isAlarmed)
        for _ in 0..<1000 { test.observe(loss: 0) }
        #expect(test.isAlarmed)
    }

    @Test("nothing is bet, and nothing lost, while losses stay below the promise")
    func quiet() {
        var test = BettingTest(epsilon: 0.05, delta: 0.1)
        for _ in 0..<1000 { test.observe(loss: 0) }
        #expect(test.wealth == 1 && !test.isAlarmed)
    }
}
