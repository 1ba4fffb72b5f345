import Foundation
import TurnoutCore

/// What `turnout cascade` says.
public struct CascadeReport: Sendable {
    private let data: CascadeData
    private let points: [CascadeComparison.Point]
    private let escalations: [CascadeComparison.Escalation]
    private let simulatedAUC: Double?

    /// - Parameters:
    ///   - data: What was compared on.
    ///   - points: Quality at budgets.
    ///   - escalations: The cheapest model before the dearest.
    ///   - simulatedAUC: How good the simulated verifier is; `nil` where the verdicts came with the data.
    public init(
        data: CascadeData, points: [CascadeComparison.Point], escalations: [CascadeComparison.Escalation],
        simulatedAUC: Double?
    ) {
        self.data = data
        self.points = points
        self.escalations = escalations
        self.simulatedAUC = simulatedAUC
    }

    /// Whether the cheapest model before the dearest is shown to cost less at any of the qualities kept.
    public var pays: Bool { escalations.contains(where: \.pays) }

    private var verifier: String {
        simulatedAUC.map { String(format: "SIMULATED, AUC %.2f; no judge was asked", $0) } ?? "scores in the data"
    }

    /// For people.
    public func text() -> String {
        let models = zip(data.models, data.costs).map { String(format: "%@ $%.6f", $0.name, $1) }
        let groups = data.clusters.map { " in \(Set($0).count) groups" } ?? ""
        var lines = [
            "\(data.scores.count) prompts\(groups); a call costs: \(models.joined(separator: ", "))",
            String(format: "verifier: %@; judging costs $%.6f", verifier, data.verifyCost),
            "", "quality at equal mean cost, with 95 % intervals:",
        ]
        for point in points {
            lines.append(String(format: "  at $%.6f a prompt", point.budget))
            for strategy in CascadeComparison.Strategy.allCases {
                guard let quality = point.quality[strategy] else { continue }
                let over = point.overRouting[strategy].map { "   over routing \(Self.shown($0, sign: true))" } ?? ""
                let name = strategy.rawValue + String(repeating: " ", count: 16 - strategy.rawValue.count)
                lines.append("    \(name)\(Self.shown(quality))\(over)")
            }
        }
        lines += ["", "\(data.models[0]) before \(data.models[data.models.count - 1]):"]
        lines += escalations.map { line in
            let kept = String(format: "  to keep %.0f %% of its quality, ", line.qualityKept * 100)
            guard let rate = line.rate else { return kept + "no escalation rate is enough" }
            return kept + "\(Self.shown(rate)) of prompts escalate; that costs less below "
                + String(format: "%.3f: ", line.breakEven) + (line.pays ? "it pays" : "not shown to pay")
        }
        return lines.joined(separator: "\n")
    }

    private static func shown(_ interval: Interval, sign: Bool = false) -> String {
        let format = sign ? "%+.3f [%+.3f, %+.3f]" : "%.3f [%.3f, %.3f]"
        return String(format: format, interval.value, interval.low, interval.high)
    }
}

/// For machines: one object.
extension CascadeReport: Encodable {
    private struct Object: Encodable {
        let n: Int
        let groups: Int?
        let models: [ModelID]
        let costsUsd: [Double]
        let verifyCostUsd: Double
        let simulatedVerifierAuc: Double?
        let points: [Point]
        let escalations: [Escalation]
        let pays: Bool

        struct Point: Encodable {
            let budgetUsd: Double
            let quality, overRouting: [String: Interval]
        }

        struct Escalation: Encodable {
            let qualityKept: Double
            let rate: Interval?
            let breakEven: Double
            let pays: Bool
        }
    }

    /// Writes the keys that docs/routers/cascade.md lists, in camel case.
    public func encode(to encoder: any Encoder) throws {
        func named(_ intervals: [CascadeComparison.Strategy: Interval]) -> [String: Interval] {
            Dictionary(uniqueKeysWithValues: intervals.map { ($0.key.rawValue, $0.value) })
        }
        try Object(
            n: data.scores.count, groups: data.clusters.map { Set($0).count }, models: data.models,
            costsUsd: data.costs, verifyCostUsd: data.verifyCost, simulatedVerifierAuc: simulatedAUC,
            points: points.map {
                .init(budgetUsd: $0.budget, quality: named($0.quality), overRouting: named($0.overRouting))
            },
            escalations: escalations.map {
                .init(qualityKept: $0.qualityKept, rate: $0.rate, breakEven: $0.breakEven, pays: $0.pays)
            },
            pays: pays
        ).encode(to: encoder)
    }
}
