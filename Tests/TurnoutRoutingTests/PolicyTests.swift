import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics
import TurnoutRouting

/// What holds for every policy, on cases made at random.
struct PolicyPropertyTests {
    private static let sample: [[Double]] = (0..<40).map { row in
        (0..<8).map { (column: Int) -> Double in Double((column * 37 + row * 11) % 100) / 100 }
    }

    private static let policies: [Policy] = [
        .threshold(0.5), .strongShare(0.3), Policy(.targetQuality(0.95)), Policy(.cheapestAbove(0.6)),
        Policy(.utility(lambda: 10, mu: 0.01)), Policy(.weakest),
        Policy(.budget(BudgetPacer.Limit(amount: Money(nanoDollars: 1_000_000_000), period: 60))),
        Policy(nil, latency: .interactive), Policy(nil, capability: CapabilityMap()),
        Policy(.utility(lambda: 5, mu: 0), latency: .realtime, capability: CapabilityMap()),
    ]

    private func sample(for random: RandomCase) -> [[Double]] {
        Self.sample.map { Array($0.prefix(random.candidates.count)) }
    }

    @Test(
        "no policy chooses or falls back on a model that may not answer; when none may, it says why",
        arguments: policies)
    func neverFiltered(policy: Policy) throws {
        var (answered, refused) = (0, 0)
        for seed in 0..<100 as Range<UInt64> {
            let random = RandomCase(seed: seed)
            do {
                let decision = try random.decide(policy, sample: sample(for: random))
                for option in decision.options where !option.prospect.filters.isDisjoint(with: .hard) {
                    #expect(option.rank == nil)
                    #expect(decision.model != option.model && !decision.fallbacks.contains(option.model))
                }
                #expect(Set(decision.fallbacks + [decision.model]).count == decision.fallbacks.count + 1)
                answered += 1
            } catch let refusal as Refusal {
                #expect(refusal.filters.allSatisfy { !$0.filter.isDisjoint(with: .hard) })
                #expect(refusal.filters.count == random.candidates.count)
                refused += 1
            }
        }
        #expect(answered > 20 && refused > 5, "both happen: \(answered) and \(refused)")
    }

    @Test("a wish is kept whenever somebody who may answer meets it", arguments: policies)
    func wishes(policy: Policy) throws {
        for seed in 0..<100 as Range<UInt64> {
            let random = RandomCase(seed: seed)
            guard let decision = try? random.decide(policy, sample: sample(for: random)) else { continue }
            let able = decision.options.filter { $0.prospect.filters.isDisjoint(with: .hard) }
            let chosen = try #require(able.first { $0.model == decision.model })
            if able.contains(where: { !$0.prospect.filters.contains(.unavailable) }) {
                #expect(!chosen.prospect.filters.contains(.unavailable))
            }
            if able.contains(where: { $0.prospect.filters.isEmpty }) { #expect(chosen.prospect.filters.isEmpty) }
        }
    }

    @Test(
        "a model that becomes dearer is never chosen because of it",
        arguments: policies.filter { !"\($0)".contains("target") })
    func dearer(policy: Policy) throws {
        for seed in 0..<100 as Range<UInt64> {
            let random = RandomCase(seed: seed)
            guard let before = try? random.decide(policy) else { continue }
            for index in random.candidates.indices where random.candidates[index].model != before.model {
                var dearer = random
                var facts = random.candidates[index].facts
                facts.price = facts.price.map {
                    Price(
                        inputPerMillion: $0.inputPerMillion + Money(nanoDollars: 3_000_000_000),
                        outputPerMillion: $0.outputPerMillion + Money(nanoDollars: 5_000_000_000))
                }
                dearer.candidates[index] = Candidate(
                    model: random.candidates[index].model, facts: facts, isLocal: random.candidates[index].isLocal)
                #expect(try dearer.decide(policy).model == before.model)
            }
        }
    }

    @Test("the receipt's money adds up: tokens times the price of each candidate")
    func money() throws {
        for seed in 0..<100 as Range<UInt64> {
            let random = RandomCase(seed: seed)
            guard let decision = try? random.decide(Policy(.utility(lambda: 1, mu: 0))) else { continue }
            for (option, candidate) in zip(decision.options, random.candidates) {
                #expect(option.prospect.cost == candidate.price?.cost(of: option.prospect.tokens))
                #expect(try #require(option.prospect.ceiling) >= #require(option.prospect.cost))
            }
        }
    }

    @Test("the change that a receipt names does flip the choice, and a little less does not")
    func lambdaFlips() throws {
        var tried = 0
        for seed in 0..<100 as Range<UInt64> {
            let random = RandomCase(seed: seed)
            guard let decision = try? random.decide(Policy(.utility(lambda: 10, mu: 0.001))),
                let flip = decision.counterfactual, flip.change.hasPrefix("lambda ")
            else { continue }
            let words = flip.change.split(separator: " ")
            let value = try #require(Double(words[2]))
            let (beyond, before) = words[1] == "above" ? (value + 0.002, value - 0.002) : (value - 0.002, value + 0.002)
            guard beyond >= 0, (before - 10) * (value - 10) >= 0 else { continue }
            #expect(try random.decide(Policy(.utility(lambda: beyond, mu: 0.001))).model == flip.model)
            #expect(try random.decide(Policy(.utility(lambda: before, mu: 0.001))).model == decision.model)
            tried += 1
        }
        #expect(tried > 10)
    }
}

/// What single policies promise.
struct PolicyTests {
    private func candidates(prices: [Double?], sizes: [SizeClass?] = []) -> [Candidate] {
        prices.enumerated().map { index, price in
            var facts = CatalogueEntry(provider: "p", id: "m\(index)")
            facts.price = price.flatMap { Money(dollars: $0) }.map { Price(inputPerMillion: $0, outputPerMillion: $0) }
            facts.sizeClass = index < sizes.count ? sizes[index] : nil
            return Candidate(model: ModelID("m\(index)"), facts: facts)
        }
    }

