public import TurnoutCore

extension Policy {
    /// Reads a policy from a line, as it stands in a request's header or on a command line.
    ///
    /// `NAME=VALUE`, several of them separated by commas: `strong_share=0.3`, `target_quality=0.97`,
    /// `lambda=20,mu=0.01,latency=interactive`, `capability=by_size,first_token=1`, `certified`. A `budget` is not among
    /// them, because it is shared by all requests of a route.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`; it does not repeat what it could not read.
    public init(text: String) throws {
        var fields = PolicyFields()
        for part in text.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
            guard let name = pair.first, pair.count == 2 || name == "certified" else { throw Self.unreadable }
            try fields.take(name, pair.count == 2 ? pair[1] : "true")
        }
        self = try fields.policy()
        try validate()
    }

    fileprivate static let unreadable = TurnoutError(
        .invalidArgument,
        """
        a policy reads NAME=VALUE, as in 'strong_share=0.3' or 'lambda=20,latency=interactive'; names are threshold, \
        strong_share, target_quality, cheapest_above, lambda, mu, latency, first_token, total, capability and certified
        """)
}

/// The names and values of a line, while they are read.
private struct PolicyFields {
    private var rule: Policy.Rule?
    private var weights: (lambda: Double?, mu: Double?)
    private var latency: LatencyBound?
    private var capability: CapabilityMap?
    private var seen: Set<String> = []

    mutating func take(_ name: String, _ value: String) throws {
        guard seen.insert(name).inserted else { throw Policy.unreadable }
        switch name {
        case "threshold": try set(.threshold(number(value)))
        case "strong_share": try set(.strongShare(number(value)))
        case "target_quality": try set(.targetQuality(number(value)))
        case "cheapest_above": try set(.cheapestAbove(number(value)))
        case "certified" where value == "true": try set(.certified)
        case "lambda": weights.lambda = try number(value)
        case "mu": weights.mu = try number(value)
        case "latency":
            guard let named = LatencyBound.named.first(where: { $0.name == value }) else { throw Policy.unreadable }
            latency = LatencyBound(
                firstToken: latency?.firstToken ?? named.bound.firstToken, total: latency?.total ?? named.bound.total)
        case "first_token": latency = LatencyBound(firstToken: try number(value), total: latency?.total)
        case "total": latency = LatencyBound(firstToken: latency?.firstToken, total: try number(value))
        case "capability" where value == "by_size": capability = CapabilityMap()
        default: throw Policy.unreadable
        }
    }

    private mutating func set(_ new: Policy.Rule) throws {
        guard rule == nil else {
            throw TurnoutError(.invalidArgument, "\(new) and \(rule ?? new) exclude each other; give one of them")
        }
        rule = new
    }

    private func number(_ text: String) throws -> Double {
        guard let number = Double(text), number.isFinite else { throw Policy.unreadable }
        return number
    }

    func policy() throws -> Policy {
        let weighed = weights.lambda != nil || weights.mu != nil
        guard !weighed || rule == nil else {
            throw TurnoutError(.invalidArgument, "lambda and mu weigh by themselves; they do not go with another rule")
        }
        guard rule != nil || weighed || latency != nil || capability != nil else { throw Policy.unreadable }
        let rule =
            weighed ? Policy.Rule.utility(lambda: weights.lambda ?? 0, mu: weights.mu ?? 0) : rule
        return Policy(rule, latency: latency, capability: capability)
    }
}
