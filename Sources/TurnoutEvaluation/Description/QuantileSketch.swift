import Foundation

/// Quantiles of non-negative numbers that come one at a time, each within 1 %.
///
/// Numbers are counted in bins whose ends grow by 2 % from one to the next (Masson et al. 2019, "DDSketch"): some
/// hundred bins hold any number of them.
struct QuantileSketch: Sendable {
    private static let growth = log(1.02)
    private var zeros = 0
    private var bins: [Int: Int] = [:]
    private(set) var count = 0
    private(set) var greatest = 0.0

    mutating func add(_ value: Double) {
        guard value >= 0, value.isFinite else { return }
        count += 1
        greatest = max(greatest, value)
        if value < 1e-9 { zeros += 1 } else { bins[Int((log(value) / Self.growth).rounded(.up)), default: 0] += 1 }
    }

    /// The number that a share of all numbers do not exceed; `nil` without numbers.
    func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        var left = max(Int((share * Double(count)).rounded(.up)), 1) - zeros
        guard left > 0 else { return 0 }
        for (bin, number) in bins.sorted(by: { $0.key < $1.key }) {
            left -= number
            if left <= 0 { return min(exp((Double(bin) - 0.5) * Self.growth), greatest) }
        }
        return greatest
    }
}
