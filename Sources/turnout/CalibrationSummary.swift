import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting

/// What `calibrate` says when it is done.
struct CalibrationSummary: Encodable {
    enum Goal {
        case strongShare(Double), budget(Double), quality(Double)
    }

    struct Band: Encodable {
        let low: Double
        let high: Double
    }

    /// The share among queries that come next, where it strays further than in the long run.
    struct Next: Encodable {
        let queries: Int
        let low: Double
        let high: Double
    }

    let threshold: Double
    let strongShare: Double
    let n: Int
    let strongShareInterval: Band
    let next: Next
    var artifact: String?
    /// Says so when the router's certificate has expired.
    var expiredCertificate: String?
    private var costUsdPerThousand: Interval?
    private var qualityKept: Interval?
    private var missRate: Double?

    private var goal = Goal.strongShare(0)

    private enum CodingKeys: String, CodingKey {
        case threshold, strongShare, n, strongShareInterval, next, artifact, expiredCertificate, costUsdPerThousand,
            qualityKept, missRate
    }

    init(threshold: Double, scores: [Double], goal: Goal, found: ThresholdSearch.Result? = nil) {
        let strong = scores.count { $0 >= threshold }
        let band = StrongShareThreshold.interval(strong, of: scores.count)
        let next = StrongShareThreshold.interval(strong, of: scores.count, next: 1000)
        self.threshold = threshold
        self.strongShare = Double(strong) / Double(scores.count)
        self.n = scores.count
        self.strongShareInterval = Band(low: band.low, high: band.high)
        self.next = Next(queries: 1000, low: next.low, high: next.high)
        self.goal = goal
        switch (goal, found) {
        case (.budget, let found?):
            let dollars = found.reached
            self.costUsdPerThousand = Interval(
                value: dollars.value * 1000, low: dollars.low * 1000, high: dollars.high * 1000)
            self.missRate = found.missRate
        case (.quality, let found?):
            self.qualityKept = found.reached
            self.missRate = found.missRate
        default: break
        }
    }

    func text(strong: ModelID) -> String {
        func percent(_ value: Double) -> String { String(format: "%.1f %%", value * 100) }
        var lines = [
            String(format: "threshold %.6f: ", threshold)
                + "\(percent(strongShare)) of \(n) queries go to \(strong.name)",
            "on traffic like this \(percent(strongShareInterval.low)) to \(percent(strongShareInterval.high)) in the long "
                + "run, \(percent(next.low)) to \(percent(next.high)) of the next \(next.queries) (95 %)",
        ]
        if case .strongShare(let share) = goal, abs(share - strongShare) > 0.01 {
            lines.append("Many queries have the same score; no threshold comes nearer to \(percent(share)).")
        }
        if let costUsdPerThousand {
            lines.append(
                String(
                    format: "cost of a thousand requests $%.4g [%.4g, %.4g]", costUsdPerThousand.value,
                    costUsdPerThousand.low,
                    costUsdPerThousand.high))
        }
        if let qualityKept {
            lines.append(
                "keeps \(percent(qualityKept.value)) [\(percent(qualityKept.low)), \(percent(qualityKept.high))] of the quality of \(strong.name)"
            )
        }
        if let missRate {
            lines.append(
                String(
                    format: "A threshold chosen so misses its goal in %.0f of 100 samples of this size.", missRate * 100
                )
                    + (qualityKept == nil ? "" : " 'turnout certify' makes a promise instead."))
        }
        if let artifact { lines.append("\(artifact): its policy 'strong_share' now uses these \(n) queries") }
        if let expiredCertificate { lines.append(expiredCertificate) }
        return lines.joined(separator: "\n")
    }
}
