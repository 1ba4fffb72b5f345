import TurnoutCore
import TurnoutNumerics
import TurnoutRouting

/// A router whose estimates are the numbers in the text, one for each candidate; the score is what the last has over
/// the first, shifted to 0…1.
struct ListedRouter: Router {
    var card = ArtifactCard(
        kind: "listed", encoder: .init(name: "none", sha256: ""), models: [], sources: [],
        createdAt: "2026-01-01T00:00:00Z")
    /// Held-out estimates; shape `[rows][candidates]`.
    var sample: [[Double]] = []

    func assess(_ text: String, candidates: [ModelID]) -> Assessment {
        let values = text.split(separator: " ").compactMap { Double($0) }
        return Assessment(
            score: Self.score(values), estimates: values.map { Estimate(value: $0, low: $0 - 0.1, high: $0 + 0.1) })
    }

    func referenceScores(candidates: [ModelID]) -> [Double] {
        sample.isEmpty ? (0...100).map { Double($0) / 100 } : sample.map(Self.score).sorted()
    }

    func referenceEstimates(candidates: [ModelID]) -> [[Double]] { sample }

    func validate(candidates: [ModelID]) throws {}

    private static func score(_ values: [Double]) -> Double { ((values.last ?? 0) - (values.first ?? 0) + 1) / 2 }
}

/// Cases made at random from a seed: candidates with prices, sizes and abilities, and what a router says of them.
struct RandomCase {
    var candidates: [Candidate]
    var estimates: [Double]
    var query: Query
    var conditions: Conditions

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        func one<T>(of values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &random)] }
        let count = Int.random(in: 2...8, using: &random)
        var estimates: [Double] = []
        candidates = (0..<count).map { index in
            var facts = CatalogueEntry(provider: "p", id: "m\(index)")
            facts.price = Price(
                inputPerMillion: Money(nanoDollars: Int64.random(in: 0...10_000_000_000, using: &random)),
                outputPerMillion: Money(nanoDollars: Int64.random(in: 0...40_000_000_000, using: &random)))
            facts.contextWindow = one(of: [nil, 200, 4_000, 128_000])
            facts.outputLimit = one(of: [nil, 100, 4_000])
            facts.abilities = ModelAbilities(
                tools: one(of: [nil, true, false]), vision: one(of: [nil, true, false]),
                structuredOutput: one(of: [nil, true, false]))
            facts.sizeClass = one(of: SizeClass.allCases + [nil].compactMap { $0 })
            estimates.append(Double.random(in: 0...1, using: &random))
            return Candidate(
                model: ModelID("m\(index)"), facts: facts, isLocal: Int.random(in: 0...3, using: &random) == 0)
        }
        self.estimates = estimates
        var needs = RequestNeeds()
        needs.needsTools = Bool.random(using: &random)
        needs.images = one(of: [0, 0, 1])
        needs.needsStructuredOutput = Bool.random(using: &random)
        needs.maxOutputTokens = one(of: [nil, 50, 1_000])
        let allowed = one(of: [nil, Set(candidates.filter { _ in Bool.random(using: &random) }.map(\.model))])
        let words = String(repeating: "word ", count: one(of: [1, 100, 3_000]))
        query = Query(
            estimates.map { String($0) }.joined(separator: " "), needs: needs,
            size: PromptSize(text: TextCounts(words)), allowed: allowed)
        conditions = Conditions(
            live: (0..<count).map { _ in
                Conditions.Live(
                    isAvailable: Int.random(in: 0...3, using: &random) > 0,
                    speed: one(of: [
                        nil,
                        Speed(
                            firstToken: Double.random(in: 0.05...5, using: &random),
                            tokensPerSecond: Double.random(in: 5...200, using: &random)),
                    ]))
            },
            budget: BudgetPacer.Reading(
                multiplier: Double.random(in: 0...200, using: &random),
                remaining: Money(nanoDollars: one(of: [0, 1_000_000, 1_000_000_000_000]))))
    }

    func decide(_ policy: Policy, sample: [[Double]] = []) throws -> Decision {
        try Decider(
            candidates: candidates, router: ListedRouter(sample: sample), policy: policy, tasks: Self.tasks.get()
        ).decide(query, under: conditions)
    }

    /// Read once: it is the same for all cases.
    private static let tasks = Result { try TaskClassifier.embedded() }
}
