/// Queries in the order in which a router gives them to the strong model, and what each gains by going there.
///
/// Sorted once: a bootstrap resample is then a count for each query. Equal scores are cut together, since no threshold
/// can part them.
struct RankedGains: Sendable {
    /// Query numbers in descending order of score; equals by number.
    let order: [Int32]
    /// Scores in that order.
    let scores: [Double]
    /// Gains in that order.
    let gains: [Double]
    private let isLastOfTie: [Bool]

    init(scores: [Double], outcomes: PairOutcomes) {
        precondition(scores.count == outcomes.count, "\(scores.count) scores for \(outcomes.count) queries")
        let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
        let gaps = outcomes.gaps
        self.order = order.map(Int32.init)
        self.scores = order.map { scores[$0] }
        self.gains = order.map { gaps[$0] }
        self.isLastOfTie = order.indices.map { $0 + 1 == order.count || scores[order[$0 + 1]] != scores[order[$0]] }
    }

    /// Walks down the queries and stops at each place where a threshold can stand.
    ///
    /// - Parameters:
    ///   - counts: How often each query stands in the data.
    ///   - body: Is given the queries above the threshold and the sum of their gains.
    func forEachCut(counts: [UInt32], _ body: (_ taken: Double, _ gained: Double) -> Void) {
        var (taken, gained) = (0.0, 0.0)
        for position in order.indices {
            let count = Double(counts[Int(order[position])])
            taken += count
            gained += count * gains[position]
            if isLastOfTie[position] { body(taken, gained) }
        }
    }

    /// Queries in the data, and what they gain when all of them go to the strong model.
    func totals(counts: [UInt32]) -> (count: Double, gain: Double) {
        var (count, gain) = (0.0, 0.0)
        for position in order.indices {
            let weight = Double(counts[Int(order[position])])
            count += weight
            gain += weight * gains[position]
        }
        return (count, gain)
    }
}
