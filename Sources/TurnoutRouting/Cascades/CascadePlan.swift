public import TurnoutCore

/// Which model to ask next, or with whose answer to stop: routing and cascading in one.
///
/// Among the sets of models that contain all that were asked so far, the one with the greatest expected quality of its
/// best answer, less λ times its summed cost, is sought. When it is the set of those asked, the best of their answers
/// is given; otherwise its cheapest model that was not asked is asked next. Before the first question that is routing,
/// with more than one model in the set it is a cascade. Dekoninck et al. 2024, "A Unified Approach to Routing and
/// Cascading for LLMs" (arXiv 2410.10347), sections 3 and 4.
///
/// A plan is a value without state: whoever runs it asks, updates the beliefs with what a verifier said, and comes back.
public struct CascadePlan: Sendable, Equatable {
    /// What is to be done.
    public enum Action: Sendable, Equatable {
        /// Ask the model with this index, and judge its answer.
        case ask(Int)
        /// Give the answer of the model with this index, which was asked.
        case answer(Int)
    }

    /// The cost of asking each model and judging its answer, in dollars.
    public let costs: [Double]
    /// λ: the quality that a dollar must buy.
    public let qualityPerDollar: Double

    /// The most models.
    public static let mostModels = 20
    /// Where more models than this were not asked, only sets with up to ``fewAdded`` more of them are looked at.
    private static let mostEnumerated = 10
    private static let fewAdded = 3
    /// A gain below this is rounding, and no reason to ask anybody.
    private static let leastGain = 1e-9

    /// Checks costs and λ.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    public init(costs: [Double], qualityPerDollar: Double) throws {
        guard (1...Self.mostModels).contains(costs.count) else {
            throw TurnoutError(
                .invalidArgument, "a cascade has \(costs.count) models; give 1 to \(Self.mostModels)")
        }
        guard costs.allSatisfy({ $0 >= 0 && $0.isFinite }), qualityPerDollar >= 0, qualityPerDollar.isFinite else {
            throw TurnoutError(
                .invalidArgument, "costs and the quality that a dollar must buy must be finite and not negative")
        }
        self.costs = costs
        self.qualityPerDollar = qualityPerDollar
    }

    /// The next step.
    ///
    /// - Parameters:
    ///   - beliefs: Of each model: a router's estimate before it was asked, a verifier's afterwards.
    ///   - asked: The models that were asked.
    /// - Returns: Whom to ask, or whose answer to give. Equal answers: the one with the lowest index. Sets that are worth
    ///   the same: the one with fewer models.
    /// - Complexity: O(2ⁿ · n) for n models that were not asked, up to ten; O(n³) for more.
    public func next(beliefs: [QualityBelief], asked: Set<Int>) -> Action {
        precondition(beliefs.count == costs.count, "\(beliefs.count) beliefs in \(costs.count) models")
        let added = bestAddition(beliefs, asked: asked)
        if let next = added.min(by: { (costs[$0], $0) < (costs[$1], $1) }) { return .ask(next) }
        let best = asked.max { (beliefs[$0].mean, $1) < (beliefs[$1].mean, $0) }
        return .answer(best ?? 0)
    }

    /// The models that the best superset of `asked` has beyond it.
    func bestAddition(_ beliefs: [QualityBelief], asked: Set<Int>) -> [Int] {
        let maximum = ExpectedMaximum(beliefs)
        let given = asked.sorted()
        let open = costs.indices.filter { !asked.contains($0) }
        let most = open.count <= Self.mostEnumerated ? open.count : Self.fewAdded
        // Without an answer there is nothing to stop with.
        var best: (value: Double, added: [Int]) = (given.isEmpty ? -.infinity : maximum.of(given), [])
        for size in stride(from: 1, through: most, by: 1) {
            forEachSubset(of: open, size: size) { added in
                let cost = added.reduce(0) { $0 + costs[$1] }
                let value = maximum.of(given + added) - qualityPerDollar * cost
                if value > best.value + Self.leastGain { best = (value, added) }
            }
        }
        return best.added
    }

    /// Subsets of one size in lexicographic order.
    private func forEachSubset(of elements: [Int], size: Int, _ body: ([Int]) -> Void) {
        var places = Array(0..<size)
        while true {
            body(places.map { elements[$0] })
            guard let moving = places.indices.last(where: { places[$0] < elements.count - size + $0 }) else { return }
            let next = places[moving] + 1
            for place in moving..<size { places[place] = next + place - moving }
        }
    }
}
