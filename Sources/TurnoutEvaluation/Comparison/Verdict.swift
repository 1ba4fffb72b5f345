public import TurnoutCore

/// Whether routing between these models is worth it, as far as the data can tell.
public enum Verdict: Sendable, Equatable {
    /// One model is at least as good and as cheap as every other.
    case oneModelIsBestAndCheapest(ModelID)
    /// No router is shown to beat what needs no look at the prompt.
    case noBetterThanChance(best: ModelID)
    /// A router beats chance, but is not shown to beat prompt length.
    case noBetterThanLength(router: String)
    /// A router beats both.
    case worthIt(router: String)

    /// Reads the verdict off the differences that are shown.
    ///
    /// - Parameters:
    ///   - differences: Of each router over `chance` and over `length`.
    ///   - routers: Names, the best figure first.
    ///   - models: From the worst to the best.
    ///   - chance: What needs no look at the prompt.
    ///   - length: The baseline of prompt length, where it has a meaning.
    /// - Returns: The verdict.
    static func make(
        _ differences: [EvaluationResult.Difference], bestFirst routers: [String], models: [EvaluationResult.Model],
        chance: String, length: String?
    ) -> Verdict {
        let best = models[models.count - 1]
        if let cost = best.cost?.value, models.allSatisfy({ ($0.cost?.value ?? 0) >= cost }) {
            return .oneModelIsBestAndCheapest(best.model)
        }
        func beats(_ router: String, _ other: String) -> Bool {
            differences.contains { $0.router == router && $0.over == other && $0.isShown && $0.difference.value > 0 }
        }
        let better = routers.filter { beats($0, chance) }
        guard let first = better.first else { return .noBetterThanChance(best: best.model) }
        guard let length else { return .worthIt(router: first) }
        return better.first { beats($0, length) }.map { .worthIt(router: $0) } ?? .noBetterThanLength(router: first)
    }

    /// Whether to route with a router.
    public var isWorthIt: Bool { if case .worthIt = self { true } else { false } }
}
