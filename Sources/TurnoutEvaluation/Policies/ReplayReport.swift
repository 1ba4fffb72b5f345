import Foundation
import TurnoutCore

/// What `turnout replay` says: in words, as JSON, and drawn.
public struct ReplayReport: Sendable {
    private let result: ReplayResult?
    private let budgets: [BudgetReplay.Run]

    /// - Parameters:
    ///   - result: Policies at their settings and over all settings, where there are any.
    ///   - budgets: Budgets that were spent.
    public init(_ result: ReplayResult?, budgets: [BudgetReplay.Run] = []) {
        self.result = result
        self.budgets = budgets
    }

    // MARK: - Words

    /// For people.
    public var text: String {
        let parts = [result.map(words), budgets.isEmpty ? nil : budgetWords].compactMap { $0 }
        return parts.joined(separator: "\n\n")
    }

    private func words(_ result: ReplayResult) -> String {
        let groups = result.groups.map { " in \(FigureText.count($0)) groups" } ?? ""
        var lines = ["\(FigureText.count(result.count)) prompts\(groups), \(result.models.count) models"]
        lines += result.notes
        lines += [
            "best single model: \(result.best.name), quality \(FigureText.interval(result.best.quality)), "
                + "\(FigureText.perThousand(result.best.cost)) per 1,000 prompts",
            "",
        ]
        for setting in result.settings {
            lines += [
                setting.name,
                "  quality \(FigureText.interval(setting.quality)), \(FigureText.perThousand(setting.cost)) per 1,000",
                "  over the same models dealt out at random \(FigureText.signed(setting.overRandom))",
                "  " + Self.shown(setting.shares),
            ]
        }
        lines += ["", "dollars per 1,000 prompts for a part of the best single model's quality"]
        for (index, target) in ReplayResult.targets.enumerated() {
            lines.append("  \(Self.percent(target)) of it")
            for sweep in result.sweeps {
                let name = Self.label(sweep).padding(toLength: 36, withPad: " ", startingAt: 0)
                lines.append("    \(name)\(Self.shown(sweep.prices[index]))")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func shown(_ price: ReplayResult.Price) -> String {
        guard let cost = price.cost, let share = price.shareOfBest else { return "not reached" }
        let missed = price.reached < 1 ? ", reached in \(percent(price.reached)) of resamples" : ""
        let kept = price.keptUnseen.map { ", keeps \(percents($0)) on unseen prompts" } ?? ""
        return "\(FigureText.perThousand(cost)), \(percents(share)) of its cost\(kept)\(missed)"
    }

    private static func shown(_ shares: [(model: ModelID, share: Double)]) -> String {
        let named = shares.prefix(5).map { "\($0.model) \(percent($0.share))" }
        let rest = shares.dropFirst(5).reduce(0) { $0 + $1.share }
        let others = shares.count > 5 ? ["\(shares.count - 5) others \(percent(rest))"] : []
        return (named + others).joined(separator: ", ")
    }

    private static func label(_ sweep: ReplayResult.Sweep) -> String {
        switch sweep.name {
        case "shuffled": "first policy, dealt out at random"
        case "hull": "single models, mixed at random"
        case "oracle": "oracle"
        default: sweep.name
        }
    }

    private static func percent(_ share: Double) -> String {
        String(format: share < 0.1 ? "%.1f %%" : "%.0f %%", 100 * share)
    }

    private static func percents(_ share: Interval) -> String {
        String(format: "%.1f [%.1f, %.1f] %%", 100 * share.value, 100 * share.low, 100 * share.high)
    }

    private var budgetWords: String {
        let header = "budgets: spent / budget, most spent and reserved / budget, quality, refused"
        let rows = budgets.map { run in
            let amount = FigureText.perThousand(run.budget / Double(run.count))
            let name = "\(amount) per 1,000, \(run.order), \(run.arrivals), day \(run.day)"
            return "  " + name.padding(toLength: 52, withPad: " ", startingAt: 0)
                + String(
                    format: "%.4f  %.4f  %.3f  %d", run.spent / run.budget, run.mostCommitted / run.budget, run.quality,
                    run.refused)
        }
        return ([header] + rows).joined(separator: "\n")
    }

    // MARK: - JSON

    /// For machines: one object.
    ///
    /// - Throws: What the encoder throws; numbers are finite.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(JSONReplay(result, budgets)), as: UTF8.self)
    }

    // MARK: - Drawing

    /// Quality against dollars: a line and a band for each family, thin lines for baselines, dots for models; `nil`
    /// without policies.
    public var svg: String? {
        result.map { result in
            CurveChart(
                title: "Quality against what a thousand prompts cost; bands hold 95 % of resamples.",
                xTitle: "Dollars per 1,000 prompts", yTitle: "Mean score",
                lines: result.sweeps.map { sweep in
                    CurveChart.Line(
                        name: Self.label(sweep), points: sweep.curve.map { ($0.cost * 1000, $0.quality) },
                        isBaseline: sweep.isBaseline, mayLeave: sweep.name == "oracle")
                },
                dots: result.models.map { .init(name: $0.name, x: $0.cost.value * 1000, y: $0.quality.value) },
                xLabel: { String(format: "$%.6g", $0) }
            ).svg
        }
    }
}

/// The report as one JSON object.
private struct JSONReplay: Encodable {
    struct Setting: Encodable {
        let name: String
        let quality, costUsd, overRandom: Interval
        let shares: [String: Double]
    }
    struct Price: Encodable {
        let target: Double
        let costUsd, shareOfBest, keptUnseen: Interval?
        let reached: Double
    }
    struct Sweep: Encodable {
        let name: String
        let isBaseline: Bool
        let prices: [Price]
    }
    struct Budget: Encodable {
        let order, arrivals: String
        let day: Int
        let budgetUsd, spentUsd, mostCommittedUsd, quality: Double
        let refused, n: Int
    }
    let n: Int?
    let models, policies: [Setting]?
    let sweeps: [Sweep]?
    let notes: [String]?
    let budgets: [Budget]

    init(_ result: ReplayResult?, _ runs: [BudgetReplay.Run]) {
        func setting(_ setting: ReplayResult.Setting) -> Setting {
            Setting(
                name: setting.name, quality: setting.quality, costUsd: setting.cost, overRandom: setting.overRandom,
                shares: Dictionary(uniqueKeysWithValues: setting.shares.map { ($0.model.name, $0.share) }))
        }
        n = result?.count
        models = result?.models.map(setting)
        policies = result?.settings.map(setting)
        notes = result?.notes
        sweeps = result?.sweeps.map { sweep in
            Sweep(
                name: sweep.name, isBaseline: sweep.isBaseline,
                prices: sweep.prices.map {
                    Price(
                        target: $0.target, costUsd: $0.cost, shareOfBest: $0.shareOfBest, keptUnseen: $0.keptUnseen,
                        reached: $0.reached)
                })
        }
        budgets = runs.map {
            Budget(
                order: $0.order, arrivals: $0.arrivals, day: $0.day, budgetUsd: $0.budget, spentUsd: $0.spent,
                mostCommittedUsd: $0.mostCommitted, quality: $0.quality, refused: $0.refused, n: $0.count)
        }
    }
}
