import Foundation
import TurnoutCore
public import TurnoutEncoders

/// What is known of a query when it is estimated.
public struct QueryFeatures: Sendable {
    /// The text itself.
    public let text: String
    /// What the encoder makes of it; empty for estimators that do not need it.
    public let embedding: [Float]
    /// The surface features as extracted, `SurfaceFeatures.count` of them.
    public let surface: [Float]

    /// Bundles features that were computed before.
    public init(text: String, embedding: [Float], surface: [Float]) {
        self.text = text
        self.embedding = embedding
        self.surface = surface
    }
}

/// The part that makes one kind of router differ from another: one estimate per model from a query's features.
///
/// Everything else (candidates, intervals, quantiles, the card) is the same for all kinds and stands in
/// ``EstimateRouter``. A new kind is a type that conforms, a line in ``EstimateRouter/kinds`` and a trainer.
public protocol Estimator: Sendable {
    /// The name of the kind in the card and on the command line, such as `linear`.
    static var kind: String { get }
    /// Whether the kind looks at the embedding; where it does not, no time is spent on encoding.
    static var needsEmbedding: Bool { get }
    /// How two estimates become the chance that one model's answer is better than the other's.
    static var comparison: Comparison { get }

    /// One estimate per model of the card, in its order; finite. Pure: equal features give equal estimates.
    func estimates(for query: QueryFeatures) -> [Double]

    /// Reads the kind's own tensors and metadata.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile` when a tensor is missing or does not fit the card.
    init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws

    /// Adds the kind's own tensors and metadata to an artifact.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` when a tensor's name is taken.
    func store(in file: inout SafetensorsBuilder) throws
}

extension Estimator {
    /// Most kinds look at the embedding.
    public static var needsEmbedding: Bool { true }
    /// Most kinds estimate scores.
    public static var comparison: Comparison { .difference }
}

/// How two estimates become a win rate: the chance that the second model's answer is better, ties counting half.
public enum Comparison: Sendable {
    /// Estimates are P(right) or scores of independent outcomes: ½ (1 + (strong - weak) / width of the score range).
    case difference
    /// Estimates are chances to beat an average model, as Bradley and Terry 1952 have them:
    /// the odds of the strong one over the odds of the weak one are the odds that it wins.
    case odds
    /// Estimates are chances to be good enough beside the strong model, whose own is 1: 1 - that of the weak one.
    case sufficiency

    /// The range of estimates where scores have this one.
    public func range(ofScores range: ClosedRange<Double>) -> ClosedRange<Double> {
        switch self {
        case .difference: range
        case .odds, .sufficiency: 0...1
        }
    }

    /// What an estimate should have been that led to this outcome, where `models` were compared.
    ///
    /// Outcomes of comparisons are shares won against the others, estimates chances against the average of all, of which
    /// the model itself is one: its log-odds are smaller by that one part.
    package func estimate(ofOutcome outcome: Double, models: Int) -> Double {
        switch self {
        case .difference, .sufficiency: return outcome
        case .odds:
            guard outcome > 0, outcome < 1 else { return outcome }
            let logOdds = log(outcome / (1 - outcome)) * Double(models - 1) / Double(models)
            return 1 / (1 + exp(-logOdds))
        }
    }

    /// The win rate of `strong` over `weak`; `width` is the distance from the least to the greatest score.
    public func winRate(weak: Double, strong: Double, width: Double) -> Double {
        switch self {
        case .difference:
            return 0.5 * (1 + (strong - weak) / max(width, .leastNormalMagnitude))
        case .odds:
            let (won, lost) = (strong * (1 - weak), weak * (1 - strong))
            return won + lost > 0 ? won / (won + lost) : 0.5
        case .sufficiency: return strong * (1 - weak)
        }
    }
}