    private func model(
        _ policy: Policy, _ estimates: String, prices: [Double?] = [1, 5, 20], sample: [[Double]] = []
    ) throws -> ModelID {
        try Decider(candidates: candidates(prices: prices), router: ListedRouter(sample: sample), policy: policy)
            .decide(estimates).model
    }

    @Test("the cheapest above the bar answers; below it, the best does")
    func cheapestAbove() throws {
        #expect(try model(Policy(.cheapestAbove(0.7)), "0.6 0.75 0.9") == "m1")
        #expect(try model(Policy(.cheapestAbove(0.5)), "0.6 0.75 0.9") == "m0")
        #expect(try model(Policy(.cheapestAbove(0.95)), "0.6 0.92 0.9") == "m1")
        #expect(try model(Policy(.cheapestAbove(0.7)), "0.8 0.8 0.8", prices: [9, 1, 20]) == "m1")
    }

    @Test("utility weighs quality against dollars and seconds")
    func utility() throws {
        #expect(try model(Policy(.utility(lambda: 0, mu: 0)), "0.6 0.75 0.9") == "m2")
        #expect(try model(Policy(.utility(lambda: 1e6, mu: 0)), "0.6 0.75 0.9") == "m0")
    }

    @Test("a higher target never lowers the mean quality, and each target is kept on the sample")
    func targetQuality() throws {
        var random = SeededRandom(seed: 7)
        let sample = (0..<400).map { _ -> [Double] in
            let hard = Double.random(in: 0...1, using: &random)
            return [1 - hard, 1 - 0.6 * hard, 1 - 0.3 * hard * hard]
        }
        let best = sample.map { $0[2] }.reduce(0, +) / 400
        var last = 0.0
        for target in stride(from: 0.5, through: 1, by: 0.05) {
            let decider = try Decider(
                candidates: candidates(prices: [1, 5, 20]), router: ListedRouter(sample: sample),
                policy: Policy(.targetQuality(target)))
            let chosen = try sample.map { row -> Double in
                let decision = try decider.decide(row.map { String($0) }.joined(separator: " "))
                return row[Int(decision.model.name.dropFirst()) ?? 0]
            }
            let mean = chosen.reduce(0, +) / 400
            #expect(mean >= target * best - 1e-9)
            #expect(mean >= last - 1e-9)
            last = mean
        }
    }

