import Foundation

/// Keeps the chance of any false "better" among many comparisons at the level asked for.
public enum HolmCorrection {
    /// Adjusted p values: those at or below .05 may all be believed at once, with 95 % confidence.
    ///
    /// The i-th smallest of m is multiplied by m - i + 1 and is at least as great as the one before.
    /// Holm 1979, "A simple sequentially rejective multiple test procedure".
    ///
    /// - Parameter values: p values in any order.
    /// - Returns: The adjusted ones in the same order, at most 1.
    public static func adjusted(_ values: [Double]) -> [Double] {
        var result = values
        var least = 0.0
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        for (rank, index) in order.enumerated() {
            least = max(least, min(1, values[index] * Double(values.count - rank)))
            result[index] = least
        }
        return result
    }

    /// Two-sided p value of a difference whose bootstrap resamples are given, by the normal distribution.
    ///
    /// Shares of resamples beyond zero cannot tell p below 1 / resamples, which many comparisons need; a mean difference
    /// over queries is close to normal.
    ///
    /// - Parameters:
    ///   - difference: On all the data.
    ///   - resampled: On each resample; those that are not finite are passed over.
    /// - Returns: 1 for a difference that is the same in all resamples and zero.
    static func pValue(difference: Double, resampled: [Double]) -> Double {
        let values = resampled.filter(\.isFinite)
        guard values.count > 1 else { return 1 }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
        guard variance > 1e-24 else { return abs(difference) > 1e-12 ? 0 : 1 }
        return erfc(abs(difference) / (2 * variance).squareRoot())
    }
}
