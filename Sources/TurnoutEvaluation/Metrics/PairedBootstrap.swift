import TurnoutNumerics

/// A figure and the interval in which it lies.
public struct Interval: Sendable, Equatable, Codable {
    /// The figure on all the data.
    public var value: Double
    /// Lower end of the 95 % interval.
    public var low: Double
    /// Upper end of the 95 % interval.
    public var high: Double

    /// Sets figure and ends.
    public init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }
}

/// Intervals for the figures of routers by resampling queries, the same resamples for all of them.
///
/// In each resample the queries are drawn again with replacement, thresholds and the gap between the models are
/// computed afresh, and so are all figures; the 2.5th and 97.5th percentiles are the ends of the interval
/// (Efron and Tibshirani 1993, chapter 13). Scores are sorted once: a resample is a count for each query.
public struct PairedBootstrap: Sendable {
    /// What one router reached.
    public struct Result: Sendable {
        /// Average performance gap recovered.
        public let apgr: Interval
        /// Least strong share that recovers half of the gap.
        public let cpt50: Interval
        /// Least strong share that recovers four fifths of the gap.
        public let cpt80: Interval
        /// APGR minus that of the first router, on the same resamples.
        public let apgrOverFirst: Interval
    }

    /// Resamples to draw.
    public var resamples: Int
    /// Where the random numbers start.
    public var seed: UInt64

    /// Sets the number of resamples and the seed.
    public init(resamples: Int = 1000, seed: UInt64 = 0) {
        self.resamples = resamples
        self.seed = seed
    }

    /// Figures of several routers on the same queries.
    ///
    /// - Parameters:
    ///   - routers: The scores of each; the first is the one the others are compared with.
    ///   - outcomes: What both models scored.
    ///   - clusters: Queries with the same number are drawn together, such as the turns of a conversation.
    ///   - threads: The most threads to use.
    /// - Returns: One result for each router, in order.
    /// - Complexity: O(routers · (n log n + resamples · n))
    public func compare(
        _ routers: [[Double]], outcomes: PairOutcomes, clusters: [Int]? = nil, threads: Int = 1
    ) -> [Result] {
        let sorted = routers.map { SortedGaps(scores: $0, outcomes: outcomes) }
        let blocks = 32
        let drawn = parallelMap(blocks, threads: threads) { block -> [[Figures]] in
            var random = SeededRandom(seed: seed &* 0x9E37_79B9 &+ UInt64(block))
            var counts = ResampleCounts(count: outcomes.count, clusters: clusters)
            return (0..<share(of: block, in: blocks)).map { _ in
                counts.draw(using: &random)
                return sorted.map { $0.figures(counts: counts.counts) }
            }
        }.flatMap { $0 }.filter { $0.allSatisfy(\.apgr.isFinite) }
        let full = sorted.map { $0.figures(counts: [UInt32](repeating: 1, count: outcomes.count)) }
        return full.indices.map { router in
            func interval(_ value: Double, _ figure: ([Figures]) -> Double) -> Interval {
                Percentiles.interval(of: drawn.map(figure), around: value)
            }
            return Result(
                apgr: interval(full[router].apgr) { $0[router].apgr },
                cpt50: interval(full[router].cpt50) { $0[router].cpt50 },
                cpt80: interval(full[router].cpt80) { $0[router].cpt80 },
                apgrOverFirst: interval(full[router].apgr - full[0].apgr) { $0[router].apgr - $0[0].apgr })
        }
    }

    private func share(of block: Int, in blocks: Int) -> Int {
        resamples / blocks + (block < resamples % blocks ? 1 : 0)
    }
}

/// The middle 95 % of resampled figures.
enum Percentiles {
    static func interval(of values: [Double], around value: Double) -> Interval {
        let sorted = values.filter(\.isFinite).sorted()
        guard !sorted.isEmpty else { return Interval(value: value, low: value, high: value) }
        func at(_ q: Double) -> Double {
            let position = q * Double(sorted.count - 1)
            let (lower, upper) = (Int(position), min(Int(position) + 1, sorted.count - 1))
            return sorted[lower] + (sorted[upper] - sorted[lower]) * (position - Double(lower))
        }
        return Interval(value: value, low: at(0.025), high: at(0.975))
    }
}

/// How often each query stands in a resample.
struct ResampleCounts {
    private(set) var counts: [UInt32]
    private let members: [[Int]]

    init(count: Int, clusters: [Int]?) {
        self.counts = [UInt32](repeating: 0, count: count)
        guard let clusters else {
            self.members = []
            return
        }
        let groups = Dictionary(grouping: clusters.indices, by: { clusters[$0] })
        self.members = groups.keys.sorted().map { groups[$0, default: []] }
    }

    mutating func draw(using random: inout SeededRandom) {
        let count = counts.count
        counts.withUnsafeMutableBufferPointer { counts in
            counts.update(repeating: 0)
            if members.isEmpty {
                for _ in 0..<count { counts[random.next(below: count)] += 1 }
            } else {
                for _ in members { for query in members[random.next(below: members.count)] { counts[query] += 1 } }
            }
        }
    }
}

/// The figures of one router on one resample.
struct Figures {
    var apgr: Double
    var cpt50: Double
    var cpt80: Double
}

/// Queries in descending order of score, ready for counting.
private struct SortedGaps {
    private let order: [Int32]
    private let gaps: [Double]
    private let isLastOfTie: [Bool]

    init(scores: [Double], outcomes: PairOutcomes) {
        precondition(scores.count == outcomes.count, "\(scores.count) scores for \(outcomes.count) queries")
        let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
        let gap = outcomes.gaps
        self.order = order.map(Int32.init)
        self.gaps = order.map { gap[$0] }
        self.isLastOfTie = order.indices.map { $0 + 1 == order.count || scores[order[$0 + 1]] != scores[order[$0]] }
    }

    /// Figures when query `q` stands `counts[q]` times in the data.
    func figures(counts: [UInt32]) -> Figures {
        var (drawn, gained) = (0.0, 0.0)
        for position in order.indices {
            let count = Double(counts[Int(order[position])])
            drawn += count
            gained += count * gaps[position]
        }
        guard gained > 0 else { return Figures(apgr: .nan, cpt50: .nan, cpt80: .nan) }
        let total = gained
        var (area, taken, sum) = (0.0, 0.0, 0.0)
        var (lastTaken, lastSum) = (0.0, 0.0)
        var (cpt50, cpt80) = (-1.0, -1.0)
        for position in order.indices {
            let count = Double(counts[Int(order[position])])
            taken += count
            sum += count * gaps[position]
            guard isLastOfTie[position] else { continue }
            area += (taken - lastTaken) * (sum + lastSum) / 2
            (lastTaken, lastSum) = (taken, sum)
            if cpt50 < 0, sum >= 0.5 * total * (1 - 1e-12) { cpt50 = taken / drawn }
            if cpt80 < 0, sum >= 0.8 * total * (1 - 1e-12) { cpt80 = taken / drawn }
        }
        return Figures(apgr: area / drawn / total, cpt50: cpt50, cpt80: cpt80)
    }
}
