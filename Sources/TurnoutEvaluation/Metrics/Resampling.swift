import TurnoutNumerics

/// Draws queries again and again with replacement: the same resamples for everything that is measured on them.
///
/// A resample is a count for each query (Efron and Tibshirani 1993, chapter 13). Every block of resamples has its own
/// random numbers, so that the result is the same with any number of threads.
struct Resampling: Sendable {
    /// Resamples to draw.
    let resamples: Int
    /// Where random numbers start.
    let seed: UInt64
    /// Queries with the same number are drawn together.
    let clusters: [Int]?
    /// The most threads to use.
    let threads: Int

    /// Measures every resample of `count` queries.
    ///
    /// - Parameters:
    ///   - count: Queries.
    ///   - progress: Is told how many resamples are done and how many there are.
    ///   - body: Measures one resample, given how often each query stands in it.
    /// - Returns: One figure for each resample.
    func map<Figure: Sendable>(
        count: Int, progress: (@Sendable (Int, Int) -> Void)? = nil, _ body: @Sendable ([UInt32]) -> Figure
    ) -> [Figure] {
        let blocks = 32
        return parallelMap(blocks, threads: threads) { block -> [Figure] in
            var random = SeededRandom(seed: seed &* 0x9E37_79B9 &+ UInt64(block))
            var resample = ResampleCounts(count: count, clusters: clusters)
            let share = resamples / blocks + (block < resamples % blocks ? 1 : 0)
            let figures = (0..<share).map { _ in
                resample.draw(using: &random)
                return body(resample.counts)
            }
            progress?(block + 1, blocks)
            return figures
        }.flatMap { $0 }
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
