import TurnoutCore
import TurnoutNumerics
import TurnoutRouting

/// How certificates of some size would behave on known outcomes: drawn again and again, and held to their word.
///
/// Each repetition draws calibration queries without replacement, certifies on them, and looks up what the threshold
/// does on the queries that were not drawn. It then draws as many with replacement, and looks up what that certificate
/// does on all queries: the promise in its own terms, since such draws are independent and the mean loss of what they
/// come from is known. The queries that were not drawn are a sample themselves, and can exceed the bound where
/// what they come from does not, the more so the fewer they are.
/// Beside it stands the naive choice: the highest threshold whose loss on the calibration queries is within the bound.
public struct CertificationSimulation: Sendable {
    /// What one way of choosing thresholds did.
    public struct Behaviour: Sendable, Equatable {
        /// How often the mean loss on the queries not drawn exceeded the bound, with the exact 95 % interval for the
        /// number of repetitions.
        public let violationsOnRest: Interval
        /// How often the mean loss on all queries exceeded it, after independent draws.
        public let violations: Interval
        /// Mean share of the queries not drawn that went to the weak model, with the 95 % interval of that mean.
        public let weakShare: Interval
    }

    /// The answer.
    public struct Result: Sendable, Equatable {
        /// Thresholds certified by Learn-then-Test.
        public let certified: Behaviour
        /// Thresholds chosen to be just within the bound.
        public let naive: Behaviour
        /// The greatest share for the weak model that keeps the bound on all queries, known only afterwards.
        public let bestWeakShare: Double
        /// Queries in all.
        public let population: Int
    }

    /// How often.
    public var repetitions: Int
    /// Calibration queries each time.
    public var rows: Int
    /// Where the random numbers start.
    public var seed: UInt64

    /// Sets size and seed.
    public init(repetitions: Int, rows: Int, seed: UInt64 = 0) {
        self.repetitions = repetitions
        self.rows = rows
        self.seed = seed
    }

    /// Runs all repetitions.
    ///
    /// - Parameters:
    ///   - certifier: The goal and the thresholds.
    ///   - scores: The router's score of each query, made without it.
    ///   - losses: What each loses on the weak model, 0…1.
    ///   - threads: The most threads; the result is the same with any number.
    /// - Returns: How often promises were broken, and what they cost.
    /// - Throws: ``TurnoutError`` with code `.insufficientData` unless there are more queries than are drawn.
    /// - Complexity: O(repetitions · n log n)
    public func run(_ certifier: Certifier, scores: [Double], losses: [Double], threads: Int) throws -> Result {
        guard rows > 0, repetitions > 0 else {
            throw TurnoutError(.invalidArgument, "--simulate and --rows must be at least 1")
        }
        guard scores.count > rows else {
            throw TurnoutError(
                .insufficientData,
                "--rows \(rows) of \(scores.count) labelled rows leave none to hold the promise to; draw fewer")
        }
        let all = RiskCurve(scores: scores, losses: losses)
        let test = LearnThenTest(
            epsilon: certifier.goal.epsilon, delta: certifier.goal.delta, loss: certifier.goal.loss)
        let trials = parallelMap(repetitions, threads: threads) { repetition -> [Trial] in
            var random = SeededRandom(seed: seed &* 0x9E37_79B9 &+ UInt64(repetition))
            func curve(_ chosen: [Int]) -> RiskCurve {
                RiskCurve(scores: chosen.map { scores[$0] }, losses: chosen.map { losses[$0] })
            }
            let order = random.permutation(of: scores.count)
            let drawn = curve(Array(order.prefix(rows))), rest = curve(Array(order.dropFirst(rows)))
            let independent = curve((0..<rows).map { _ in random.next(below: scores.count) })
            let ways: [(RiskCurve) -> Int?] = [
                { test.lastAccepted($0, thresholds: certifier.thresholds) }, { naive($0, certifier) },
            ]
            return ways.map { way in
                let position = way(drawn), independently = way(independent)
                let threshold = position.map { certifier.thresholds[$0] } ?? -.infinity
                let other = independently.map { certifier.thresholds[$0] } ?? -.infinity
                return Trial(
                    isBrokenOnRest: rest.meanLoss(below: threshold) > test.epsilon,
                    isBroken: all.meanLoss(below: other) > test.epsilon, weakShare: rest.weakShare(below: threshold))
            }
        }
        let best = naive(all, certifier).map { all.weakShare(below: certifier.thresholds[$0]) } ?? 0
        return Result(
            certified: Self.behaviour(trials.map { $0[0] }), naive: Self.behaviour(trials.map { $0[1] }),
            bestWeakShare: best, population: scores.count)
    }

    /// The highest threshold whose loss on these queries is within the bound.
    private func naive(_ curve: RiskCurve, _ certifier: Certifier) -> Int? {
        certifier.thresholds.lastIndex { curve.meanLoss(below: $0) <= certifier.goal.epsilon }
    }

    private struct Trial: Sendable {
        let isBrokenOnRest: Bool
        let isBroken: Bool
        let weakShare: Double
    }

    private static func behaviour(_ trials: [Trial]) -> Behaviour {
        func rate(_ count: Int) -> Interval {
            let (low, high) = Binomial.interval(count, of: trials.count)
            return Interval(value: Double(count) / Double(trials.count), low: low, high: high)
        }
        let shares = trials.map(\.weakShare)
        let mean = shares.reduce(0, +) / Double(shares.count)
        let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(shares.count - 1, 1))
        let width = 1.96 * (variance / Double(shares.count)).squareRoot()
        return Behaviour(
            violationsOnRest: rate(trials.count { $0.isBrokenOnRest }), violations: rate(trials.count { $0.isBroken }),
            weakShare: Interval(value: mean, low: mean - width, high: mean + width))
    }
}
