public import TurnoutCore

/// A router whose score a language model behind an endpoint gives.
///
/// Asking it is an effect, so that it happens outside: whoever decides asks first and then hands
/// ``assessment(of:candidates:)`` to ``Decider/decide(_:remark:)``. As a ``Router`` it knows the answers that it
/// was made with, such as those of a data set that was scored before, and treats all other texts as unscored.
public struct CausalLLMRouter: Router {
    /// `causal-llm`.
    public static let kind = "causal-llm"

    /// What the classifier said of a text.
    public enum Answer: Sendable, Equatable {
        /// The chance, 0 to 1, that the weakest candidate's answer is good enough.
        case weakSuffices(Double)
        /// It gave no label, failed or was never asked; the strongest candidate answers.
        case nothing
    }

    /// What the router is; it was trained on nothing here.
    public let card: ArtifactCard
    private let answers: [String: Answer]
    private let sample: [Double]

    /// - Parameters:
    ///   - classifier: The name of the classifying model, for the card.
    ///   - answers: What it said of texts that were scored before.
    public init(classifier: String, answers: [String: Answer] = [:]) {
        self.card = ArtifactCard(
            kind: Self.kind, encoder: .init(name: "none", sha256: ""), models: [], sources: [],
            notes: "Scores come from the model '\(classifier)'; nothing was trained or measured here.", createdAt: "")
        self.answers = answers
        self.sample = answers.values.map(Self.score).sorted()
    }

    /// The assessment for what was said of a text before; without that, the one for no answer.
    public func assess(_ text: String, candidates: [ModelID]) -> Assessment {
        assessment(of: answers[text] ?? .nothing, candidates: candidates)
    }

    /// The win rate of the strongest candidate is 1 − P(weak suffices), and 1 when there is no answer.
    ///
    /// Estimates are P(suffices): the classifier's for the weakest candidate, 1 for the strongest, and evenly in between.
    /// Their intervals are 0 to 1, because nobody has measured how far such a classifier can be trusted.
    public func assessment(of answer: Answer, candidates: [ModelID]) -> Assessment {
        let score = Self.score(answer)
        let estimates = candidates.indices.map { index in
            let place = candidates.count < 2 ? 0 : Double(index) / Double(candidates.count - 1)
            return Estimate(value: 1 - score * (1 - place), low: 0, high: 1)
        }
        return Assessment(score: score, estimates: estimates)
    }

    /// Scores of the texts that were scored before, ascending.
    public func referenceScores(candidates: [ModelID]) -> [Double] { sample }

    /// Any candidates will do.
    public func validate(candidates: [ModelID]) throws {}

    private static func score(_ answer: Answer) -> Double {
        switch answer {
        case .weakSuffices(let chance): 1 - min(max(chance, 0), 1)
        case .nothing: 1
        }
    }
}
