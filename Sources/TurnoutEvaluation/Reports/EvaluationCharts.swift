import Foundation
import TurnoutCore

/// The pictures of an evaluation: quality over dollars where costs are known, quality over strong calls for a pair.
struct EvaluationCharts {
    private let result: EvaluationResult

    init(_ result: EvaluationResult) { self.result = result }

    /// For a pair both; for more models the one over dollars, where it can be drawn.
    var all: [CurveChart] {
        result.models.count == 2 ? [shares, money].compactMap { $0 } : [money ?? shares].compactMap { $0 }
    }

    private static let baselines = [BaselineName.random, BaselineName.length, BaselineName.hull, BaselineName.oracle]

    /// Lines of the routers and of those baselines that have one.
    private func lines(
        _ points: (EvaluationResult.Entry) -> [(x: Double, y: Interval)]?, without left: Set<String>
    ) -> [CurveChart.Line] {
        let routers = result.routers.compactMap { entry in
            points(entry).map { CurveChart.Line(name: entry.name, points: $0, isBaseline: false) }
        }
        let baselines = Self.baselines.filter { !left.contains($0) }.compactMap { name -> CurveChart.Line? in
            guard let entry = result.baselines.first(where: { $0.name == name }) else { return nil }
            return points(entry).map {
                CurveChart.Line(
                    name: EvaluationResult.label(name), points: $0, isBaseline: true,
                    mayLeave: name == BaselineName.oracle)
            }
        }
        return routers + baselines
    }

    private var shares: CurveChart? {
        guard result.hasPair else { return nil }
        let (weak, strong) = (result.models[0], result.models[result.models.count - 1])
        let (low, gap) = (weak.quality.value, strong.quality.value - weak.quality.value)
        return CurveChart(
            title: "Quality against the share of prompts that \(strong.model) answers; bands hold 95 % of resamples.",
            xTitle: "Share of prompts to the strong model", yTitle: "Mean score",
            lines: lines(
                { entry in
                    entry.pair?.curve.map { point in (point.strongShare, point.recovered.map { low + gap * $0 }) }
                }, without: [BaselineName.hull]),
            dots: [.init(name: weak.model.name, x: 0, y: low), .init(name: strong.model.name, x: 1, y: low + gap)],
            xLabel: { "\(Int(($0 * 100).rounded())) %" },
            rightLabel: { "\(Int((($0 - low) / gap * 100).rounded())) %" },
            rightTicks: [0, 0.25, 0.5, 0.75, 1].map { low + gap * $0 })
    }

    private var money: CurveChart? {
        let costs = result.models.compactMap { $0.cost?.value }
        guard costs.count == result.models.count else { return nil }
        return CurveChart(
            title: "Quality against what a thousand prompts cost; bands hold 95 % of resamples.",
            xTitle: "Dollars per 1,000 prompts", yTitle: "Mean score",
            lines: lines(
                { entry in
                    entry.frontier?.curve.map { point in (point.cost * 1000, point.quality) }
                }, without: [BaselineName.random]),
            dots: result.models.map {
                .init(name: $0.model.name, x: ($0.cost?.value ?? 0) * 1000, y: $0.quality.value)
            },
            xLabel: { String(format: "$%.6g", $0) })
    }
}
