import TurnoutCore

/// A policy's rule with all that it needs worked out: how much each candidate is preferred for a query.
struct Preference: Sendable {
    /// How much a candidate is preferred.
    struct Merit: Sendable, Comparable {
        /// Whether it does what the rule asks for; those that do come before all others.
        var meets = true
        /// More is better.
        var value: Double

        static func < (a: Merit, b: Merit) -> Bool {
            a.meets == b.meets ? a.value < b.value : !a.meets
        }
    }

    /// What the rule comes down to.
    enum Kind: Sendable {
        /// The score picks a rung.
        case ladder(ScoreLadder)
        /// The score picks a rung while the certificate is valid.
        case certified(ScoreLadder, Certificate)
        /// Estimate less λ times the share of the dearest one's cost.
        case relativeCost(TargetQuality)
        /// The cheapest above a bar.
        case cheapestAbove(Double)
        /// Estimate less λ times dollars less μ times seconds.
        case utility(lambda: Double, mu: Double)
        /// Estimate less dollars at the budget's multiplier.
        case budget
        /// The first of the ladder.
        case weakest
    }

    let kind: Kind

    /// Works out what a policy needs.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` when candidates or router lack it.
    init(policy: Policy, candidates: [Candidate], router: any Router) throws {
        if policy.needsPrices { try Self.checkPrices(candidates, policy) }
        let names = candidates.map(\.routerName)
        func ladder(_ kind: ScoreLadder.Kind) -> ScoreLadder {
            ScoreLadder(
                kind: kind, candidateCount: candidates.count,
                referenceScores: router.card.calibration?.referenceScores(for: names)
                    ?? router.referenceScores(candidates: names))
        }
        switch policy.rule {
        case .threshold(let value): kind = .ladder(ladder(.threshold(value)))
        case .strongShare(let value):
            let ladder = ladder(.strongShare(value))
            guard ladder.referenceScores.count >= 2 else {
                throw TurnoutError(
                    .invalidArgument,
                    "strong_share needs a router with a sample of scores, and '\(router.card.kind)' has none; "
                        + "give a threshold")
            }
            kind = .ladder(ladder)
        case .certified:
            let certificate = try Self.certificate(of: router, names)
            kind = .certified(ladder(.threshold(certificate.threshold)), certificate)
        case .targetQuality(let target):
            let estimates = router.referenceEstimates(candidates: names)
            guard !estimates.isEmpty else {
                throw TurnoutError(
                    .invalidArgument,
                    "target_quality needs a router with held-out estimates, and '\(router.card.kind)' has none; "
                        + "train one, or give a threshold")
            }
            kind = .relativeCost(
                TargetQuality(target: target, estimates: estimates, costs: Self.relativeCosts(candidates)))
        case .cheapestAbove(let bar): kind = .cheapestAbove(bar)
        case .utility(let lambda, let mu): kind = .utility(lambda: lambda, mu: mu)
        case .budget: kind = .budget
        case .weakest: kind = .weakest
        }
    }

    private static func checkPrices(_ candidates: [Candidate], _ policy: Policy) throws {
        let unknown = candidates.filter { $0.price == nil }.map(\.model.name)
        guard unknown.isEmpty else {
            throw TurnoutError(
                .invalidArgument,
                "the policy '\(policy)' weighs prices, and that of \(unknown.joined(separator: ", ")) is unknown; "
                    + "add 'price: { input: N, output: N }', which may be 0, or take a policy without prices")
        }
    }

    private static func certificate(of router: any Router, _ names: [ModelID]) throws -> Certificate {
        guard let certificate = router.card.certificate else {
            throw TurnoutError(
                .invalidArgument,
                "the policy 'certified' needs an artifact with a certificate; 'turnout certify' issues one")
        }
        guard names == [certificate.weak, certificate.strong] else {
            throw TurnoutError(
                .invalidArgument,
                "the certificate is about \(certificate.weak) and \(certificate.strong), in this order, and not about "
                    + names.map(\.name).joined(separator: ", "))
        }
        return certificate
    }

    /// The request that costs are compared on while there is none: 500 tokens in, 300 out.
    private static func relativeCosts(_ candidates: [Candidate]) -> [Double] {
        let typical = TokenUsage(input: 500, output: 300)
        return shares(of: candidates.map { $0.price?.cost(of: typical) })
    }

    /// Costs as shares of the greatest; all 0 when nothing costs anything.
    static func shares(of costs: [Money?]) -> [Double] {
        let dollars = costs.map { $0?.dollars ?? .infinity }
        let most = dollars.filter(\.isFinite).max() ?? 0
        return dollars.map { most > 0 ? $0 / most : 0 }
    }

    /// Whether the order of the candidates, not their estimates, says who is the stronger.
    var isRanked: Bool {
        switch kind {
        case .ladder, .certified, .weakest: true
        case .relativeCost, .cheapestAbove, .utility, .budget: false
        }
    }

    /// How much each candidate is preferred.
    ///
    /// - Parameters:
    ///   - score: What the router says of the query.
    ///   - prospects: One for each candidate.
    ///   - conditions: What holds at this moment.
    /// - Returns: One merit for each candidate.
    func merits(score: Double, prospects: [Prospect], _ conditions: Conditions) -> [Merit] {
        switch kind {
        case .ladder, .certified:
            let rung = ScoreLadder.rung(of: score, cuts: cuts(conditions))
            return ScoreLadder.merits(rung: rung, candidateCount: prospects.count).map { Merit(value: $0) }
        case .relativeCost(let target):
            return zip(prospects, Self.shares(of: prospects.map(\.cost))).map { prospect, share in
                Merit(value: prospect.estimate.value - target.multiplier * share)
            }
        case .cheapestAbove(let bar):
            return prospects.map { prospect in
                let value = prospect.estimate.value
                return value >= bar
                    ? Merit(value: -(prospect.cost?.dollars ?? .infinity)) : Merit(meets: false, value: value)
            }
        case .utility(let lambda, let mu):
            return prospects.map { Merit(value: Self.utility($0, lambda: lambda, mu: mu)) }
        case .budget:
            let lambda = conditions.budget?.multiplier ?? 0
            return prospects.map { Merit(value: Self.utility($0, lambda: lambda, mu: 0)) }
        case .weakest:
            return prospects.indices.map { Merit(value: -Double($0)) }
        }
    }

    private static func utility(_ prospect: Prospect, lambda: Double, mu: Double) -> Double {
        let dollars = lambda > 0 ? prospect.cost?.dollars ?? .infinity : 0
        return prospect.estimate.value - lambda * dollars - mu * prospect.total
    }

    /// The cuts of a ladder, ascending; none where scores do not pick the choice.
    func cuts(_ conditions: Conditions) -> [Double] {
        switch kind {
        case .ladder(let ladder):
            return ladder.cuts(correction: conditions.shareCorrection)
        case .certified(let ladder, let certificate):
            return conditions.time.map(certificate.isExpired) ?? false ? [-.infinity] : ladder.cuts(correction: 0)
        default:
            return []
        }
    }
}
