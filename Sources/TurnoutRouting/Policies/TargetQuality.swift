/// The rule of `target_quality`: keep a share of the best single model's quality, as cheaply as the router can.
///
/// Each query goes to the candidate with the greatest `estimate − λ · cost`, the cost as a share of what the dearest
/// candidate would charge for this very query. That is the least cost for a given mean quality (the Lagrangian of the
/// problem), and λ is the greatest one at which the mean estimate over the reference sample keeps the target.
/// The target is therefore met on what the router believes of held-out queries; a proof needs a certificate.
struct TargetQuality: Sendable {
    /// λ: the quality that the dearest candidate's cost must buy; zero or more.
    let multiplier: Double

    /// Finds λ on a sample.
    ///
    /// - Parameters:
    ///   - target: Share of the best single candidate's mean estimate, 0…1.
    ///   - estimates: Of queries that the router had not seen; shape `[rows][candidates]`, not empty.
    ///   - costs: Of each candidate, as shares of the dearest one's, 0…1.
    /// - Complexity: O(rows · candidates · 50)
    init(target: Double, estimates: [[Double]], costs: [Double]) {
        let rows = Double(estimates.count)
        let means = costs.indices.map { column in estimates.reduce(0) { $0 + $1[column] } / rows }
        let goal = target * (means.max() ?? 0)
        func keeps(_ multiplier: Double) -> Bool {
            var sum = 0.0
            for row in estimates { sum += row[Self.best(row, costs, multiplier)] }
            return sum / rows >= goal - 1e-12
        }
        // Beyond this every query goes to the cheapest.
        let spread = estimates.lazy.map { ($0.max() ?? 0) - ($0.min() ?? 0) }.max() ?? 0
        let gaps = zip(costs.sorted(), costs.sorted().dropFirst()).map { $1 - $0 }.filter { $0 > 0 }
        var (low, high) = (0.0, gaps.isEmpty ? 0 : (spread + 1e-9) / (gaps.min() ?? 1))
        if keeps(high) {
            multiplier = high
            return
        }
        for _ in 0..<50 {
            let middle = (low + high) / 2
            if keeps(middle) { low = middle } else { high = middle }
        }
        multiplier = low
    }

    /// The candidate with the greatest `estimate − λ · cost`; of equal ones the cheaper.
    private static func best(_ estimates: [Double], _ costs: [Double], _ multiplier: Double) -> Int {
        var best = 0
        for index in estimates.indices.dropFirst() {
            let gain = (estimates[index] - multiplier * costs[index]) - (estimates[best] - multiplier * costs[best])
            if gain > 0 || (gain == 0 && costs[index] < costs[best]) { best = index }
        }
        return best
    }
}
