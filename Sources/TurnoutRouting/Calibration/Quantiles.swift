/// Empirical quantiles and ranks by linear interpolation between order statistics.
public enum Quantiles {
    /// The value below which a share `q` of `sorted` lies; `q` in 0…1, `sorted` ascending and not empty.
    public static func value(at q: Double, in sorted: [Double]) -> Double {
        let position = min(max(q, 0), 1) * Double(sorted.count - 1)
        let lower = Int(position)
        let upper = min(lower + 1, sorted.count - 1)
        return sorted[lower] + (sorted[upper] - sorted[lower]) * (position - Double(lower))
    }

    /// The share of `sorted` below `x`, interpolated; 0 below the least element and 1 above the greatest.
    ///
    /// - Complexity: O(log `sorted.count`)
    public static func rank(of x: Double, in sorted: [Double]) -> Double {
        guard sorted.count > 1 else { return 0.5 }
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < x { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return 0 }
        guard low < sorted.count else { return 1 }
        let (below, above) = (sorted[low - 1], sorted[low])
        let fraction = above > below ? (x - below) / (above - below) : 0
        return (Double(low - 1) + fraction) / Double(sorted.count - 1)
    }
}
