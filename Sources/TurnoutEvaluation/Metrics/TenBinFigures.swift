/// APGR and CPT as the reference implementation of RouteLLM computes them, to stand beside published tables.
///
/// Thresholds are the 0th, 10th … 100th percentile of the scores, eleven points in all; the last one sends nothing to the
/// strong model. APGR is the area under them by trapezoids. CPT(x) is read off by linear interpolation of share over
/// quality, which has no one answer where the curve falls; the search of `numpy.interp` decides then, and is followed
/// here. Ong et al. 2024, "RouteLLM", section 3.2, and its published code.
struct TenBinFigures: Sendable {
    /// Average performance gap recovered.
    var apgr = Double.nan
    /// CPT20, CPT50 and CPT80.
    var callShares = [Double](repeating: .nan, count: 3)

    static let targets = [0.2, 0.5, 0.8]

    /// Figures when query `q` stands `counts[q]` times in the data.
    ///
    /// Not a number where two percentiles coincide, which the reference implementation refuses, or where there is no gap.
    init(_ ranking: RankedGains, counts: [UInt32]) {
        let (total, gap) = ranking.totals(counts: counts)
        guard gap > 0, let edges = Self.edges(ranking, counts: counts, total: Int(total)) else { return }
        var shares = [Double](repeating: 0, count: 11)
        var recovered = shares
        var (taken, gained, edge) = (0.0, 0.0, 9)  // edges descend from 9; number 10 takes nothing
        for position in ranking.order.indices {
            while edge >= 0, ranking.scores[position] < edges[edge] {
                (shares[10 - edge], recovered[10 - edge]) = (taken / total, gained / gap)
                edge -= 1
            }
            let count = Double(counts[Int(ranking.order[position])])
            taken += count
            gained += count * ranking.gains[position]
        }
        while edge >= 0 {
            (shares[10 - edge], recovered[10 - edge]) = (taken / total, gained / gap)
            edge -= 1
        }
        apgr = 0
        for bin in 1...10 { apgr += (shares[bin] - shares[bin - 1]) * (recovered[bin] + recovered[bin - 1]) / 2 }
        callShares = Self.targets.map { Self.interpolate($0, recovered, shares) }
    }

    /// The percentiles, ascending, by linear interpolation between order statistics; `nil` where two are equal.
    private static func edges(_ ranking: RankedGains, counts: [UInt32], total: Int) -> [Double]? {
        let wanted = (0...10).flatMap { edge -> [Int] in
            let position = Double(edge) / 10 * Double(total - 1)
            return [Int(position), min(Int(position) + 1, total - 1)]
        }
        var found = [Double](repeating: 0, count: wanted.count)
        var (next, seen) = (0, 0)
        for position in ranking.order.indices.reversed() where counts[Int(ranking.order[position])] > 0 {
            seen += Int(counts[Int(ranking.order[position])])
            while next < wanted.count, wanted[next] < seen {
                found[next] = ranking.scores[position]
                next += 1
            }
        }
        let edges = (0...10).map { edge in
            let place = Double(edge) / 10 * Double(total - 1)
            let (low, high) = (found[2 * edge], found[2 * edge + 1])
            return low + (high - low) * (place - place.rounded(.down))
        }
        return zip(edges, edges.dropFirst()).allSatisfy(<) ? edges : nil
    }

    /// `numpy.interp` for one value and eleven points, whose `xs` may be out of order.
    private static func interpolate(_ x: Double, _ xs: [Double], _ ys: [Double]) -> Double {
        if x < xs[0] { return ys[0] }
        if x >= xs[10] { return ys[10] }
        var lower: Int
        if let near = (0..<3).first(where: { x < xs[$0 + 1] }) {
            lower = near
        } else {
            var (low, high) = (3, x < xs[9] ? 9 : 11)
            while low < high {
                let middle = (low + high) / 2
                if x >= xs[middle] { low = middle + 1 } else { high = middle }
            }
            lower = low - 1
        }
        lower = min(lower, 9)
        return ys[lower] + (ys[lower + 1] - ys[lower]) / (xs[lower + 1] - xs[lower]) * (x - xs[lower])
    }
}
