/// Groups of players of similar strength.
package enum Tiers {
    /// Cuts players, sorted by rating, into tiers so that the sum of the variances within the tiers is least.
    ///
    /// Each tier's variance counts the same however many players it has; a tier of one has none. Dynamic programming
    /// over cuts; of equally good cuts the one that leaves fewer players in the upper tiers is taken. Ong et al. 2024,
    /// "RouteLLM", appendix on similarity-weighted ranking.
    ///
    /// - Parameters:
    ///   - ratings: One finite rating for each player, in any order.
    ///   - count: How many tiers; as many as there are players where these are fewer.
    /// - Returns: The tier of each player, 0 for the strongest.
    /// - Complexity: O(`count` · players²)
    package static func assign(_ ratings: [Double], count: Int) -> [Int] {
        precondition(count > 0, "players are cut into at least one tier")
        let order = ratings.indices.sorted { (ratings[$1], $0) < (ratings[$0], $1) }
        let players = order.count
        guard players > 0 else { return [] }
        let spread = Spread(order.map { ratings[$0] })
        let tiers = min(count, players)
        // best[end]: the least sum for the first `end` players in the tiers so far; cut[tier][end]: where the last begins.
        var best = (0...players).map { $0 == 0 ? 0 : spread.variance(0..<$0) }
        var cuts = [[Int](repeating: 0, count: players + 1)]
        for tier in 1..<max(tiers, 1) {
            var next = [Double](repeating: .infinity, count: players + 1)
            var cut = [Int](repeating: 0, count: players + 1)
            for end in tier + 1..<players + 1 {
                for start in tier..<end {
                    let sum = best[start] + spread.variance(start..<end)
                    if sum < next[end] { (next[end], cut[end]) = (sum, start) }
                }
            }
            best = next
            cuts.append(cut)
        }
        var result = [Int](repeating: 0, count: players)
        var end = players
        for tier in (0..<tiers).reversed() {
            for position in cuts[tier][end]..<end { result[order[position]] = tier }
            end = cuts[tier][end]
        }
        return result
    }

    /// Variances of runs of sorted numbers, each in constant time.
    private struct Spread {
        private var sums = [0.0]
        private var squares = [0.0]

        init(_ values: [Double]) {
            let mean = values.reduce(0, +) / Double(max(values.count, 1))  // about the mean little is lost to rounding
            for value in values {
                sums.append(sums[sums.count - 1] + value - mean)
                squares.append(squares[squares.count - 1] + (value - mean) * (value - mean))
            }
        }

        func variance(_ range: Range<Int>) -> Double {
            guard range.count > 1 else { return 0 }
            let mean = (sums[range.upperBound] - sums[range.lowerBound]) / Double(range.count)
            let square = (squares[range.upperBound] - squares[range.lowerBound]) / Double(range.count)
            return max(square - mean * mean, 0)
        }
    }
}
