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
        var lines = [
            "\(data.scores.count) prompts; a call costs: \(models.joined(separator: ", "))",
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

    /// For machines: one object.
    ///
    /// - Throws: What the encoder throws; numbers are finite.
    public func json() throws -> String {
        struct Object: Encodable {
            struct Point: Encodable {
                let budget_usd: Double
                let quality, over_routing: [String: Interval]
            }
            struct Escalation: Encodable {
                let quality_kept: Double
                let rate: Interval?
                let break_even: Double
                let pays: Bool
            }
            let n: Int
            let models: [String]
            let costs_usd: [Double]
            let verify_cost_usd: Double
            let simulated_verifier_auc: Double?
            let points: [Point]
            let escalations: [Escalation]
            let pays: Bool
        }
        func named(_ intervals: [CascadeComparison.Strategy: Interval]) -> [String: Interval] {
            Dictionary(uniqueKeysWithValues: intervals.map { ($0.key.rawValue, $0.value) })
        }
        let object = Object(
            n: data.scores.count, models: data.models.map(\.name), costs_usd: data.costs,
            verify_cost_usd: data.verifyCost, simulated_verifier_auc: simulatedAUC,
            points: points.map {
                .init(budget_usd: $0.budget, quality: named($0.quality), over_routing: named($0.overRouting))
            },
            escalations: escalations.map {
                .init(quality_kept: $0.qualityKept, rate: $0.rate, break_even: $0.breakEven, pays: $0.pays)
            },
            pays: pays)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(object), as: UTF8.self)
    }

    private static func shown(_ interval: Interval, sign: Bool = false) -> String {
        let format = sign ? "%+.3f [%+.3f, %+.3f]" : "%.3f [%.3f, %.3f]"
        return String(format: format, interval.value, interval.low, interval.high)
    }
}
