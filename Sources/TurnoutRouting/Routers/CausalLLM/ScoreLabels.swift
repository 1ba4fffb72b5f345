import Foundation

/// How the log-probabilities of a classifying language model become a chance that the weak model will do.
///
/// The classifier was asked for the score, 1 to 5, that an answer of the weak model would get. Of what it wrote, the
/// first position counts at which the labels 1 to 5 among the listed tokens have at least ``leastMass`` of the
/// probability. Their probabilities there are divided by their sum, and P(weak suffices) is what scores of at least
/// ``threshold`` have of it. Ong et al. 2024, "RouteLLM", section 4.2, causal LLM classifier.
///
/// A token is a label when, without white space, square brackets and the marks `▁` and `Ġ` of tokenizers around it,
/// it is one digit from 1 to 5; several spellings of a label add up. A label that is not among the listed tokens counts
/// nothing. When there is no such position, nothing is known and the strong model answers.
public struct ScoreLabels: Sendable, Equatable {
    /// A token that could have stood at a position, and how likely it was.
    public struct Token: Sendable, Equatable {
        /// The token as text.
        public var text: String
        /// Natural logarithm of its probability.
        public var logProbability: Double

        /// Bundles text and logarithm.
        public init(_ text: String, _ logProbability: Double) {
            self.text = text
            self.logProbability = logProbability
        }
    }

    /// The least score at which the weak model's answer is good enough; 2 to 5.
    public var threshold = 4
    /// The least share of probability that labels must have at a position, 0 to 1.
    ///
    /// It keeps a digit that merely could have stood there, in a word or before a bracket, from being read as a score.
    public var leastMass = 0.5

    /// All defaults.
    public init() {}

    /// The chance that the weak model will do; `nil` when the classifier gave no label.
    ///
    /// - Parameter positions: The likeliest tokens at each position of what the classifier wrote.
    /// - Returns: A number from 0 to 1, or `nil`.
    public func weakSuffices(_ positions: [[Token]]) -> Double? {
        for tokens in positions {
            var masses = [Double](repeating: 0, count: 6)
            for token in tokens {
                guard let label = Self.label(token.text), token.logProbability <= 0 else { continue }
                masses[label] += exp(token.logProbability)
            }
            let mass = masses.reduce(0, +)
            guard mass > 0, mass >= leastMass else { continue }
            return masses[threshold...].reduce(0, +) / mass
        }
        return nil
    }

    /// The score that a token stands for.
    static func label(_ token: String) -> Int? {
        let core = token.drop(while: isDecoration)
        let end = core.lastIndex { !isDecoration($0) }.map { core.index(after: $0) } ?? core.startIndex
        let text = core[..<end]
        guard text.utf8.count == 1, let digit = Int(text), 1...5 ~= digit else { return nil }
        return digit
    }

    private static func isDecoration(_ character: Character) -> Bool {
        character.isWhitespace || "[]▁Ġ".contains(character)
    }
}
