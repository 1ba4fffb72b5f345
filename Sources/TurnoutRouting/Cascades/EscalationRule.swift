public import TurnoutCore

/// The plain cascade: ask the cheapest model first, and the next one while a verifier is not satisfied.
///
/// Chen et al. 2023, "FrugalGPT" (arXiv 2305.05176), section 3.
public struct EscalationRule: Sendable, Equatable {
    /// The least score with which each answer but the last is given; one for each model but the last, 0 to 1.
    public let leastScores: [Double]

    /// Checks the scores.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for one outside 0…1.
    public init(leastScores: [Double]) throws {
        guard leastScores.allSatisfy({ 0 <= $0 && $0 <= 1 }) else {
            throw TurnoutError(.invalidArgument, "the score from which an answer is given must lie between 0 and 1")
        }
        self.leastScores = leastScores
    }

    /// The next step.
    ///
    /// - Parameter scores: What the verifier said of the answers so far, cheapest model first; `nil` where it failed.
    /// - Returns: Whom to ask, or whose answer to give. An answer that could not be judged is not given while a stronger
    ///   model is left; the last model's answer is given without being judged.
    public func next(scores: [Double?]) -> CascadePlan.Action {
        guard let last = scores.indices.last else { return .ask(0) }
        guard last < leastScores.count else { return .answer(last) }
        if let score = scores[last], score >= leastScores[last] { return .answer(last) }
        return .ask(last + 1)
    }

    /// Whether asking the weak model first costs less than always asking the strong one.
    ///
    /// It does iff the share of queries that escalate is below 1 − (c_weak + c_verify) / c_strong. Quality is another
    /// matter.
    ///
    /// - Parameters:
    ///   - escalationRate: The share of queries that the strong model is asked, too.
    ///   - weak: The cost of the weak model's answer.
    ///   - verify: The cost of judging it.
    ///   - strong: The cost of the strong model's answer, above 0.
    /// - Returns: Whether it pays, and the escalation rate at which it just does not.
    public static func pays(
        escalationRate: Double, weak: Double, verify: Double, strong: Double
    ) -> (pays: Bool, breakEven: Double) {
        let breakEven = 1 - (weak + verify) / strong
        return (escalationRate < breakEven, breakEven)
    }
}
