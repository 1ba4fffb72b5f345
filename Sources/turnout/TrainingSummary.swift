import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting

/// What `train` says when it is done.
struct TrainingSummary {
    let artifact: String
    let card: ArtifactCard
    let rows: Int
    /// What was passed over in each file.
    var skipped: [OutcomeReader.Skipped] = []
    /// Figures that belong to the command and not on the card.
    var furtherMetrics: [ArtifactCard.Metric] = []
    /// What follows the figures in the text for people.
    var remarks: [String] = []
    var seconds = 0.0

    private var similarRows: Int { skipped.reduce(0) { $0 + $1.similar } }

    func json() throws -> String {
        struct Object: Encodable {
            let artifact: String
            let router: String
            let encoder: String
            let models: [ModelID]
            let rows: Int
            let skippedRows: Int
            let similarRows: Int
            let seconds: Double
            let metrics: [ArtifactCard.Metric]
        }
        return try Object(
            artifact: artifact, router: card.kind, encoder: card.encoder.name, models: card.models, rows: rows,
            skippedRows: skipped.badRows, similarRows: similarRows, seconds: seconds,
            metrics: card.metrics + furtherMetrics
        ).jsonLine()
    }

    func text() -> String {
        let all = card.metrics + furtherMetrics
        let width = all.map(\.name.count).max() ?? 0
        let metrics = all.map { metric in
            "  " + metric.name + String(repeating: " ", count: width - metric.name.count)
                + String(format: "  %.3f  [%.3f, %.3f]", metric.value, metric.low, metric.high)
        }
        let passed =
            skipped.remark
            + (similarRows > 0 ? ", \(similarRows) left out as too like rows to be tested on" : "")
        let head = String(format: "%@: %@ router on %d rows%@, %.1f s", artifact, card.kind, rows, passed, seconds)
        return
            ([head] + skipped.reasons + (metrics.isEmpty ? [] : ["held-out figures with 95 % intervals:"] + metrics)
            + verdict()
            + remarks)
            .joined(separator: "\n")
    }

    /// Says so when a router between two models is no better than chance or than prompt length.
    private func verdict() -> [String] {
        let named = Dictionary(card.metrics.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        guard let apgr = named["apgr"] else { return [] }
        if apgr.low <= 0.5 {
            return [
                "Routing between these models is not shown to beat a random choice: the interval of apgr reaches .5."
            ]
        }
        if let gain = named["apgr_over_length"], gain.low <= 0 {
            return ["It is not shown to beat prompt length alone: the interval of apgr_over_length reaches 0."]
        }
        return []
    }
}

extension [OutcomeReader.Skipped] {
    /// Rows of all files that could not be read.
    var badRows: Int { reduce(0) { $0 + $1.bad } }
    /// What is said of them behind the number of rows; empty where there are none.
    var remark: String { badRows > 0 ? ", \(badRows) bad rows skipped" : "" }
    /// A line for each of the first ones.
    var reasons: [String] { flatMap(\.reasons).map { "  skipped: \($0)" } }
}
