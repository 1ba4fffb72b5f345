import Foundation
import Turnout

/// What a decision costs beyond the router: ten candidates under a policy that looks at everything.
///
/// The router hands out the same estimates for nothing, so that what is left is the policy: token counts, costs, speeds,
/// filters, the order of preference, the reason and the counterfactual. An argument sets the number of decisions.
@main
struct PolicyBenchmark {
    /// Knows every answer at once.
    struct Known: Router {
        let card = ArtifactCard(
            kind: "known", encoder: .init(name: "none", sha256: ""), models: [], sources: [],
            createdAt: "2026-01-01T00:00:00Z")

        func assess(_ text: String, candidates: [ModelID]) -> Assessment {
            let estimates = candidates.indices.map { Estimate(value: 0.3 + 0.05 * Double($0), low: 0.2, high: 0.8) }
            return Assessment(score: 0.5, estimates: estimates)
        }

        func referenceScores(candidates: [ModelID]) -> [Double] { [0, 1] }

        func referenceEstimates(candidates: [ModelID]) -> [[Double]] { [] }

        func validate(candidates: [ModelID]) throws {}
    }

    static let names = [
        "gpt-4o", "gpt-4o-mini", "claude-3-5-haiku", "claude-sonnet-4", "llama-3.1-8b", "llama-3.1-70b", "qwen2.5-7b",
        "mistral-small", "deepseek-v3", "gemini-2.0-flash",
    ]

    static let prompt = """
        Write a function that takes a list of intervals and merges those that overlap, then say how long it takes. \
        Add tests for the edge cases: an empty list, one interval, intervals that touch.
        """

    static var candidates: [Candidate] {
        names.enumerated().map { index, name in
            var facts = CatalogueEntry(provider: "made-up", id: name)
            facts.price = Price(
                inputPerMillion: Money(nanoDollars: Int64(index + 1) * 300_000_000),
                outputPerMillion: Money(nanoDollars: Int64(index + 1) * 1_200_000_000))
            facts.contextWindow = 128_000
            facts.outputLimit = 8192
            facts.sizeClass = SizeClass(rawValue: index / 2)
            return Candidate(model: ModelID(name), facts: facts)
        }
    }

    static func main() throws {
        let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 100_000
        let whole = Policy(.utility(lambda: 20, mu: 0.001), latency: .interactive, capability: CapabilityMap())
        let speeds = candidates.indices.map { Speed(firstToken: 0.3 + 0.25 * Double($0), tokensPerSecond: 60) }
        let conditions = Conditions(live: speeds.map { Conditions.Live(speed: $0) })
        for (name, policy) in [
            ("strong_share", Policy.strongShare(0.3)), ("utility", Policy(.utility(lambda: 20, mu: 0))),
            ("utility, latency, capability", whole),
        ] {
            let decider = try Decider(candidates: candidates, router: Known(), policy: policy)
            var letters = 0
            let start = clock()
            for _ in 0..<count { letters += try decider.decide(Query(prompt), under: conditions).reason.utf8.count }
            let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
            print("\(name): \(seconds / Double(count) * 1e6) microseconds of processor time (\(letters / count))")
        }
    }
}
