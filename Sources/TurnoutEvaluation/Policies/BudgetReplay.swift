import Foundation
import TurnoutCore
import TurnoutNumerics
import TurnoutRouting

/// Prompts that arrive over days, each with a budget that is to be spent evenly and never overspent.
///
/// The ``Decider`` and the ``BudgetPacer`` are those of the gateway: each request reads the multiplier, reserves what the
/// dearest of the models that may be tried may cost, and settles what its call did cost when its answer has ended.
public struct BudgetReplay: Sendable {
    /// In which order prompts come.
    public enum Order: String, Sendable, CaseIterable {
        /// As the rows stand.
        case asGiven = "as given"
        /// One kind of prompt after the other, where rows have groups or categories.
        case byKind = "by kind"
        /// First those on which the models' mean score is the greatest.
        case easyToHard = "easy to hard"
        /// First those on which it is the least.
        case hardToEasy = "hard to easy"
        /// At random.
        case shuffled
    }

    /// When prompts come.
    public enum Arrivals: String, Sendable, CaseIterable {
        /// One after the other at equal distances.
        case even
        /// At random at a constant rate.
        case poisson
        /// At random, nine times as many at noon as at midnight.
        case daily
        /// In bursts of fifty within a thousandth of the period.
        case bursts
    }

    /// How one budget was spent.
    public struct Run: Sendable {
        /// Order and arrivals, in words.
        public let order, arrivals: String
        /// The day, from 1; the first one knows nothing of when requests come.
        public let day: Int
        /// Dollars that might be spent.
        public let budget: Double
        /// Dollars that were.
        public internal(set) var spent = 0.0
        /// The most dollars that were spent and reserved at any time.
        public internal(set) var mostCommitted = 0.0
        /// Mean score; a refused prompt scores 0.
        public internal(set) var quality = 0.0
        /// Prompts for which too little was left.
        public internal(set) var refused = 0
        /// Prompts.
        public let count: Int
    }

    /// A request whose answer has not ended.
    private struct UnderWay {
        let end: Double
        let cost, most: Money
    }

    private let replay: PolicyReplay
    private let seed: UInt64

    /// Seconds of the period: a day.
    public static let period = 86_400.0

    /// Replays the prompts of a replay; random orders and times come from a seed.
    public init(_ replay: PolicyReplay, seed: UInt64 = 0) {
        self.replay = replay
        self.seed = seed
    }

    /// Spends a budget a day on all prompts, the same each day at other times.
    ///
    /// - Parameters:
    ///   - budget: Dollars a day for all prompts together.
    ///   - days: Days in a row.
    ///   - order: In which order they come.
    ///   - arrivals: When they come.
    /// - Returns: One run for each day.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for a budget that is none.
    public func run(budget: Double, days: Int = 2, order: Order, arrivals: Arrivals) throws -> [Run] {
        guard let amount = Money(dollars: budget) else {
            throw TurnoutError(.invalidArgument, "a budget of \(budget) dollars is too large to be one")
        }
        let limit = BudgetPacer.Limit(amount: amount, period: Self.period)
        let decider = try replay.decider.with(policy: Policy(.budget(limit)))
        var pacer = BudgetPacer(limit: limit, time: 0)
        let rows = rows(order)
        return (1...days).map { day in
            var run = Run(
                order: order.rawValue, arrivals: arrivals.rawValue, day: day, budget: budget, count: rows.count)
            let start = Double(day - 1) * Self.period
            let requests = zip(rows, times(arrivals, day: day)).map { (row: $0, time: start + $1) }
            pass(requests, until: start + Self.period, by: decider, &pacer, into: &run)
            return run
        }
    }

    /// One day.
    private func pass(
        _ requests: [(row: Int, time: Double)], until end: Double, by decider: Decider, _ pacer: inout BudgetPacer,
        into run: inout Run
    ) {
        var underWay: [UnderWay] = []
        func settle(until time: Double, _ pacer: inout BudgetPacer) {
            while let next = underWay.indices.min(by: { underWay[$0].end < underWay[$1].end }),
                underWay[next].end <= time
            {
                let ended = underWay.remove(at: next)
                // What ends after midnight is booked before it, so that each day's account is closed.
                pacer.settle(ended.cost, reserved: ended.most, at: min(ended.end, end - 0.001))
            }
        }
        for (row, time) in requests {
            settle(until: time, &pacer)
            let conditions = Conditions(budget: pacer.arrive(at: time))
            guard
                let decision = try? decider.decide(
                    replay.queries[row], assessed: replay.assessment(of: row), under: conditions),
                let model = decision.options.firstIndex(where: { $0.rank == 1 }),
                let cost = Money(dollars: replay.costs[model][row])
            else {
                run.refused += 1
                continue
            }
            let most = decision.options.filter { $0.rank != nil }.compactMap(\.prospect.ceiling).max() ?? .zero
            guard pacer.reserve(most) else {
                run.refused += 1
                continue
            }
            run.mostCommitted = max(run.mostCommitted, (pacer.spent + pacer.reserved).dollars)
            run.quality += replay.data.scores[model][row] / Double(run.count)
            underWay.append(UnderWay(end: time + decision.options[model].prospect.total, cost: cost, most: most))
        }
        settle(until: .infinity, &pacer)
        run.spent = pacer.spent.dollars
        run.mostCommitted = max(run.mostCommitted, run.spent)
    }

    private func rows(_ order: Order) -> [Int] {
        let data = replay.data
        let rows = Array(data.rows.indices)
        switch order {
        case .asGiven: return rows
        case .byKind:
            let kinds = data.rows.map { $0.group ?? $0.category ?? "" }
            return rows.sorted { (kinds[$0], $0) < (kinds[$1], $1) }
        case .easyToHard, .hardToEasy:
            let means = rows.map { row in data.scores.reduce(0) { $0 + $1[row] } }
            let hardFirst = rows.sorted { (means[$0], $0) < (means[$1], $1) }
            return order == .hardToEasy ? hardFirst : hardFirst.reversed()
        case .shuffled:
            var random = SeededRandom(seed: seed)
            return rows.shuffled(using: &random)
        }
    }

    /// Seconds from the beginning of the day, ascending, all of them before its end.
    private func times(_ arrivals: Arrivals, day: Int) -> [Double] {
        let count = replay.queries.count
        var random = SeededRandom(seed: seed &+ UInt64(day))
        func uniform() -> Double { Double.random(in: 0..<1, using: &random) }
        let places: [Double] =
            switch arrivals {
            case .even: (0..<count).map { (Double($0) + 0.5) / Double(count) }
            case .poisson: (0..<count).map { _ in uniform() }
            case .daily: (0..<count).map { _ in Self.place(ofDailyShare: uniform()) }
            case .bursts:
                (0..<(count + 49) / 50).map { _ in uniform() * 0.999 }
                    .flatMap { start in (0..<50).map { _ in start + uniform() * 0.001 } }
            }
        return Array(places.sorted().prefix(count)).map { $0 * Self.period }
    }

    /// When in the day that share of its requests has come, the rate being 1 − 0.8 · cos(2π · time): by bisection.
    private static func place(ofDailyShare share: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<40 {
            let middle = (low + high) / 2
            let passed = middle - 0.8 * sin(2 * .pi * middle) / (2 * .pi)
            if passed < share { low = middle } else { high = middle }
        }
        return low
    }
}
