import TurnoutCore

/// An evaluation as text for a terminal: a few aligned tables and a verdict.
public struct EvaluationText {
    private let result: EvaluationResult

    /// Takes what is to be told.
    public init(_ result: EvaluationResult) { self.result = result }

    /// The whole report, without a line end after the last line.
    public var text: String {
        ([head] + [pairTable, choiceTable, moneyTable].compactMap { $0 } + [differences, closing])
            .joined(separator: "\n\n")
    }

    private var entries: [EvaluationResult.Entry] { result.routers + result.baselines }

    private func name(_ entry: EvaluationResult.Entry) -> String {
        result.routers.contains { $0.name == entry.name } ? entry.name : EvaluationResult.label(entry.name)
    }

    private var head: String {
        let most = 12
        let shown =
            result.models.count > most ? Array(result.models.prefix(2) + result.models.suffix(most - 2)) : result.models
        var table = [["\(FigureText.count(result.count)) prompts", "mean score"] + (hasCosts ? ["$ per 1,000"] : [])]
        table += shown.map { model in
            [model.model.name, FigureText.interval(model.quality)]
                + (model.cost.map { [FigureText.perThousand($0)] } ?? [])
        }
        if shown.count < result.models.count {
            table.insert(["… \(result.models.count - shown.count) more …"], at: 3)
        }
        return TextTable(table).text
    }

    private var hasCosts: Bool { result.models.contains { $0.cost != nil } }

    private var pairTable: String? {
        guard result.hasPair else { return nil }
        let weak = result.models[0].model, strong = result.models[result.models.count - 1].model
        var table = [["\(strong) over \(weak)", "APGR", "CPT50", "CPT80", "µs"]]
        table[0][0] = result.models.count == 2 ? "" : "best over worst"
        for entry in entries {
            guard let pair = entry.pair, ![BaselineName.hull, BaselineName.shuffled].contains(entry.name) else {
                continue
            }
            table.append([
                name(entry), FigureText.interval(pair.apgr), FigureText.interval(pair.callShares[1].share),
                FigureText.interval(pair.callShares[2].share), entry.microsPerDecision.map(FigureText.micros) ?? "",
            ])
        }
        return TextTable(table).text
    }

    private var choiceTable: String? {
        guard result.models.count > 2 else { return nil }
        var table = [["whatever it costs", "mean score"] + (hasCosts ? ["$ per 1,000"] : [])]
        for entry in entries {
            guard let quality = entry.quality, entry.name != BaselineName.length else { continue }
            table.append(
                [name(entry), FigureText.interval(quality)] + (entry.cost.map { [FigureText.perThousand($0)] } ?? []))
        }
        return TextTable(table).text
    }

    private var moneyTable: String? {
        guard hasCosts else { return nil }
        let best = result.models[result.models.count - 1].model
        var table = [["$ per 1,000 for", "80 % of the way", "95 %", "all of it", "mean quality"]]
        for entry in entries {
            guard let frontier = entry.frontier else { continue }
            table.append([name(entry)] + frontier.prices.dropFirst().map(price) + [FigureText.interval(frontier.area)])
        }
        return TextTable(table).text + "\nThe way is from the cheapest model's mean score to that of \(best)."
    }

    private func price(_ price: EvaluationResult.Frontier.Price) -> String {
        guard let cost = price.cost else { return "not reached" }
        return FigureText.perThousand(cost) + (price.reached < 0.975 ? "*" : "")
    }

    private var differences: String {
        var table = [["better by \(result.measureName)?", "difference", "p (Holm)", "shown"]]
        table += result.differences.map { difference in
            [
                "\(difference.router) over \(EvaluationResult.label(difference.over))",
                FigureText.signed(difference.difference), FigureText.p(difference.adjustedP),
                difference.isShown ? (difference.difference.value > 0 ? "better" : "worse") : "no",
            ]
        }
        return TextTable(table).text
    }

    private var closing: String {
        var lines = [result.verdictSentence] + result.notes + [result.method]
        if entries.contains(where: { $0.frontier?.prices.contains { $0.cost != nil && $0.reached < 0.975 } == true }) {
            lines.append("*: not reached in some resamples; the interval is over the others.")
        }
        return lines.joined(separator: "\n")
    }
}

/// Columns of text, the first one to the left, the others too, two spaces apart.
struct TextTable {
    private let rows: [[String]]

    init(_ rows: [[String]]) { self.rows = rows }

    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
