/// What the ranking of one router is worth between two models, on one set of queries.
///
/// Not a number where the strong model is not better on these queries, as may happen in a small resample.
struct RankingFigures: Sendable {
    /// Strong shares at which the curve is read: 0, .025 … 1.
    static let shares = (0...40).map { Double($0) / 40 }
    /// Shares of the gap whose price is asked: CPT20, CPT50, CPT80 and CPT95.
    static let targets = [0.2, 0.5, 0.8, 0.95]

    /// Average performance gap recovered.
    var apgr = Double.nan
    /// Least strong share that recovers each of ``targets``; 1 where only all strong does.
    var callShares = [Double](repeating: .nan, count: targets.count)
    /// Performance gap recovered at each of ``shares``, on the line between neighbouring thresholds.
    var recovered = [Double](repeating: .nan, count: shares.count)

    private init() {}

    /// A random router's expectation: it recovers what it pays for.
    static let chance: RankingFigures = {
        var figures = RankingFigures()
        figures.apgr = 0.5
        figures.callShares = targets
        figures.recovered = shares
        return figures
    }()

    /// Figures when query `q` stands `counts[q]` times in the data.
    ///
    /// - Complexity: O(n)
    init(_ ranking: RankedGains, counts: [UInt32]) {
        let (total, gap) = ranking.totals(counts: counts)
        guard gap > 0 else { return }
        var (area, lastShare, lastRecovered) = (0.0, 0.0, 0.0)
        var (target, share) = (0, 0)
        ranking.forEachCut(counts: counts) { taken, gained in
            let (x, y) = (taken / total, gained / gap)
            area += (x - lastShare) * (y + lastRecovered) / 2
            // The sum at the end may fall short of the gap by rounding.
            while target < Self.targets.count, y >= Self.targets[target] - 1e-12 {
                callShares[target] = x
                target += 1
            }
            while share < Self.shares.count, x >= Self.shares[share] - 1e-12 {
                let t = x > lastShare ? (Self.shares[share] - lastShare) / (x - lastShare) : 0
                recovered[share] = lastRecovered + t * (y - lastRecovered)
                share += 1
            }
            (lastShare, lastRecovered) = (x, y)
        }
        apgr = area
    }
}
