import Foundation
public import TurnoutCore

/// A model that may be chosen.
public struct Candidate: Sendable, Equatable {
    /// The name it is configured and reported under.
    public let model: ModelID
    /// The name under which the router knows it.
    public let routerName: ModelID
    /// What it charges, where known.
    public let price: Price?

    /// Describes a candidate; the router knows it by its own name unless told otherwise.
    public init(model: ModelID, routerName: ModelID? = nil, price: Price? = nil) {
        self.model = model
        self.routerName = routerName ?? model
        self.price = price
    }
}

/// Candidates, a router and a policy, checked once and ready to decide.
///
/// Deciding is a pure function: no input or output, no clock, no shared state. The gateway, the command line and
/// an app call the same one.
public struct Decider: Sendable {
    /// Weakest first.
    public let candidates: [Candidate]
    /// Where estimates come from.
    public let router: any Router
    /// How they become a choice.
    public private(set) var policy: Policy

    private let routerNames: [ModelID]
    private let fallback: [ModelID]?
    private var cuts: [Double]
    private let referenceScores: [Double]

    /// Checks that router, policy and candidates fit together and resolves the policy's cuts.
    ///
    /// - Parameters:
    ///   - candidates: At least one, weakest first, no name twice.
    ///   - router: Where estimates come from; it must know all candidates.
    ///   - policy: How estimates become a choice.
    ///   - fallback: The order in which models are tried when the choice fails; it may name models that are not
    ///     candidates. By default the other candidates, nearest strength first, the stronger of two equally near
    ///     ones before the weaker.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    public init(candidates: [Candidate], router: any Router, policy: Policy, fallback: [ModelID]? = nil) throws {
        let names = candidates.map(\.model)
        guard !candidates.isEmpty else {
            throw TurnoutError(.invalidArgument, "a route needs at least one candidate, weakest first")
        }
        guard Set(names).count == names.count else {
            throw TurnoutError(
                .invalidArgument, "a candidate is listed twice among \(names.map(\.name).joined(separator: ", "))")
        }
        try policy.validate()
        let routerNames = candidates.map(\.routerName)
        try router.validate(candidates: routerNames)
        self.candidates = candidates
        self.router = router
        self.policy = policy
        self.routerNames = routerNames
        self.referenceScores =
            router.card.calibration?.referenceScores(for: routerNames)
            ?? router.referenceScores(candidates: routerNames)
        self.cuts = policy.cuts(candidateCount: candidates.count, referenceScores: referenceScores)
        self.fallback = fallback
    }

    /// The same candidates and router under another policy.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    public func with(policy: Policy) throws -> Decider {
        try policy.validate()
        var other = self
        other.policy = policy
        other.cuts = policy.cuts(candidateCount: candidates.count, referenceScores: referenceScores)
        return other
    }

    /// Chooses a model for a text.
    public func decide(_ text: String) -> Decision {
        decide(router.assess(text, candidates: routerNames))
    }

    /// Chooses a model for a text that was assessed elsewhere, as by a classifier behind an endpoint.
    ///
    /// - Parameters:
    ///   - assessment: One estimate for each candidate, weakest first.
    ///   - remark: Added to the reason; no part of the text.
    /// - Returns: The decision.
    public func decide(_ assessment: Assessment, remark: String? = nil) -> Decision {
        let chosen = cuts.reduce(0) { assessment.score >= $1 ? $0 + 1 : $0 }
        let fallbacks = fallbacks(after: chosen)
        let options = candidates.indices.map { index in
            let model = candidates[index].model
            return Decision.Option(
                model: model, estimate: assessment.estimates[index], price: candidates[index].price,
                rank: index == chosen ? 1 : fallbacks.firstIndex(of: model).map { $0 + 2 })
        }
        let nearest = nearestCut(to: assessment.score, chosen: chosen)
        return Decision(
            model: candidates[chosen].model,
            fallbacks: fallbacks,
            reason: reason(score: assessment.score, chosen: chosen) + (remark.map { "; \($0)" } ?? ""),
            score: assessment.score,
            margin: nearest.map { abs(assessment.score - $0.score) },
            options: options,
            counterfactual: nearest)
    }

    /// The models to be tried when candidate `chosen` fails, in order.
    private func fallbacks(after chosen: Int) -> [ModelID] {
        if let fallback { return fallback.filter { $0 != candidates[chosen].model } }
        return candidates.indices.filter { $0 != chosen }
            .sorted { (abs($0 - chosen), -$0) < (abs($1 - chosen), -$1) }
            .map { candidates[$0].model }
    }

    private func reason(score: Double, chosen: Int) -> String {
        guard candidates.count > 1 else { return "only candidate" }
        let shown = rounded(score)
        if chosen == candidates.count - 1 {
            return cuts[chosen - 1] == -.infinity
                ? "\(policy) sends all to \(candidates[chosen].model)"
                : "score \(shown) >= \(rounded(cuts[chosen - 1])) (\(policy))"
        }
        return cuts[chosen] == .infinity
            ? "\(policy) sends nothing to \(candidates[chosen + 1].model)"
            : "score \(shown) < \(rounded(cuts[chosen])) (\(policy))"
    }

    private func nearestCut(to score: Double, chosen: Int) -> Decision.Counterfactual? {
        var best: (cut: Double, model: Int)?
        if chosen > 0, cuts[chosen - 1].isFinite { best = (cuts[chosen - 1], chosen - 1) }
        if chosen < cuts.count, cuts[chosen].isFinite,
            best.map({ abs(cuts[chosen] - score) < abs($0.cut - score) }) ?? true
        {
            best = (cuts[chosen], chosen + 1)
        }
        guard let best else { return nil }
        return Decision.Counterfactual(
            score: best.cut, model: candidates[best.model].model,
            change: policyChange(score: score, towards: best.model, from: chosen))
    }

    /// The policy parameter at which this very query would move to its neighbour on the ladder.
    private func policyChange(score: Double, towards other: Int, from chosen: Int) -> String {
        let boundary = Double(max(other, chosen)) / Double(candidates.count - 1)
        let (direction, verb) = other > chosen ? (1.0, "at most") : (-1.0, "above")
        switch policy {
        case .threshold:
            let flip = score / boundary
            let isPossible = direction > 0 ? flip <= 1 : flip < 1
            return isPossible ? "threshold \(verb) \(rounded(flip))" : "no threshold in 0…1"
        case .strongShare:
            let flip = 1 - Quantiles.rank(of: score, in: referenceScores) / boundary
            guard flip > 0 || direction > 0 else { return "strong_share 0" }
            guard flip >= 0 else { return "strong_share 0 to 1, none of them" }
            return "strong_share \(direction > 0 ? "at least" : "below") \(rounded(flip))"
        }
    }

    private func rounded(_ value: Double) -> String { String(format: "%.3f", value) }
}
