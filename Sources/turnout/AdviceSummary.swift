import Foundation
import TurnoutCore
import TurnoutEvaluation

/// What `advise` says when it is done.
struct AdviceSummary: Encodable {
    struct Model: Encodable {
        let model: ModelID
        let quality: Interval
        let costUsdPerThousand: Interval
        let frontier: Bool
    }

    struct Route: Encodable {
        let models: [ModelID]
        let shares: [Double]
        let quality: Interval
        let costUsdPerThousand: Interval
        let savingUsdPerThousand: Interval
        let savingShare: Interval
        let qualityChange: Interval
        let gainUsdPerThousand: Interval?
        let overMixing: Interval
    }

    /// Requests; an end is null where there may be no break-even.
    struct BreakEven: Encodable {
        let requests: Double
        let low: Double
        let high: Nullable<Double>
    }

    let worthIt: Bool
    let single: ModelID
    let rows: Int
    let incompleteRows: Int
    let models: [Model]
    let route: Route?
    let fixedCostUsd: Double?
    let breakEven: BreakEven?
    private let wish: RoutingAdvisor.Wish

    private enum CodingKeys: String, CodingKey {
        case worthIt, single, rows, incompleteRows, models, route, fixedCostUsd, breakEven
    }

    init(_ advice: RoutingAdvice, incompleteRows: Int, fixedCost: Double, judgeCost: Double) {
        self.worthIt = advice.isWorthIt
        self.single = advice.single
        self.rows = advice.rows
        self.incompleteRows = incompleteRows
        self.wish = advice.wish
        self.models = advice.models.map {
            Model(
                model: $0.model, quality: $0.quality, costUsdPerThousand: $0.costPerThousand, frontier: $0.isOnFrontier)
        }
        self.route = advice.route.map {
            Route(
                models: $0.models, shares: $0.shares, quality: $0.effect.quality,
                costUsdPerThousand: $0.effect.costPerThousand, savingUsdPerThousand: $0.effect.savingPerThousand,
                savingShare: $0.effect.savingShare, qualityChange: $0.effect.qualityChange,
                gainUsdPerThousand: $0.effect.gainPerThousand, overMixing: $0.effect.overMixing)
        }
        // Labels: each row was answered by each model of the route, and each answer judged.
        let answers = advice.route.map { route in
            advice.models.filter { route.models.contains($0.model) }.reduce(0) { $0 + $1.costPerThousand.value / 1000 }
                + judgeCost * Double(route.models.count)
        }
        let fixed = answers.map { fixedCost + Double(advice.rows) * $0 }
        self.fixedCostUsd = fixed
        self.breakEven = fixed.flatMap(advice.breakEvenRequests).map {
            BreakEven(requests: $0.value, low: $0.low, high: Nullable($0.high.isFinite ? $0.high : nil))
        }
    }

    func text() -> String {
        ([verdict] + (route.map(details) ?? []) + table).joined(separator: "\n")
    }

    private var verdict: String {
        guard let route else {
            return "Use \(single) for everything: no way to route between these models serves the wish better."
        }
        let names = route.models.map(\.name).joined(separator: ", ")
        return worthIt
            ? "Route between \(names)."
            : "Use \(single) for everything: routing between \(names) is not shown to be worth it on \(rows) rows."
    }

    private func details(_ route: Route) -> [String] {
        let shares = zip(route.models, route.shares).map { String(format: "%@ %.1f %%", $0.name, $1 * 100) }
        var lines = ["held-out figures with 95 % intervals, beside \(single) for everything:"]
        if let gain = route.gainUsdPerThousand {
            lines.append("  gains $" + amount(gain) + " on a thousand requests, quality counted")
        }
        lines.append(
            "  saves $" + amount(route.savingUsdPerThousand) + " on a thousand requests, " + percent(route.savingShare))
        lines.append(
            route.gainUsdPerThousand == nil
                ? "  quality changes by \(percent(route.qualityChange)) of the best model's"
                : "  quality changes by \(amount(route.qualityChange))")
        lines.append("  quality over a random mixture of single models at the same cost: \(amount(route.overMixing))")
        lines.append("  who answers: " + shares.joined(separator: ", "))
        if let breakEven, let fixedCostUsd {
            let high = breakEven.high.value.map { String(format: "%.0f", $0) } ?? "never"
            lines.append(
                String(
                    format: "  pays for labels and fixed cost ($%.4g) after %.0f requests [%.0f, %@]", fixedCostUsd,
                    breakEven.requests, breakEven.low, high))
        }
        return lines
    }

    private var table: [String] {
        let width = models.map(\.model.name.count).max() ?? 0
        let header =
            "model".padding(toLength: width, withPad: " ", startingAt: 0)
            + "  quality                 $ per 1000 requests"
        return [header]
            + models.map { model in
                model.model.name.padding(toLength: width, withPad: " ", startingAt: 0)
                    + "  \(amount(model.quality))  \(amount(model.costUsdPerThousand))"
                    + (model.frontier ? "" : "  (another is cheaper and better)")
            }
    }

    private func amount(_ interval: Interval) -> String {
        String(format: "%.4g [%.4g, %.4g]", interval.value, interval.low, interval.high)
    }

    private func percent(_ interval: Interval) -> String {
        String(format: "%.1f %% [%.1f, %.1f]", interval.value * 100, interval.low * 100, interval.high * 100)
    }
}
