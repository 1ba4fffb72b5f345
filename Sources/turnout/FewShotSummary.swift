import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

/// What `train --router setfit` says when it is done.
struct FewShotSummary {
    let artifact: String
    let result: SetFitTraining.Result
    /// What was passed over in each file.
    let skipped: [OutcomeReader.Skipped]
    let predictions: [(text: String, shares: [Double])]
    /// The address of what was pushed; `nil` where nothing was.
    var address: String?
    var seconds = 0.0

    private var card: ArtifactCard { result.router.card }

    func json() throws -> String {
        struct Share: Encodable {
            let label: String
            let probability: Double
        }
        struct Prediction: Encodable {
            let text: String
            let label: String
            let shares: [Share]
        }
        struct Object: Encodable {
            let artifact, router, encoder: String
            let models: [ModelID]
            let classes: [String]
            let rows, skippedRows, pairs, steps: Int
            let seconds: Double
            let losses, epochAccuracy: [Double]
            let bestEpoch: Int?
            let metrics: [ArtifactCard.Metric]
            let predictions: [Prediction]
            let pushed: String?
        }
        return try Object(
            artifact: artifact, router: card.kind, encoder: card.encoder.name, models: card.models,
            classes: result.classes, rows: result.plan.training, skippedRows: skipped.badRows, pairs: result.plan.pairs,
            steps: result.losses.count,
            seconds: seconds, losses: result.losses, epochAccuracy: result.epochAccuracies,
            bestEpoch: result.bestEpoch, metrics: card.metrics,
            predictions: predictions.map {
                Prediction(
                    text: $0.text, label: label($0.shares),
                    shares: zip(result.classes, $0.shares).map { .init(label: $0, probability: $1) })
            }, pushed: address
        ).jsonLine()
    }

    func text() -> String {
        var lines = [
            String(
                format: "%@: setfit router on %d texts%@, %@, loss %.4f to %.4f, %.1f s", artifact,
                result.plan.training, skipped.remark, steps,
                result.losses.first ?? 0, result.losses.last ?? 0, seconds)
        ]
        lines += skipped.reasons
        lines.append(
            "ladder, weakest first: \(card.models.map(\.name).joined(separator: ", ")) (--class-map changes it)")
        for (i, accuracy) in result.epochAccuracies.enumerated() {
            let kept = result.bestEpoch == i + 1 ? "  kept" : ""
            lines.append(String(format: "  epoch %d: validation accuracy %.3f%@", i + 1, accuracy, kept))
        }
        for metric in card.metrics {
            lines.append(
                String(
                    format: "  test %@ %.3f  [%.3f, %.3f]", metric.name, metric.value, metric.low, metric.high))
        }
        if card.metrics.isEmpty { lines.append("  nothing was held out; --set test_size=0.2 measures accuracy") }
        for (text, shares) in predictions {
            lines.append(String(format: "  %@ (%.2f): %@", label(shares), shares.max() ?? 0, Self.line(of: text)))
        }
        if let address { lines.append("pushed to \(address)") }
        return lines.joined(separator: "\n")
    }

    /// How many steps were taken, and of how many where it stopped before the end.
    private var steps: String {
        let taken = result.losses.count
        return taken < result.plan.steps ? "\(taken) of \(result.plan.steps) steps" : "\(taken) steps"
    }

    /// A text on one line of a terminal: control characters are blanks, and a long text is cut.
    private static func line(of text: String) -> String {
        let shown = text.unicodeScalars.prefix(100).map {
            $0.properties.generalCategory == .control ? " " : Character($0)
        }
        return String(shown) + (text.unicodeScalars.count > 100 ? "…" : "")
    }

    private func label(_ shares: [Double]) -> String {
        shares.indices.max { shares[$0] < shares[$1] }.map { result.classes[$0] } ?? ""
    }
}
