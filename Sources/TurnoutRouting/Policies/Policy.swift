public import TurnoutCore

/// How estimates become a choice: the user's wish, apart from what any router believes.
///
/// A rule says which candidate is preferred; wishes about latency and task say who is considered at all. What every
/// request needs (context window, tools, images and so on) is filtered under any policy.
public struct Policy: Sendable, Equatable {
    /// Who is preferred among those that are considered.
    public enum Rule: Sendable, Equatable {
        /// The strongest candidate answers iff the score is at least this; 0…1.
        ///
        /// RouteLLM's alpha: Ong et al. 2024, section 3. The score is a ranking, not a price; the same threshold
        /// means different shares under different routers.
        case threshold(Double)
        /// The strongest candidate answers this share of queries, the hardest ones; 0…1.
        ///
        /// The threshold is the quantile `1 - share` of the router's reference scores. Where decisions are many, as
        /// in a gateway, ``ShareKeeper`` holds the share on traffic that is not like the reference. 0 and 1 are exact.
        case strongShare(Double)
        /// The threshold of the certificate that the router's artifact carries, while it is valid; after that the
        /// strongest candidate answers everything.
        case certified
        /// This share of the best single model's quality is kept, as cheaply as the router's estimates allow; 0…1.
        case targetQuality(Double)
        /// The cheapest candidate whose estimate is at least this; without one, the best.
        case cheapestAbove(Double)
        /// The candidate with the greatest `estimate − λ · dollars − μ · seconds`.
        ///
        /// Per query this is the economic optimum of ROUTING section 6 when λ is one over the money that a unit of
        /// quality is worth; Somerstep et al. 2025, "CARROT".
        case utility(lambda: Double, mu: Double)
        /// As ``utility(lambda:mu:)``, λ being set so that an amount lasts for a period.
        case budget(BudgetPacer.Limit)
        /// The weakest that is considered; the rule of a policy that names tasks only.
        case weakest
    }

    /// Who is preferred.
    public var rule: Rule
    /// How long an answer may take; `nil` for as long as it likes.
    public var latency: LatencyBound?
    /// Who does for which task; `nil` when the task does not matter.
    public var capability: CapabilityMap?

    /// Combines a rule and wishes; without a rule the wishes imply one.
    ///
    /// - Parameters:
    ///   - rule: Who is preferred; `nil` for the weakest that does where tasks count, else for the best estimate.
    ///   - latency: How long an answer may take.
    ///   - capability: Who does for which task.
    public init(_ rule: Rule?, latency: LatencyBound? = nil, capability: CapabilityMap? = nil) {
        self.rule = rule ?? (capability == nil ? Self.bestEstimate : .weakest)
        self.latency = latency
        self.capability = capability
    }

    /// See ``Rule/threshold(_:)``.
    public static func threshold(_ value: Double) -> Policy { Policy(.threshold(value)) }

    /// See ``Rule/strongShare(_:)``.
    public static func strongShare(_ value: Double) -> Policy { Policy(.strongShare(value)) }

    /// The best estimate, whatever it costs; the rule of a policy that names a latency only.
    public static let bestEstimate = Rule.utility(lambda: 0, mu: 0)

    /// What a route does that names no policy.
    public static let `default` = Policy.strongShare(0.5)

    /// Refuses parameters that mean nothing.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    public func validate() throws {
        switch rule {
        case .threshold(let value): try Self.check("threshold", value, in: 0...1)
        case .strongShare(let value): try Self.check("strong_share", value, in: 0...1)
        case .targetQuality(let value): try Self.check("target_quality", value, in: 0...1)
        case .cheapestAbove(let value): try Self.check("cheapest_above", value, in: -1e9...1e9)
        case .utility(let lambda, let mu):
            try Self.check("lambda", lambda, in: 0...1e12)
            try Self.check("mu", mu, in: 0...1e12)
        case .budget(let limit):
            try Self.check("amount", limit.amount.dollars, in: 1e-9...1e9)
            try Self.check("period", limit.period, in: 1...3.2e8)
        case .certified, .weakest: break
        }
        for (name, value) in [("first_token", latency?.firstToken), ("total", latency?.total)] {
            if let value { try Self.check(name, value, in: 1e-6...1e6) }
        }
    }

    private static func check(_ name: String, _ value: Double, in range: ClosedRange<Double>) throws {
        guard range.contains(value) else {
            throw TurnoutError(
                .invalidArgument,
                "\(name) is \(value), but must lie between \(shown(range.lowerBound)) and \(shown(range.upperBound))")
        }
    }

    private static func shown(_ bound: Double) -> String {
        bound == bound.rounded() && abs(bound) < 1e6 ? String(Int(bound)) : String(bound)
    }

    /// Whether the rule weighs what candidates cost, so that it needs the price of each.
    var needsPrices: Bool {
        switch rule {
        case .targetQuality, .cheapestAbove, .budget: true
        case .utility(let lambda, _): lambda > 0
        case .threshold, .strongShare, .certified, .weakest: false
        }
    }
}

extension Policy: CustomStringConvertible {
    /// The policy in the terms of a configuration file; a map of tasks to models is not spelled out.
    public var description: String {
        let wishes = [
            capability.map { $0.models.isEmpty ? "capability: by_size" : "capability: by_task" },
            latency.map { "latency: \($0)" },
        ].compactMap { $0 }
        let isImplied = !wishes.isEmpty && rule == (capability == nil ? Self.bestEstimate : .weakest)
        return (wishes + (isImplied ? [] : [rule.description])).joined(separator: ", ")
    }
}

extension Policy.Rule: CustomStringConvertible {
    /// The rule in the terms of a configuration file.
    public var description: String {
        switch self {
        case .threshold(let value): "threshold: \(value)"
        case .strongShare(let value): "strong_share: \(value)"
        case .certified: "certified"
        case .targetQuality(let value): "target_quality: \(value)"
        case .cheapestAbove(let value): "cheapest_above: \(value)"
        case .utility(let lambda, let mu): "utility: { lambda: \(lambda), mu: \(mu) }"
        case .budget(let limit): "budget: { dollars: \(limit.amount.dollars), per: \(limit.period) }"
        case .weakest: "weakest"
        }
    }
}
