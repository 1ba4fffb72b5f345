import TurnoutCore

/// An evaluation as one HTML page that needs nothing beside it: no script, no font, no picture from elsewhere.
public struct EvaluationPage {
    private let result: EvaluationResult
    private let data: EvaluationData
    private let title: String
    private let showsPrompts: Bool

    /// Takes what is to be told.
    ///
    /// - Parameters:
    ///   - result: The figures.
    ///   - data: What they are figures of.
    ///   - title: Names the data, such as a file name.
    ///   - showsPrompts: Whether the prompts of the worst mistakes are written out; they may be private.
    public init(_ result: EvaluationResult, data: EvaluationData, title: String, showsPrompts: Bool) {
        self.result = result
        self.data = data
        self.title = title
        self.showsPrompts = showsPrompts
    }

    /// The page.
    public var html: String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Router evaluation: \(Markup.escape(title))</title>
        <style>\(PageStyle.css)</style></head>
        <body><main>
        \(head)
        \(charts)
        \([pairSection, moneySection, choiceSection].compactMap { $0 }.joined(separator: "\n"))
        \(differenceSection)
        \(calibrationSection ?? "")
        \(mistakeSection)
        \(notes)
        </main></body></html>

        """
    }

    /// The first picture of the page by itself, as an SVG file.
    public var curve: String { (EvaluationCharts(result).all.first?.svg ?? "") + "\n" }

    // MARK: - Parts

    private var entries: [EvaluationResult.Entry] { result.routers + result.baselines }

    private func name(_ entry: EvaluationResult.Entry) -> String {
        let isRouter = result.routers.contains { $0.name == entry.name }
        let text = Markup.escape(isRouter ? entry.name : EvaluationResult.label(entry.name))
        return isRouter ? text : "<span class=\"base\">\(text)</span>"
    }

    private func section(_ title: String, _ lead: String, _ body: String) -> String {
        "<section><h2>\(title)</h2><p class=\"lead\">\(lead)</p>\n\(body)</section>"
    }

    private var head: String {
        let costs = result.models.contains { $0.cost != nil }
        let rows = result.models.reversed().map { model in
            [Markup.escape(model.model.name), interval(model.quality)]
                + (costs ? [model.cost.map { dollars($0) } ?? ""] : [])
        }
        let list = Markup.table(
            ["Model", "Mean score"] + (costs ? ["$ per 1,000 prompts"] : []), rows, style: "narrow")
        let models =
            rows.count > 8 ? "<details><summary>\(rows.count) models</summary>\(list)</details>" : list
        return """
            <header><p class="eyebrow">Router evaluation</p><h1>\(Markup.escape(title))</h1>
            <p class="lead">\(FigureText.count(result.count)) prompts, each scored for \(result.models.count) models.</p>
            </header>
            <aside class="\(result.verdict.isWorthIt ? "yes" : "no")"><strong>\
            \(Markup.escape(result.verdictTitle))</strong><p>\(Markup.escape(result.verdictSentence))</p>\
            </aside>
            \(models)
            """
    }

    private var charts: String {
        EvaluationCharts(result).all.map {
            "<figure>\($0.svg)<figcaption>\(Markup.escape($0.title))</figcaption></figure>"
        }
        .joined(separator: "\n")
    }

    private var pairSection: String? {
        guard result.hasPair else { return nil }
        let ranked = entries.filter { $0.pair != nil && ![BaselineName.hull, BaselineName.shuffled].contains($0.name) }
        let apgrs = ranked.compactMap { $0.pair?.apgr }
        let shown = apgrs.filter { $0.value < 1 }
        let strip = IntervalStrip(
            low: min(0.4, shown.map(\.low).min() ?? 0.4), high: max(0.7, shown.map(\.high).max() ?? 0.7), reference: 0.5
        )
        let rows = ranked.compactMap { entry -> [String]? in
            guard let pair = entry.pair else { return nil }
            let shares = pair.callShares.map { interval($0.share) }
            return [name(entry), strip.svg(pair.apgr), interval(pair.apgr)] + shares
                + [interval(pair.callShares[1].ratioToRandom), pair.tenBin.map { interval($0[0]) } ?? ""]
                + [entry.microsPerDecision.map(FigureText.micros) ?? ""]
        }
        let (weak, strong) = (result.models[0].model, result.models[result.models.count - 1].model)
        return section(
            "Two models",
            """
            \(Markup.escape(strong.name)) over \(Markup.escape(weak.name)). APGR: area under the recovered share of the quality \
            gap, .5 by chance. CPT50: least share of strong calls that recovers half of the gap. × random: how many times as \
            many a random choice needs for that. Ten bins: APGR as published tables compute it.
            """,
            Markup.table(
                ["", "", "APGR", "CPT20", "CPT50", "CPT80", "CPT95", "× random", "Ten bins", "µs"], rows,
                style: "wide"))
    }

    private var moneySection: String? {
        let rows = entries.compactMap { entry -> [String]? in
            guard let frontier = entry.frontier else { return nil }
            return [name(entry), interval(frontier.area)]
                + frontier.prices.map { price in
                    guard let cost = price.cost else { return "<span class=\"base\">not reached</span>" }
                    let often =
                        price.reached < 0.975 ? "<br><small>in \(Int(price.reached * 100)) % of resamples</small>" : ""
                    return dollars(cost) + often
                }
        }
        guard !rows.isEmpty else { return nil }
        return section(
            "Money",
            """
            Dollars per 1,000 prompts that part of the way from the cheapest model’s mean score to the best one’s costs, and \
            mean quality over all budgets between them (area under the hull over its width).
            """,
            Markup.table(["", "Mean quality", "50 %", "80 %", "95 %", "all of it"], rows, style: "wide"))
    }

    private var choiceSection: String? {
        guard result.models.count > 2 else { return nil }
        let rows = entries.compactMap { entry -> [String]? in
            guard let quality = entry.quality, entry.name != BaselineName.length else { return nil }
            let isEven = entry.name == BaselineName.random
            let shares =
                isEven
                ? ["all models alike"]
                : entry.shares.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(4).map {
                    "\(Markup.escape($0.key.name)) \(Int(($0.value * 100).rounded())) %"
                }
            return [
                name(entry), interval(quality), entry.cost.map { dollars($0) } ?? "", shares.joined(separator: ", "),
            ]
        }
        return section(
            "Whatever it costs", "Each prompt goes to the model of which most is expected.",
            Markup.table(["", "Mean score", "$ per 1,000", "Goes to"], rows, style: "wordy"))
    }

    private var differenceSection: String {
        let all = result.differences.map(\.difference)
        let reach = max(all.map { max(abs($0.low), abs($0.high)) }.max() ?? 0.01, 1e-9)
        let strip = IntervalStrip(low: -reach, high: reach, reference: 0)
        let rows = result.differences.map { difference in
            let word = difference.isShown ? (difference.difference.value > 0 ? "better" : "worse") : "not shown"
            return [
                "\(Markup.escape(difference.router)) <span class=\"base\">over</span> "
                    + Markup.escape(EvaluationResult.label(difference.over)),
                strip.svg(difference.difference) + " " + Markup.escape(FigureText.signed(difference.difference)),
                Markup.escape(FigureText.p(difference.adjustedP)),
                "<span class=\"\(difference.isShown ? word : "base")\">\(word)</span>",
            ]
        }
        return section(
            "Is one better?",
            """
            Differences of \(result.measureName) on the same resamples. p is adjusted by Holm’s method over all \
            \(rows.count) comparisons, so that the chance of any false “better” is 5 %.
            """,
            Markup.table(["", "Difference", "p", "Shown"], rows))
    }

    private var calibrationSection: String? {
        let parts = result.routers.compactMap { router -> String? in
            guard let calibration = router.calibration else { return nil }
            let tables =
                calibration.tables.count > 4
                ? Array(calibration.tables.prefix(2) + calibration.tables.suffix(2)) : calibration.tables
            let charts = tables.map { ReliabilityChart(title: $0.model.name, table: $0.table).svg }
            return """
                <h3>\(Markup.escape(router.name))</h3><p>ECE \(interval(calibration.error)); by chance alone \
                \(FigureText.number(calibration.errorByChance)).</p><div class="row">\(charts.joined())</div>
                """
        }
        guard !parts.isEmpty else { return nil }
        return section(
            "Do estimates mean what they say?",
            "What came true (upright, with its interval) against what was estimated (across), in bins of equal counts.",
            parts.joined(separator: "\n"))
    }

    private var mistakeSection: String {
        let parts = zip(result.routers, result.mistakes).map { router, mistakes in
            let rows = mistakes.map { mistake -> [String] in
                let row = data.rows[mistake.row]
                return [
                    Markup.escape(row.id ?? "line \(row.line)"), Markup.escape(row.category ?? ""),
                    Markup.escape(mistake.sent.name), Markup.escape(mistake.better.name),
                    FigureText.number(mistake.loss), FigureText.number(mistake.confidence),
                ]
                    + (showsPrompts
                        ? ["<div class=\"prompt\">\(Markup.escape(String(row.prompt.prefix(600))))</div>"] : [])
            }
            return "<h3>\(Markup.escape(router.name))</h3>"
                + Markup.table(
                    ["Row", "Kind", "Sent to", "Better", "Lost", "Sure"] + (showsPrompts ? ["Prompt"] : []), rows,
                    style: "wordy")
        }
        return section(
            "Worst mistakes",
            showsPrompts
                ? "Where most was lost with most confidence."
                : "Where most was lost with most confidence. Prompts are left out; --show-prompts writes them here.",
            "<details><summary>Show them</summary>\(parts.joined(separator: "\n"))</details>")
    }

    private var notes: String {
        let lines = result.notes + [result.method, "Made by turnout \(turnoutVersion)."]
        return "<footer>\(lines.map { "<p>\(Markup.escape($0))</p>" }.joined(separator: "\n"))</footer>"
    }

    // MARK: - Cells

    private func interval(_ interval: Interval) -> String {
        guard interval.low < interval.high else { return FigureText.number(interval.value) }
        return
            "\(FigureText.number(interval.value)) <small>[\(FigureText.number(interval.low)), \(FigureText.number(interval.high))]</small>"
    }

    private func dollars(_ cost: Interval) -> String {
        let ends = [cost.low, cost.high].map { FigureText.perThousand($0).dropFirst() }.joined(separator: ", ")
        return "\(FigureText.perThousand(cost.value)) <small>[\(ends)]</small>"
    }
}
