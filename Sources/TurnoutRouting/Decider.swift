import Foundation
public import TurnoutCore

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
    public let policy: Policy

    let routerNames: [ModelID]
    let preference: Preference
    private let fallback: [ModelID]?
    private let families: [TokenFamily]
    private let tasks: TaskClassifier?

    /// Checks that router, policy and candidates fit together and works out what the policy needs.
    ///
    /// - Parameters:
    ///   - candidates: At least one, weakest first, no name twice.
    ///   - router: Where estimates come from; it must know all candidates.
    ///   - policy: How estimates become a choice.
    ///   - fallback: The order in which models are tried when the choice fails; it may name models that are not
    ///     candidates. By default the other candidates as the policy prefers them for the query at hand, local ones
    ///     last.
    ///   - tasks: Tells tasks apart for a policy with a capability; by default the embedded classifier.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    public init(
        candidates: [Candidate], router: any Router, policy: Policy, fallback: [ModelID]? = nil,
        tasks: TaskClassifier? = nil
    ) throws {
        let names = candidates.map(\.model)
        guard !candidates.isEmpty else {
            throw TurnoutError(.invalidArgument, "a route needs at least one candidate, weakest first")
        }
        guard Set(names).count == names.count else {
            throw TurnoutError(
                .invalidArgument, "a candidate is listed twice among \(names.map(\.name).joined(separator: ", "))")
        }
        try policy.validate()
        let named = (policy.capability?.models.values).map { $0.flatMap { $0 } } ?? []
        if let stranger = named.sorted().first(where: { !names.contains($0) }) {
            throw TurnoutError(
                .invalidArgument,
                "the policy names '\(stranger)' for a task, which is no candidate; there are: "
                    + names.map(\.name).joined(separator: ", "))
        }
        if case .budget = policy.rule, let outsider = fallback?.first(where: { !names.contains($0) }) {
            throw TurnoutError(
                .invalidArgument,
                "the fallback '\(outsider)' is no candidate, so that the budget could not count it; make it one")
        }
        self.candidates = candidates
        self.router = router
        self.policy = policy
        self.fallback = fallback
        self.routerNames = candidates.map(\.routerName)
        try router.validate(candidates: routerNames)
        self.preference = try Preference(policy: policy, candidates: candidates, router: router)
        self.families = candidates.map { TokenFamily(ofModel: $0.facts.id) }
        self.tasks = policy.capability == nil ? nil : try tasks ?? TaskClassifier.embedded()
    }

    /// The same candidates and router under another policy.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    public func with(policy: Policy) throws -> Decider {
        try Decider(candidates: candidates, router: router, policy: policy, fallback: fallback, tasks: tasks)
    }

    /// Chooses a model for a text that needs nothing in particular.
    ///
    /// - Throws: ``Refusal`` when the text is too long for every candidate.
    public func decide(_ text: String) throws(Refusal) -> Decision { try decide(Query(text)) }

    /// Chooses a model for a query.
    ///
    /// - Throws: ``Refusal`` when no candidate may answer it.
    public func decide(_ query: Query, under conditions: Conditions = Conditions()) throws(Refusal) -> Decision {
        try decide(query, assessed: router.assess(query.text, candidates: routerNames), under: conditions)
    }

    /// Chooses a model for a query that was assessed elsewhere, as by a classifier behind an endpoint.
    ///
    /// - Parameters:
    ///   - query: The query.
    ///   - assessment: One estimate for each candidate, weakest first.
    ///   - conditions: What holds at this moment.
    ///   - remark: Added to the reason; no part of the text.
    /// - Returns: The decision.
    /// - Throws: ``Refusal`` when no candidate may answer it.
    public func decide(
        _ query: Query, assessed assessment: Assessment, under conditions: Conditions = Conditions(),
        remark: String? = nil
    ) throws(Refusal) -> Decision {
        // Of long texts the classifier knows too little (docs/tasks.md).
        let isJudged = query.text.utf8.count <= TaskClassifier.longestText
        let task = isJudged ? tasks?.classify(query.text) : nil
        let prospects = prospects(query, assessment, conditions, task)
        let considered = Self.considered(prospects)
        guard !considered.isEmpty else { throw Refusal(zip(candidates, prospects).map { ($0.model, $1.filters) }) }
        let merits = preference.merits(score: assessment.score, prospects: prospects, conditions)
        let order = considered.sorted { (merits[$1], $0) < (merits[$0], $1) }
        let (chosen, stay) = choice(order, prospects, query, conditions)
        let fallbacks = fallbacks(after: chosen, order: order, merits: merits, prospects, query)
        let explanation = Explanation(
            decider: self, assessment: assessment, prospects: prospects, merits: merits, order: order, chosen: chosen,
            conditions: conditions, task: task, stay: stay)
        return Decision(
            model: candidates[chosen].model, fallbacks: fallbacks,
            reason: explanation.reason + (remark.map { "; \($0)" } ?? ""),
            score: assessment.score, margin: explanation.margin, task: task?.task,
            conversation: conditions.conversation,
            options: candidates.indices.map { index in
                let model = candidates[index].model
                return Decision.Option(
                    model: model, price: candidates[index].price, prospect: prospects[index],
                    utility: merits[index].value,
                    rank: index == chosen ? 1 : fallbacks.firstIndex(of: model).map { $0 + 2 })
            },
            counterfactual: explanation.counterfactual)
    }

    /// What is to be expected of each candidate, and what speaks against it.
    private func prospects(
        _ query: Query, _ assessment: Assessment, _ conditions: Conditions, _ task: TaskEstimate?
    ) -> [Prospect] {
        candidates.indices.map { index in
            let candidate = candidates[index]
            let live = index < conditions.live.count ? conditions.live[index] : Conditions.Live()
            let tokens = expectedTokens(query, families[index], candidate, conditions.conversation, task)
            let thinks = candidate.facts.abilities.reasoning ?? false
            let prior = Speed(priorFor: candidate.facts.sizeClass, thinks: thinks)
            let speed = live.speed?.aged(live.age, towards: prior) ?? prior
            var prospect = Prospect(
                estimate: assessment.estimates[index], tokens: tokens, cost: candidate.price?.cost(of: tokens),
                ceiling: candidate.price?.cost(of: Self.most(tokens, query.needs, candidate.facts)),
                firstToken: speed.firstToken, total: speed.total(tokens: tokens.output), filters: [])
            prospect.filters = filters(against: candidate, prospect, query, conditions)
            if !live.isAvailable { prospect.filters.insert(.unavailable) }
            if let latency = policy.latency, !latency.allows(firstToken: prospect.firstToken, total: prospect.total) {
                prospect.filters.insert(.tooSlow)
            }
            if let capability = policy.capability, !capability.allows(candidate, task) {
                prospect.filters.insert(.task)
            }
            return prospect
        }
    }

    private func expectedTokens(
        _ query: Query, _ family: TokenFamily, _ candidate: Candidate, _ conversation: Conversation?,
        _ task: TaskEstimate?
    ) -> TokenUsage {
        let input = query.size.tokens(family)
        let output = OutputLength.tokens(
            task?.task.outputLength ?? .reply, reasons: candidate.facts.abilities.reasoning,
            limit: [query.needs.maxOutputTokens, candidate.facts.outputLimit].compactMap { $0 }.min())
        let cached = conversation.map { $0.model == candidate.model ? min($0.cachedTokens, input) : 0 } ?? 0
        let (answers, isBoundless) = output.multipliedReportingOverflow(by: max(query.needs.answers, 1))
        return TokenUsage(input: input - cached, output: isBoundless ? .max : answers, cacheRead: cached)
    }

    /// The same prompt, nothing of it in a cache, with as long answers as there may be.
    private static func most(_ tokens: TokenUsage, _ needs: RequestNeeds, _ facts: CatalogueEntry) -> TokenUsage {
        let answer = [needs.maxOutputTokens, facts.outputLimit].compactMap { $0 }.min() ?? 4 * tokens.output
        let (answers, isBoundless) = answer.multipliedReportingOverflow(by: max(needs.answers, 1))
        return TokenUsage(input: tokens.totalInput, output: isBoundless ? .max : answers)
    }

    /// What keeps a candidate from answering.
    private func filters(
        against candidate: Candidate, _ prospect: Prospect, _ query: Query, _ conditions: Conditions
    ) -> Filter {
        let (facts, needs) = (candidate.facts, query.needs)
        var filters: Filter = []
        let (room, isBoundless) = prospect.tokens.totalInput.addingReportingOverflow(needs.maxOutputTokens ?? 1)
        if let window = facts.contextWindow, isBoundless || room > window { filters.insert(.contextWindow) }
        if conditions.conversation?.overflowed.contains(candidate.model) ?? false { filters.insert(.contextWindow) }
        if let most = needs.maxOutputTokens, let limit = facts.outputLimit, most > limit {
            filters.insert(.outputLimit)
        }
        if needs.needsTools, facts.abilities.tools == false { filters.insert(.tools) }
        if needs.images > 0, facts.abilities.vision == false { filters.insert(.vision) }
        if needs.needsStructuredOutput, facts.abilities.structuredOutput == false { filters.insert(.structuredOutput) }
        if let allowed = query.allowed, !allowed.contains(candidate.model) { filters.insert(.notAllowed) }
        if case .budget(let limit) = policy.rule {
            let remaining = conditions.budget?.remaining ?? limit.amount
            if prospect.ceiling.map({ $0 > remaining }) ?? true { filters.insert(.overBudget) }
        }
        return filters
    }

    /// Those that may answer, narrowed by one wish after the other as long as somebody meets it.
    private static func considered(_ prospects: [Prospect]) -> [Int] {
        var open = prospects.indices.filter { prospects[$0].filters.isDisjoint(with: .hard) }
        for wish in Filter.wishes {
            let kept = open.filter { !prospects[$0].filters.contains(wish) }
            if !kept.isEmpty {
                open = kept
            } else if wish == .tooSlow, let fastest = open.min(by: { prospects[$0].total < prospects[$1].total }) {
                open = [fastest]
            } else if wish == .task {
                open = open.suffix(1)  // nobody does for the task: the strongest comes nearest
            }
        }
        return open
    }

    /// The preferred candidate, or the one that the conversation stays with, and why.
    private func choice(
        _ order: [Int], _ prospects: [Prospect], _ query: Query, _ conditions: Conditions
    ) -> (index: Int, stay: String?) {
        let preferred = order[0]
        let isInToolLoop = query.needs.isInToolLoop
        // Amid a tool loop a wish is no reason to leave, unless nobody is there any more.
        let mayStay =
            isInToolLoop
            ? candidates.indices.filter { prospects[$0].filters.isDisjoint(with: [.hard, .unavailable]) } : order
        guard let conversation = conditions.conversation,
            let current = mayStay.first(where: { candidates[$0].model == conversation.model }), current != preferred,
            let stay = SwitchingRule.reasonToStay(
                old: candidates[current], new: candidates[preferred],
                isDowngrade: preference.isRanked
                    ? preferred < current
                    : prospects[preferred].estimate.value <= prospects[current].estimate.value,
                conversation, isInToolLoop: isInToolLoop)
        else { return (preferred, nil) }
        return (current, stay)
    }

    /// The models to be tried when candidate `chosen` fails, in order; no candidate that may not answer.
    ///
    /// Of a fallback that is no candidate nothing is known here but its name.
    private func fallbacks(
        after chosen: Int, order: [Int], merits: [Preference.Merit], _ prospects: [Prospect], _ query: Query
    ) -> [ModelID] {
        func mayAnswer(_ index: Int) -> Bool { prospects[index].filters.isDisjoint(with: .hard) }
        func isAllowed(_ name: ModelID) -> Bool { query.allowed?.contains(name) ?? true }
        if let fallback {
            return fallback.filter { name in
                name != candidates[chosen].model
                    && (candidates.firstIndex { $0.model == name }.map(mayAnswer) ?? isAllowed(name))
            }
        }
        let others = candidates.indices.filter { mayAnswer($0) && !order.contains($0) }
            .sorted { (merits[$1], $0) < (merits[$0], $1) }
        let chain = (order + others).filter { $0 != chosen }.map { candidates[$0] }
        return (chain.filter { !$0.isLocal } + chain.filter(\.isLocal)).map(\.model)
    }
}

/// Why no candidate may answer a query.
public struct Refusal: Error, Sendable, CustomStringConvertible {
    /// What keeps each candidate from answering.
    public let filters: [(model: ModelID, filter: Filter)]

    init(_ filters: [(ModelID, Filter)]) { self.filters = filters.map { (model: $0, filter: $1) } }

    /// Whether some candidate could answer but for this.
    public func isOnly(_ filter: Filter) -> Bool {
        filters.contains { $0.filter.intersection(.hard) == filter }
    }

    /// A sentence that names each candidate and what speaks against it.
    public var description: String {
        let list = filters.map { "\($0.model): \($0.filter.intersection(.hard).names.joined(separator: ", "))" }
        return "no candidate may answer this request (\(list.joined(separator: "; ")))"
    }
}
