import Testing
import TurnoutCore
import TurnoutRouting

struct DeciderTests {
    private func decider(
        _ names: [String] = ["weak", "strong"], policy: Policy, fallback: [ModelID]? = nil, reference: [Double]? = nil
    ) throws -> Decider {
        var router = FixedRouter()
        if let reference { router.reference = reference }
        return try Decider(
            candidates: names.map { Candidate(model: ModelID($0)) }, router: router, policy: policy, fallback: fallback)
    }

    @Test(
        "a score at the threshold goes to the strong model, one below it to the weak",
        arguments: [
            ("0.7", "strong"), ("0.69", "weak"), ("1", "strong"), ("0", "weak"),
        ])
    func threshold(score: String, expected: ModelID) throws {
        #expect(try decider(policy: .threshold(0.7)).decide(score).model == expected)
    }

    @Test("a strong share is kept on traffic like the reference")
    func strongShare() throws {
        let decider = try decider(policy: .strongShare(0.3))
        let strong = try (0..<1000).filter { try decider.decide("\((Double($0) + 0.5) / 1000)").model == "strong" }
        #expect(abs(strong.count - 300) <= 1)
    }

    @Test(
        "strong shares of 0 and 1 are exact, even for scores beyond the reference",
        arguments: ["-9", "0", "0.5", "1", "9"])
    func exactEnds(score: String) throws {
        #expect(try decider(policy: .strongShare(0)).decide(score).model == "weak")
        #expect(try decider(policy: .strongShare(1)).decide(score).model == "strong")
        #expect(try decider(["a", "b", "c"], policy: .strongShare(0)).decide(score).model != "c")
        #expect(try decider(["a", "b", "c"], policy: .strongShare(1)).decide(score).model == "c")
    }

    @Test("what the strongest leaves is shared out evenly among the others")
    func ladder() throws {
        let decider = try decider(["a", "b", "c"], policy: .strongShare(0.4))
        #expect(try decider.decide("0.29").model == "a")
        #expect(try decider.decide("0.31").model == "b")
        #expect(try decider.decide("0.61").model == "c")
    }

    @Test("the fallback order is kept and may name models that are not candidates")
    func fallbackOrder() throws {
        let decider = try decider(policy: .threshold(0.5), fallback: ["strong", "weak", "laptop"])
        #expect(try decider.decide("0.9").fallbacks == ["weak", "laptop"])
        #expect(try decider.decide("0.1").fallbacks == ["strong", "laptop"])
    }

    @Test("without a fallback order the nearest in strength is tried first, the stronger of two")
    func nearestFallback() throws {
        let decider = try decider(["a", "b", "c", "d"], policy: .threshold(1))
        #expect(try decider.decide("0.5").model == "b")
        #expect(try decider.decide("0.5").fallbacks == ["c", "a", "d"])
    }

    @Test(
        "the counterfactual names a policy that does flip the choice, and one beside it that does not",
        arguments: [
            "0.1", "0.45", "0.55", "0.93",
        ])
    func counterfactual(score: String) throws {
        for policy in [Policy.strongShare(0.5), .threshold(0.5)] {
            let decision = try decider(policy: policy).decide(score)
            let flip = try #require(decision.counterfactual)
            #expect(flip.model != decision.model)
            let words = flip.change.split(separator: " ")
            let value = try #require(Double(words[words.count - 1]))
            let up = decision.model == "weak" ? 1.0 : -1.0
            let step = policy == .strongShare(0.5) ? 0.002 * up : -0.002 * up
            let beyond = min(max(value + step, 0), 1), before = min(max(value - step, 0), 1)
            let (flipped, kept): (Policy, Policy) =
                policy == .strongShare(0.5)
                ? (.strongShare(beyond), .strongShare(before)) : (.threshold(beyond), .threshold(before))
            #expect(try decider(policy: flipped).decide(score).model == flip.model)
            #expect(try decider(policy: kept).decide(score).model == decision.model)
        }
    }

    @Test("ranks number the choice and its fallbacks in turn")
    func ranks() throws {
        let decision = try decider(["a", "b", "c"], policy: .threshold(1), fallback: ["c", "b"]).decide("0.1")
        #expect(decision.model == "a")
        #expect(decision.options.map(\.rank) == [1, 3, 2])
    }

    @Test("a single candidate answers everything and nothing could change that")
    func single() throws {
        let decision = try decider(["only"], policy: .strongShare(0.5)).decide("0.5")
        #expect(decision.model == "only")
        #expect(decision.counterfactual == nil)
    }

    @Test("no candidates, a name twice, a stranger and parameters outside 0…1 are refused")
    func refusals() {
        #expect(throws: TurnoutError.self) { try decider([], policy: .default) }
        #expect(throws: TurnoutError.self) { try decider(["a", "a"], policy: .default) }
        #expect(throws: TurnoutError.self) { try decider(["stranger"], policy: .default) }
        for value in [-0.1, 1.1, .nan, .infinity] {
            #expect(throws: TurnoutError.self) { try decider(policy: .threshold(value)) }
            #expect(throws: TurnoutError.self) { try decider(policy: .strongShare(value)) }
        }
    }
}
