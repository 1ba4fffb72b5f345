import TurnoutCore
import TurnoutNumerics

/// How pairs of texts are drawn for the contrastive step.
public struct PairSampling: Sendable, Codable, Equatable {
    /// What to do when there are more pairs of one kind than of the other.
    public enum Strategy: String, Sendable, Codable, CaseIterable {
        /// The smaller kind is gone through again until both are equal.
        case oversampling
        /// The larger kind is cut.
        case undersampling
        /// Every pair once.
        case unique
    }

    /// What to do when there are more pairs of one kind than of the other.
    public var strategy = Strategy.oversampling
    /// When given, this many pairs of each kind for each text, whatever the strategy.
    public var iterations: Int?

    /// The most pairs that are drawn or chosen from: those of about 3,000 texts.
    static let mostPairs = 5_000_000

    /// The defaults of SetFit.
    public init() {}

    /// Draws pairs from the upper triangle of the texts, each text with itself included.
    ///
    /// - Parameters:
    ///   - classes: The class of each text.
    ///   - seed: Where random numbers start.
    /// - Returns: Pairs of one class and of two in turn, as long as there are both.
    /// - Throws: `TurnoutError` with code `.invalidArgument` for more than ``mostPairs``.
    /// - Complexity: O(texts²)
    func pairs(of classes: [Int], seed: UInt64) throws -> [TextPair] {
        let (drawn, tooMany) = classes.count.multipliedReportingOverflow(by: iterations ?? 0)
        guard classes.count * (classes.count + 1) / 2 <= Self.mostPairs, !tooMany, drawn <= Self.mostPairs / 2 else {
            throw TurnoutError(
                .invalidArgument,
                """
                \(classes.count) texts make more pairs than the \(Self.mostPairs) that are learnt from; give fewer texts, or \
                take --router linear, which learns from many
                """)
        }
        let triangle = classes.indices.flatMap { first in (first..<classes.count).map { (first, $0) } }
        var random = SeededRandom(seed: seed)
        var (same, different) = ([TextPair](), [TextPair]())
        for place in random.permutation(of: triangle.count) {
            let (first, second) = triangle[place]
            if classes[first] == classes[second] {
                same.append(TextPair(first: first, second: second, target: 1))
            } else {
                different.append(TextPair(first: first, second: second, target: 0))
            }
        }
        let (wantedSame, wantedDifferent) = wanted(same.count, different.count, texts: classes.count)
        let (positive, negative) = (cycled(same, wantedSame), cycled(different, wantedDifferent))
        return (0..<max(positive.count, negative.count)).flatMap { i in
            [positive, negative].filter { i < $0.count }.map { $0[i] }
        }
    }

    private func wanted(_ same: Int, _ different: Int, texts: Int) -> (Int, Int) {
        if let iterations { return (iterations * texts, iterations * texts) }
        switch strategy {
        case .oversampling: return (max(same, different), max(same, different))
        case .undersampling: return (min(same, different), min(same, different))
        case .unique: return (same, different)
        }
    }

    private func cycled(_ pairs: [TextPair], _ count: Int) -> [TextPair] {
        pairs.isEmpty ? [] : (0..<count).map { pairs[$0 % pairs.count] }
    }
}
