import Foundation
import TurnoutCore

/// Says what data is enough for, and what is wrong with it.
struct DatasetNeeds {
    private typealias Use = DatasetDescription.Use

    private let data: DatasetDescription

    init(_ data: DatasetDescription) { self.data = data }

    // MARK: - Warnings

    /// What a reader should know before training.
    var warnings: [String] {
        var result: [String] = []
        let scored = data.models.filter { $0.scored > 0 }
        if scored.count == 1, data.battles == 0 {
            result.append("scores of one model only, '\(scored[0].model)': there is nothing to choose from")
        }
        for model in scored where model.isConstant {
            result.append(
                "every score of '\(model.model)' is \(model.range[0].formatted()): there is nothing to learn about it")
        }
        let gaps = scored.filter { $0.missing > 0 }
        if !gaps.isEmpty {
            let named = gaps.prefix(3).map { "'\($0.model)' on \($0.missing)" }.joined(separator: ", ")
            result.append("missing scores: \(named)\(gaps.count > 3 ? " and \(gaps.count - 3) more models" : "") rows")
        }
        let ranges = scored.flatMap(\.range)
        if let low = ranges.min(), let high = ranges.max(), low < 0 || high > 1 {
            result.append(
                "scores lie in \(low.formatted())…\(high.formatted()), not in 0…1: heads are ridge, not logistic")
        }
        let repeated = data.rows - data.distinctPrompts
        if repeated > 0 {
            result.append("\(repeated) rows repeat a prompt; training merges them, so that none is in two folds")
        }
        return result
    }

    // MARK: - Uses

    /// One answer for each kind of work.
    var uses: [DatasetDescription.Use] {
        guard data.rows > 0 else { return [] }
        return [scores, comparisons, evaluation, certificate, costs, labels, calibration]
    }

    /// Routers that learn each model's score: at least 20 prompts a model, and some hundred for figures that hold.
    private var scores: Use {
        let purpose = "routers that learn scores"
        let fit = data.models.filter { $0.scored >= 20 && !$0.isConstant }.sorted { $0.scored > $1.scored }
        guard fit.count >= 2 else {
            return Use(
                purpose: purpose, answer: .no,
                reason: "\(fit.count) models have 20 scored prompts with different scores; at least 2 are needed")
        }
        return Use(
            purpose: purpose, answer: fit[1].scored >= 500 ? .yes : .little,
            reason: "\(fit.count) models, each with at least \(fit.last?.scored ?? 0) scored prompts")
    }

    /// Similarity-weighted ranking and matrix factorisation.
    private var comparisons: Use {
        let purpose = "routers that learn battles"
        let count = data.pairs.reduce(0) { $0 + $1.comparisons }
        guard !data.ratings.isEmpty else {
            return Use(purpose: purpose, answer: .no, reason: "models that were not compared with each other")
        }
        return Use(
            purpose: purpose, answer: count >= 1000 ? .yes : .little,
            reason: "\(count) comparisons of \(data.ratings.count) models")
    }

    /// How far the APGR of two models is known on these rows: twice the deviation of a router that says nothing.
    private var evaluation: Use {
        let purpose = "measuring a router"
        let wide = data.pairs.filter { ($0.gap?.low ?? 0) > 0 }.max { ($0.gap?.value ?? 0) < ($1.gap?.value ?? 0) }
        guard let pair = wide, let deviation = pair.apgrDeviation else {
            return Use(
                purpose: purpose, answer: .no, reason: "no model is certainly better than another on the same rows")
        }
        let reach = 1.96 * deviation
        return Use(
            purpose: purpose, answer: reach < 0.05 ? .yes : .little,
            reason: String(format: "APGR between best and worst would be known to ± %.3f", reach))
    }

    /// The least drop that n rows without a loss certify at 95 %: 1 − 0.05^(1/n).
    private var certificate: Use {
        let purpose = "certifying a drop"
        let count = data.models.filter { $0.scored > 0 }.map(\.scored).sorted().dropLast().last ?? 0
        guard count >= 29 else {
            return Use(purpose: purpose, answer: .no, reason: "\(count) rows; 29 certify 10 %, 59 certify 5 % at best")
        }
        let drop = 100 * (1 - pow(0.05, 1 / Double(count)))
        return Use(
            purpose: purpose, answer: count >= 299 ? .yes : .little,
            reason: String(format: "%d rows; at best %.2g %% at 95 %% confidence", count, drop))
    }

    private var costs: Use {
        let purpose = "budgets in dollars"
        let priced = data.models.filter { $0.costUsd != nil }.count
        guard priced == 0 else {
            return Use(
                purpose: purpose, answer: priced == data.models.count ? .yes : .little,
                reason: "\(priced) of \(data.models.count) models have cost_usd")
        }
        let counted = data.models.filter { $0.outputTokens != nil }.count
        return Use(
            purpose: purpose, answer: counted > 0 ? .little : .no,
            reason: counted > 0
                ? "no cost_usd, but tokens, which prices turn into dollars" : "no cost_usd and no tokens")
    }

    /// SetFit's examples begin at 8 a class.
    private var labels: Use {
        let purpose = "classifiers of labels"
        guard data.labels.count >= 2, let rarest = data.labels.last else {
            return Use(
                purpose: purpose, answer: .no, reason: "\(data.labels.count) different labels; at least 2 are needed")
        }
        return Use(
            purpose: purpose, answer: rarest.rows >= 8 ? .yes : .little,
            reason: "\(data.labels.count) labels, the rarest on \(rarest.rows) rows")
    }

    /// A share of strong calls is known to ± 1/√n.
    private var calibration: Use {
        let reach = 1 / Double(max(data.distinctPrompts, 1)).squareRoot()
        return Use(
            purpose: "calibrating a share", answer: reach <= 0.05 ? .yes : .little,
            reason: String(format: "%d prompts; the share would be known to ± %.3f", data.distinctPrompts, reach))
    }
}
