import Foundation
public import TurnoutRouting

/// A policy at all settings of its one parameter, the cheapest way to run it among them and the most lavish.
public struct PolicyFamily: Sendable {
    /// The parameter's name.
    public let name: String
    /// The policy at each setting.
    public let policies: [Policy]

    /// All that have one parameter which trades quality for money.
    public static let names = ["threshold", "strong_share", "target_quality", "cheapest_above", "lambda"]

    /// Settings spread over the range in which anything changes on these data.
    ///
    /// - Parameters:
    ///   - name: One of ``names``.
    ///   - policy: Its wishes are kept; so is its weight of time.
    ///   - replay: The data.
    init?(_ name: String, like policy: Policy, on replay: PolicyReplay) {
        func swept(_ values: [Double], _ rule: (Double) -> Policy.Rule) -> [Policy] {
            values.map { Policy(rule($0), latency: policy.latency, capability: policy.capability) }
        }
        let mu = if case .utility(_, let mu) = policy.rule { mu } else { 0.0 }
        self.name = name
        switch name {
        case "threshold": policies = swept(Self.steps(40), Policy.Rule.threshold)
        case "strong_share": policies = swept(Self.steps(20), Policy.Rule.strongShare)
        case "target_quality": policies = swept(Self.steps(40).map { 0.5 + $0 / 2 }, Policy.Rule.targetQuality)
        case "cheapest_above": policies = swept(replay.bars, Policy.Rule.cheapestAbove)
        case "lambda": policies = swept(replay.weights) { .utility(lambda: $0, mu: mu) }
        default: return nil
        }
    }

    /// The family that a policy is of; `nil` for one without a parameter that trades quality for money.
    static func name(of policy: Policy) -> String? {
        switch policy.rule {
        case .threshold: "threshold"
        case .strongShare: "strong_share"
        case .targetQuality: "target_quality"
        case .cheapestAbove: "cheapest_above"
        case .utility(let lambda, _): lambda > 0 ? "lambda" : nil
        case .certified, .budget, .weakest: nil
        }
    }

    private static func steps(_ count: Int) -> [Double] { (0...count).map { Double($0) / Double(count) } }
}

extension PolicyReplay {
    /// Bars for `cheapest_above`: quantiles of all estimates.
    fileprivate var bars: [Double] {
        let all = decider.router.referenceEstimates(candidates: data.models).flatMap { $0 }.sorted()
        let quantiles = (0...40).map { all[$0 * (all.count - 1) / 40] }
        return [quantiles[0] - 1] + quantiles + [quantiles[40] + 1]
    }

    /// Weights of a dollar: 0, and eight to each power of ten from where nothing changes to where only money counts.
    fileprivate var weights: [Double] {
        let means = costs.map { $0.reduce(0, +) / Double($0.count) }.filter { $0 > 0 }
        let (low, high) = (log10(0.003 / (means.max() ?? 1)), log10(3 / (means.min() ?? 1)))
        let count = Int(((high - low) * 8).rounded(.up))
        return [0] + (0...count).map { pow(10, low + (high - low) * Double($0) / Double(max(count, 1))) }
    }
}
