import Foundation
public import TurnoutCore

/// One logistic or ridge head per model over a text's embedding and surface features.
///
/// The estimate of model m on text x is `link(w_m · f(x) + b_m)`, the link being the logistic function for
/// right-or-wrong outcomes and the identity, clipped to the range of the training scores, for graded ones.
/// Somerstep et al. 2025, "CARROT", section 3, with per-model predictors.
public struct LinearRouter: Router {
    /// How a head's linear output becomes an estimate.
    public enum Link: String, Sendable, Codable {
        /// 1 / (1 + e⁻ᶻ): the outcome is right or wrong.
        case logistic
        /// z, clipped to the range of the training scores: the outcome is graded.
        case identity
    }

    /// What the router is and what it was trained on.
    public let card: ArtifactCard
    let model: LinearModel
    let link: Link
    /// Least and greatest training score; outputs are clipped to it.
    let range: ClosedRange<Double>
    /// One per head.
    let reliability: [Reliability]
    /// Estimates of a sample of training queries, made by folds that had not seen them; shape `[rows][heads]`.
    let sample: [[Double]]
    private let headOfModel: [ModelID: Int]

    /// Assembles a router from its trained parts; one head, reliability curve and sample column per model of the card.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile` when the parts do not fit together.
    public init(
        card: ArtifactCard, model: LinearModel, link: Link, range: ClosedRange<Double>, reliability: [Reliability],
        sample: [[Double]]
    ) throws {
        let heads = model.bias.count
        guard card.models.count == heads, reliability.count == heads, !sample.isEmpty,
            sample.allSatisfy({ $0.count == heads })
        else {
            throw TurnoutError(
                .damagedFile,
                """
                the card names \(card.models.count) models, but there are \(heads) heads, \(reliability.count) \
                reliability curves and a sample of \(sample.count) rows; train the router again
                """)
        }
        self.card = card
        self.model = model
        self.link = link
        self.range = range
        self.reliability = reliability
        self.sample = sample
        self.headOfModel = Dictionary(zip(card.models, 0...), uniquingKeysWith: { first, _ in first })
    }

    /// Estimates what each candidate would be worth on a text.
    public func assess(_ text: String, candidates: [ModelID]) -> Assessment {
        let outputs = model.outputs(for: text)
        let estimates = candidates.map { candidate in
            let head = headOfModel[candidate, default: 0]
            let value = estimate(fromOutput: outputs[head])
            let (low, high) = reliability[head].interval(at: value)
            return Estimate(value: value, low: low, high: high)
        }
        return Assessment(
            score: winRate(weak: estimates.first?.value, strong: estimates.last?.value), estimates: estimates)
    }

    /// Scores of a sample of training queries, ascending.
    public func referenceScores(candidates: [ModelID]) -> [Double] {
        guard let first = candidates.first, let last = candidates.last else { return [] }
        let (weak, strong) = (headOfModel[first, default: 0], headOfModel[last, default: 0])
        return sample.map { winRate(weak: $0[weak], strong: $0[strong]) }.sorted()
    }

    /// Refuses candidates that the router cannot estimate.
    public func validate(candidates: [ModelID]) throws {
        for candidate in candidates where headOfModel[candidate] == nil {
            throw TurnoutError(
                .invalidArgument,
                """
                the router knows \(card.models.map(\.name).joined(separator: ", ")), but not '\(candidate)'; \
                train it on outcomes of '\(candidate)', or say which of these it resembles with 'as: NAME' in its model entry
                """)
        }
    }

    func estimate(fromOutput output: Double) -> Double {
        switch link {
        case .logistic: 1 / (1 + exp(-output))
        case .identity: min(max(output, range.lowerBound), range.upperBound)
        }
    }

    /// P(strong better) + ½ P(equal) for independent outcomes; graded scores are first scaled to 0…1.
    private func winRate(weak: Double?, strong: Double?) -> Double {
        guard let weak, let strong else { return 0 }
        let width = link == .logistic ? 1 : max(range.upperBound - range.lowerBound, .leastNormalMagnitude)
        return 0.5 * (1 + (strong - weak) / width)
    }
}
