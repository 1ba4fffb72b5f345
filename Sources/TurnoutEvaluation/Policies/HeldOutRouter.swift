public import TurnoutCore
public import TurnoutRouting

/// A router that hands out estimates made before, of prompts whose outcomes are known.
///
/// With estimates by fits that had not seen the prompts, a ``Decider`` that asks it decides as it would have decided
/// live. It knows these prompts only.
public struct HeldOutRouter: Router {
    /// Where the estimates are from.
    public let card: ArtifactCard
    private let columns: [ModelID: [Double]]
    private let scores: [Double]
    private let rowOfPrompt: [String: Int]

    /// Takes what a router said of the prompts of a data set.
    public init(_ predictions: RouterPredictions, on data: EvaluationData) {
        self.card = ArtifactCard(
            kind: predictions.name, encoder: .init(name: "none", sha256: ""), models: data.models, sources: [],
            notes: "Estimates that were made before.", createdAt: "")
        self.columns = Dictionary(
            zip(data.models, predictions.estimates), uniquingKeysWith: { first, _ in first })
        self.scores = predictions.pairScores
        self.rowOfPrompt = Dictionary(zip(data.rows.map(\.prompt), 0...), uniquingKeysWith: { first, _ in first })
    }

    /// What was said of a prompt; of one that is not among them, as of the first.
    public func assess(_ text: String, candidates: [ModelID]) -> Assessment {
        let row = rowOfPrompt[text, default: 0]
        return Assessment(
            score: scores[row],
            estimates: candidates.map { candidate in
                let value = columns[candidate]?[row] ?? 0
                return Estimate(value: value, low: value, high: value)
            })
    }

    /// The scores of all prompts, ascending.
    public func referenceScores(candidates: [ModelID]) -> [Double] { scores.sorted() }

    /// The estimates of all prompts; shape `[rows][candidates]`.
    public func referenceEstimates(candidates: [ModelID]) -> [[Double]] {
        let chosen = candidates.map { columns[$0] ?? [] }
        return scores.indices.map { row in chosen.map { $0[row] } }
    }

    /// Refuses models that nothing is known of.
    public func validate(candidates: [ModelID]) throws {
        for candidate in candidates where columns[candidate] == nil {
            throw TurnoutError(.invalidArgument, "there is no estimate of '\(candidate)' among the data")
        }
    }
}