    @Test("a policy that weighs prices refuses a candidate of unknown price, and names it")
    func unknownPrices() throws {
        for policy in [Policy(.cheapestAbove(0.5)), Policy(.utility(lambda: 1, mu: 0)), Policy(.targetQuality(0.9))] {
            let error = #expect(throws: TurnoutError.self) {
                try model(policy, "0.5 0.5", prices: [1, nil], sample: [[0.5, 0.5]])
            }
            #expect(error?.message.contains("that of m1 is unknown") ?? false)
        }
        #expect(try model(Policy(.utility(lambda: 0, mu: 1)), "0.5 0.9", prices: [nil, nil]) == "m1")
    }

    @Test("a bound on latency passes over the slow; when all are, the fastest answers")
    func latency() throws {
        let decider = try Decider(
            candidates: candidates(prices: [1, 5, 20]), router: ListedRouter(), policy: Policy(nil, latency: .realtime))
        func chosen(_ firstTokens: [Double]) throws -> ModelID {
            let live = firstTokens.map { Conditions.Live(speed: Speed(firstToken: $0, tokensPerSecond: 100)) }
            return try decider.decide(Query("0.5 0.7 0.9"), under: Conditions(live: live)).model
        }
        #expect(try chosen([0.1, 0.2, 0.3]) == "m2")
        #expect(try chosen([0.1, 0.4, 0.6]) == "m1")
        #expect(try chosen([0.9, 0.8, 1.6]) == "m1")
    }

    @Test("the share of the strongest holds on traffic that is nothing like the reference")
    func shareHolds() throws {
        let decider = try Decider(
            candidates: candidates(prices: [1, 20]), router: ListedRouter(), policy: .strongShare(0.3))
        var keeper = ShareKeeper(share: 0.3)
        var random = SeededRandom(seed: 3)
        var strong = 0
        for turn in 0..<5_000 {
            // First all harder than any of the reference, then all easier.
            let estimate =
                turn < 2_500 ? Double.random(in: 0.9...1, using: &random) : Double.random(in: 0...0.1, using: &random)
            let decision = try decider.decide(
                Query("0 \(2 * estimate - 1)"), under: Conditions(shareCorrection: keeper.correction))
            keeper.record(strongest: decision.model == "m1")
            strong += decision.model == "m1" ? 1 : 0
        }
        #expect(abs(Double(strong) / 5_000 - 0.3) < 1.02 / (0.01 * 5_000))
    }

