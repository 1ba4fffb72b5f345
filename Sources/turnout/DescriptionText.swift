import Foundation
import TurnoutCore
import TurnoutEvaluation

/// A description of data for a person, at most 80 columns wide.
struct DescriptionText {
    private static let width = 80
    private static let shownModels = 11
    private let data: DatasetDescription
    private let style: TerminalStyle

    init(_ data: DatasetDescription, style: TerminalStyle) {
        self.data = data
        self.style = style
    }

    var text: String {
        let blocks = [
            files,
            [prompts] + counts("categories", data.categories) + counts("labels", data.labels)
                + counts("groups", data.groups),
            models, calls, gap, winners, ratings, contamination, warnings, uses,
        ]
        return blocks.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    // MARK: - Rows

    private var files: [String] {
        let lines = data.files.flatMap { file -> [String] in
            let parts = [
                "\(file.rows) rows", file.repeated > 0 ? "\(file.repeated) repeat a prompt" : nil,
                file.bad > 0 ? "\(file.bad) could not be read" : nil,
                file.excluded > 0 ? "\(file.excluded) excluded" : nil,
            ].compactMap { $0 }
            return [style.bold(file.name) + ": " + parts.joined(separator: ", ")] + file.reasons.map { "  \($0)" }
        }
        let kinds = [(data.outcomes, "with scores"), (data.battles, "battles"), (data.labelled, "with labels")]
        return lines + [
            "\(data.distinctPrompts) distinct prompts; "
                + kinds.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        ]
    }

    private var prompts: String {
        guard let lengths = data.characters else { return "" }
        return String(
            format: "characters  5 %% have up to %.0f, half %.0f, 95 %% %.0f; the longest %.0f", lengths.p5,
            lengths.p50,
            lengths.p95, lengths.greatest)
    }

    private func counts(_ name: String, _ counts: [DatasetDescription.Count]) -> [String] {
        guard !counts.isEmpty else { return [] }
        let shown = counts.prefix(5).map { "\(Self.fit($0.name, 24)) \($0.rows)" }
        let rest = counts.count > shown.count ? ", …" : ""
        return wrap("\(pad(name, 12))\(counts.count): \(shown.joined(separator: ", "))\(rest)", indent: 12)
    }

    // MARK: - Models

    private var models: [String] {
        guard !data.models.isEmpty else { return [] }
        let header =
            pad("model", 34) + lead("scored", 9) + lead("mean", 9) + lead("95 % interval", 18) + lead("wins", 8)
        return [style.bold(header)]
            + data.models.map { model in
                pad(model.model.name, 34) + lead(model.scored > 0 ? "\(model.scored)" : "", 9)
                    + lead(model.quality.map { number($0.value) } ?? "", 9)
                    + lead(model.quality.map(interval) ?? "", 18)
                    + lead(model.winShare.map { String(format: "%.0f %%", 100 * $0) } ?? "", 8)
            }
    }

    private var calls: [String] {
        let known = data.models.filter { $0.costUsd != nil || $0.outputTokens != nil || $0.latency != nil }
        guard !known.isEmpty else { return [] }
        let header =
            pad("a call", 34) + lead("dollars", 11) + lead("tokens in", 11) + lead("out", 8) + lead("s p50", 8)
            + lead("p95", 8)
        return [style.bold(header)]
            + known.map { model in
                pad(model.model.name, 34) + lead(model.costUsd.map { String(format: "%.6f", $0.value) } ?? "", 11)
                    + lead(model.inputTokens.map { String(format: "%.0f", $0.value) } ?? "", 11)
                    + lead(model.outputTokens.map { String(format: "%.0f", $0.value) } ?? "", 8)
                    + lead(model.latency.map { String(format: "%.2f", $0.p50) } ?? "", 8)
                    + lead(model.latency.map { String(format: "%.2f", $0.p95) } ?? "", 8)
            }
    }

    private var gap: [String] {
        let scored = data.models.filter { $0.scored > 0 }
        guard let best = scored.first, let worst = scored.last, best.model != worst.model,
            let pair = data.pair(best.model, worst.model), let gap = pair.gap
        else { return [] }
        let all = Double(max(pair.comparisons, 1))
        var lines = ["gap, best over worst on the same rows: \(number(gap.value)) \(interval(gap))"]
        if pair.comparisons > 0 {
            lines.append(
                String(
                    format: "  better on %.1f %%, worse on %.1f %%, equal on %.1f %%", 100 * Double(pair.winsA) / all,
                    100 * Double(pair.winsB) / all, 100 * Double(pair.ties) / all))
        }
        if let oracle = data.oracleGain {
            lines.append("best of all models over the best one: \(number(oracle.value)) \(interval(oracle))")
        }
        return lines
    }

    private var winners: [String] {
        let shown = data.models.filter { $0.comparisons > 0 }.prefix(Self.shownModels)
        guard shown.count > 1 else { return [] }
        let left = data.models.count { $0.comparisons > 0 } - shown.count
        let header = pad("row over column, % of comparisons", 36) + shown.indices.map { lead("\($0 + 1)", 4) }.joined()
        let rows = shown.enumerated().map { i, model in
            pad("\(i + 1)", 3) + pad(model.model.name, 33)
                + shown.map { lead(share(model.model, $0.model), 4) }.joined()
        }
        return [style.bold(header)] + rows + (left > 0 ? ["(\(left) more models: --json has them all)"] : [])
    }

    /// Wins of `a` over `b` in whole per cent, ties half.
    private func share(_ a: ModelID, _ b: ModelID) -> String {
        guard a != b else { return "·" }
        guard let pair = data.pair(a, b), pair.comparisons > 0 else { return "-" }
        let wins = Double(pair.modelA == a ? pair.winsA : pair.winsB) + Double(pair.ties) / 2
        let percent = (100 * wins / Double(pair.comparisons)).rounded()
        return String(format: "%.0f", percent)
    }

    private var ratings: [String] {
        guard !data.ratings.isEmpty else { return [] }
        let header = pad("Elo", 34) + lead("rating", 9) + lead("95 % interval", 18) + lead("tier", 8)
        let note =
            data.ratingPrior > 0
            ? wrap(
                "One tie was imagined between any two models that met: somebody only won or only lost.", indent: 0) : []
        return [style.bold(header)]
            + data.ratings.map { rating in
                pad(rating.model.name, 34) + lead(String(format: "%.0f", rating.elo), 9)
                    + lead(rating.interval.map { String(format: "[%.0f, %.0f]", $0.low, $0.high) } ?? "", 18)
                    + lead("\(rating.tier)", 8)
            } + note
    }

    // MARK: - Judgement

    private var contamination: [String] {
        guard let found = data.contamination else { return [] }
        let head =
            "\(found.rows) of \(data.rows) rows have a cosine of \(found.threshold) or more (encoder \(found.encoder)) "
            + "with one of \(found.testRows) rows to be tested on"
        return wrap(head, indent: 0)
            + found.matches.prefix(5).map { String(format: "  %.3f  %@ and %@", $0.cosine, $0.row, $0.testRow) }
            + (found.rows > 0 ? ["  train --exclude-similar-to leaves such rows out"] : [])
    }

    private var warnings: [String] {
        data.warnings.isEmpty ? [] : [style.bold("note")] + data.warnings.flatMap { wrap("- \($0)", indent: 2) }
    }

    private var uses: [String] {
        data.uses.isEmpty
            ? []
            : [style.bold("enough for")]
                + data.uses.flatMap {
                    wrap("\(pad($0.answer.rawValue, 7)) \(pad($0.purpose, 27)) \($0.reason)", indent: 36)
                }
    }

    // MARK: - Layout

    private func number(_ value: Double) -> String { String(format: "%.3f", value) }

    private func interval(_ value: Interval) -> String { String(format: "[%.3f, %.3f]", value.low, value.high) }

    /// The text in `width` columns, its end cut off where it is longer.
    private func pad(_ text: String, _ width: Int) -> String {
        let text = Self.fit(text, width - 1)
        return text + String(repeating: " ", count: width - text.count)
    }

    private func lead(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(width - text.count, 0)) + text
    }

    private static func fit(_ text: String, _ width: Int) -> String {
        let line = text.map { $0.isNewline ? " " : $0 }
        return line.count > width ? String(line.prefix(width - 1)) + "…" : String(line)
    }

    private func wrap(_ text: String, indent: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !line.isEmpty, line.count + 1 + word.count > Self.width {
                lines.append(line)
                line = String(repeating: " ", count: indent) + word
            } else {
                line += (line.isEmpty ? "" : " ") + word
            }
        }
        return lines + [line]
    }
}
