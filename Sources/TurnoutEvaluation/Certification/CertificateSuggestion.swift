import Foundation
import TurnoutRouting

/// What could be promised when a goal cannot, on the same queries or with more of them.
public struct CertificateSuggestion: Sendable, Equatable {
    /// The fewest calibration queries with which anything could be certified at this goal.
    public let fewestQueries: Int
    /// The share for the weak model that the next two figures are about.
    public let weakShare: Double
    /// The least loss that these queries could certify at that share.
    public let feasibleEpsilon: Double
    /// About how many calibration queries the goal needs at that share; `nil` when no number would do, since the loss
    /// itself is too high.
    public let queriesNeeded: Int?
    /// All of it in words.
    public let text: String

    /// Looks at the queries that stand in the way.
    ///
    /// - Parameters:
    ///   - curve: The losses of all queries, or of the group whose threshold is the least.
    ///   - test: The test that failed.
    ///   - thresholds: The thresholds that were tested.
    ///   - leastWeakShare: What the goal asks for; a tenth of the queries is looked at unless that is more.
    ///   - group: The group's name, when the queries are those of a group.
    init(_ curve: RiskCurve, test: LearnThenTest, thresholds: [Double], leastWeakShare: Double, group: String?) {
        let share = max(0.1, leastWeakShare)
        let threshold = thresholds.first { curve.weakShare(below: $0) >= share } ?? 1
        let sum = curve.lossSum(below: threshold)
        self.weakShare = curve.weakShare(below: threshold)
        self.fewestQueries = test.fewestQueries
        self.feasibleEpsilon = test.loss.upperBound(sum: sum, of: curve.count, delta: test.delta)
        self.queriesNeeded = Self.queriesNeeded(rate: sum / Double(curve.count), test)
        let place = group.map { " in group '\($0)'" } ?? ""
        let rows = "\(curve.count) row\(curve.count == 1 ? "" : "s")\(place)"
        var sentences: [String] = []
        if curve.count < fewestQueries {
            sentences.append(
                "At least \(fewestQueries) labelled rows\(place) are needed before anything can be promised; there are \(curve.count)."
            )
        }
        let percent = { (value: Double) in String(format: "%.1f %%", value * 100) }
        sentences.append(
            "With the \(rows), \(percent(weakShare)) of queries could go to the weak model at a drop of at most \(percent(feasibleEpsilon))."
        )
        if let needed = queriesNeeded {
            sentences.append(
                "The drop on them was \(percent(sum / Double(curve.count))); if that is so everywhere, about \(needed) rows\(place) would certify \(percent(test.epsilon))."
            )
        } else {
            sentences.append(
                "The drop on them was \(percent(sum / Double(curve.count))) already: no number of rows would certify \(percent(test.epsilon)) at that share. Allow a greater drop, or train a better router."
            )
        }
        self.text = sentences.joined(separator: " ")
    }

    /// The least number of queries that certifies, when losses keep coming at this rate.
    private static func queriesNeeded(rate: Double, _ test: LearnThenTest) -> Int? {
        guard rate < test.epsilon else { return nil }
        func suffices(_ n: Int) -> Bool {
            test.loss.pValue(sum: (rate * Double(n)).rounded(.up), of: n, epsilon: test.epsilon) <= test.delta
        }
        var high = 1
        while !suffices(high), high < 1 << 32 { high *= 2 }
        guard high < 1 << 32 else { return nil }
        var low = high / 2
        while high - low > 1 {
            let middle = (low + high) / 2
            if suffices(middle) { high = middle } else { low = middle }
        }
        return high
    }
}