    @Test("a certificate's threshold is used while it is valid; after that the strongest answers everything")
    func certified() throws {
        var router = ListedRouter()
        router.card.certificate = Certificate(
            threshold: 0.6, weakShare: 0.4, loss: .harm, epsilon: 0.05, delta: 0.1, n: 500, weak: "m0", strong: "m1",
            sources: [], issuedAt: "2026-01-01T00:00:00Z", expiresAt: "2026-07-01T00:00:00Z")
        let decider = try Decider(
            candidates: candidates(prices: [nil, nil]), router: router, policy: Policy(.certified))
        func chosen(_ text: String, _ time: String) throws -> Decision {
            try decider.decide(Query(text), under: Conditions(time: time))
        }
        #expect(try chosen("0.8 0.9", "2026-03-01T00:00:00Z").model == "m0")
        #expect(try chosen("0.2 0.9", "2026-03-01T00:00:00Z").model == "m1")
        let late = try chosen("0.8 0.9", "2026-07-01T00:00:00Z")
        #expect(late.model == "m1" && late.reason.contains("expired"))
        #expect(throws: TurnoutError.self) {
            try Decider(candidates: candidates(prices: [nil, nil, nil]), router: router, policy: Policy(.certified))
        }
        #expect(throws: TurnoutError.self) {
            try Decider(candidates: candidates(prices: [nil, nil]), router: ListedRouter(), policy: Policy(.certified))
        }
    }

    @Test("tasks that are named go to the models that are named for them")
    func capability() throws {
        let map = CapabilityMap(models: Dictionary(uniqueKeysWithValues: TaskKind.allCases.map { ($0, ["m1"]) }))
        #expect(try model(Policy(nil, capability: map), "0.9 0.1 0.9", prices: [nil, nil, nil]) == "m1")
    }

    @Test("when nobody is large enough for a task, the strongest answers, not the smallest")
    func nobodyLargeEnough() throws {
        let map = CapabilityMap(models: Dictionary(uniqueKeysWithValues: TaskKind.allCases.map { ($0, ["m2"]) }))
        let decider = try Decider(
            candidates: candidates(prices: [nil, nil, nil]), router: ListedRouter(),
            policy: Policy(nil, capability: map))
        let live = [true, true, false].map { Conditions.Live(isAvailable: $0) }
        #expect(try decider.decide(Query("0.5 0.5 0.5"), under: Conditions(live: live)).model == "m1")
    }

    @Test("a share that filters override for a while is not paid back afterwards")
    func noWindup() {
        var keeper = ShareKeeper(share: 0.5)
        for _ in 0..<10_000 { keeper.record(strongest: false) }
        #expect(keeper.correction <= 0.51 + 1e-12)
        for _ in 0..<10_000 { keeper.record(strongest: true) }
        #expect(keeper.correction >= -0.51 - 1e-12)
    }

    @Test("two policies that decide differently read differently")
    func descriptions() {
        let wish = CapabilityMap()
        #expect(Policy(nil, capability: wish).description != Policy(Policy.bestEstimate, capability: wish).description)
        #expect(Policy(nil, latency: .realtime).description != Policy(.weakest, latency: .realtime).description)
    }

    @Test("a budget's fallback must be a candidate, since nobody could count it otherwise")
    func budgetOutsider() {
        #expect(throws: TurnoutError.self) {
            try Decider(
                candidates: candidates(prices: [1, 2]), router: ListedRouter(),
                policy: Policy(.budget(BudgetPacer.Limit(amount: Money(nanoDollars: 1_000_000_000), period: 60))),
                fallback: ["elsewhere"])
        }
    }

    @Test("local models end the chain")
    func localLast() throws {
        let facts = candidates(prices: [1, 5, 20]).map(\.facts)
        let candidates = zip(facts, [true, false, false]).map {
            Candidate(model: ModelID($0.id), facts: $0, isLocal: $1)
        }
        let decider = try Decider(
            candidates: candidates, router: ListedRouter(), policy: Policy(.utility(lambda: 0, mu: 0)))
        let decision = try decider.decide("0.8 0.5 0.9")
        #expect(decision.model == "m2" && decision.fallbacks == ["m1", "m0"])
    }

    @Test(
        "policies are read from a line, and nonsense is refused with a sentence",
        arguments: [
            ("strong_share=0.3", Policy.strongShare(0.3)), ("target_quality = 0.97", Policy(.targetQuality(0.97))),
            ("lambda=20,mu=0.01,latency=interactive", Policy(.utility(lambda: 20, mu: 0.01), latency: .interactive)),
            (
                "capability=by_size,first_token=1",
                Policy(nil, latency: LatencyBound(firstToken: 1), capability: .init())
            ),
            ("certified", Policy(.certified)),
        ])
    func text(line: String, expected: Policy) throws {
        #expect(try Policy(text: line) == expected)
        for broken in [
            line + ",\(line)", "x" + line, line + "x", "", "strong_share=0.1,threshold=0.5", "mu=nan", "lambda=-1",
        ] {
            #expect(throws: TurnoutError.self, "\(broken)") { try Policy(text: broken) }
        }
    }

    @Test("under target_quality, the counterfactual is the weight of cost at which the other model is as good a choice")
    func targetCounterfactual() throws {
        let candidates = [1, 2].map { price in
            var facts = CatalogueEntry(provider: "p", id: "m\(price)")
            let price = Money(nanoDollars: Int64(price) * 1_000_000_000)
            facts.price = Price(inputPerMillion: price, outputPerMillion: price)
            return Candidate(model: ModelID(facts.id), facts: facts)
        }
        // The dearer one is worth .3 more on the sample, and the difference is half of its cost: λ is .6.
        let router = ListedRouter(sample: Array(repeating: [0.5, 0.8], count: 20))
        let decider = try Decider(candidates: candidates, router: router, policy: Policy(.targetQuality(1)))
        let strong = try decider.decide("0.5 0.9")
        #expect(strong.model == "m2")
        #expect(strong.counterfactual?.model == "m1")
        #expect(strong.counterfactual?.change == "a weight of cost, now 0.600, above 0.800")
        let weak = try decider.decide("0.5 0.7")
        #expect(weak.model == "m1")
        #expect(weak.counterfactual?.model == "m2")
        #expect(weak.counterfactual?.change == "a weight of cost, now 0.600, below 0.400")
    }
}
