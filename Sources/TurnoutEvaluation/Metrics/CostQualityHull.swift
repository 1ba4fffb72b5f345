/// One way to run: what a query costs on average, and how good the answers are.
public struct CostQuality: Sendable, Equatable {
    /// Mean cost of a query in US dollars.
    public var cost: Double
    /// Mean score of the answers.
    public var quality: Double

    /// Sets both.
    public init(cost: Double, quality: Double) {
        self.cost = cost
        self.quality = quality
    }
}

/// The best quality at every budget when ways to run may be mixed at random: the non-decreasing upper hull of points.
///
/// A query is sent one way with some chance and another way else, so that every point on the line between two ways can be
/// had. Hu et al. 2024, "RouterBench", section 3.
public struct CostQualityHull: Sendable, Equatable {
    /// Corners, both cost and quality strictly ascending, slopes descending; at least one.
    public let points: [CostQuality]

    /// Finds the corners.
    ///
    /// - Parameter points: Ways to run, at least one, in any order; finite.
    /// - Complexity: O(n log n)
    public init(_ points: [CostQuality]) {
        precondition(!points.isEmpty, "a hull needs at least one point")
        var corners: [CostQuality] = []
        for point in points.sorted(by: { ($0.cost, -$0.quality) < ($1.cost, -$1.quality) }) {
            if let last = corners.last, point.quality <= last.quality { continue }
            while corners.count > 1, Self.isBelow(corners[corners.count - 1], corners[corners.count - 2], point) {
                corners.removeLast()
            }
            corners.append(point)
        }
        self.points = corners
    }

    /// Whether the middle point lies on or below the line from `start` to `end`.
    private static func isBelow(_ middle: CostQuality, _ start: CostQuality, _ end: CostQuality) -> Bool {
        (middle.quality - start.quality) * (end.cost - start.cost)
            <= (end.quality - start.quality) * (middle.cost - start.cost)
    }

    /// The best quality that a budget buys; that of the cheapest point where even it costs more.
    public func quality(atCost cost: Double) -> Double {
        guard let upper = points.firstIndex(where: { $0.cost >= cost }) else { return points[points.count - 1].quality }
        guard upper > 0 else { return points[0].quality }
        let (a, b) = (points[upper - 1], points[upper])
        return a.quality + (b.quality - a.quality) * (cost - a.cost) / (b.cost - a.cost)
    }

    /// The least cost of a quality; `nil` where it is not reached.
    public func cost(atQuality quality: Double) -> Double? {
        guard let upper = points.firstIndex(where: { $0.quality >= quality - 1e-12 }) else { return nil }
        guard upper > 0 else { return points[0].cost }
        let (a, b) = (points[upper - 1], points[upper])
        return min(b.cost, a.cost + (b.cost - a.cost) * (quality - a.quality) / (b.quality - a.quality))
    }

    /// Mean quality over all budgets from `low` to `high`: the area under the hull over its width.
    public func meanQuality(from low: Double, to high: Double) -> Double {
        guard high > low else { return quality(atCost: high) }
        let knots = [low] + points.map(\.cost).filter { $0 > low && $0 < high } + [high]
        let area = zip(knots, knots.dropFirst()).reduce(0) { sum, ends in
            sum + (ends.1 - ends.0) * (quality(atCost: ends.0) + quality(atCost: ends.1)) / 2
        }
        return area / (high - low)
    }
}
