import Foundation
package import TurnoutCore
package import TurnoutRouting

/// Replays conversations under a policy and adds up the bills, prompt caches included.
///
/// Whoever decides sees what the gateway would; the bill is what the provider's rules say. A provider keeps a prompt,
/// without its answer, for five minutes after it was last read.
package struct ConversationReplay: Sendable {
    /// What is known when a turn is decided.
    package enum Rule: String, Sendable, CaseIterable {
        /// Nothing: each turn is decided as if it were the first.
        case anew
        /// Who answers and what is in its cache.
        case caches
        /// The first turn's choice stands.
        case first
    }

    /// What a conversation came to.
    package struct Bill: Sendable, Equatable {
        /// What it cost.
        package var cost = Money.zero
        /// The sum of what was expected of each answer.
        package var quality = 0.0
        /// Answers.
        package var turns = 0
        /// How often another model answered than before.
        package var moves = 0
    }

    private struct Cache {
        var tokens: Int
        var time: Double
    }

    private static let cacheLifetime = 300.0
    private let decider: Decider
    private let prices: [ModelID: Price]

    /// - Parameters:
    ///   - models: Models and what they charge, weakest first.
    ///   - policy: How estimates become a choice.
    /// - Throws: ``TurnoutError`` when they do not fit together.
    package init(models: [(model: ModelID, price: Price)], policy: Policy) throws {
        prices = Dictionary(models.map { ($0.model, $0.price) }, uniquingKeysWith: { first, _ in first })
        decider = try Decider(
            candidates: models.map { Candidate(model: $0.model, price: $0.price) },
            router: DifficultyScale(count: models.count), policy: policy)
    }

    /// What a conversation costs under a rule.
    ///
    /// - Throws: ``Refusal`` when no model may answer.
    package func bill(_ conversation: SimulatedConversation, _ rule: Rule) throws(Refusal) -> Bill {
        var bill = Bill()
        var caches: [ModelID: Cache] = [:]
        var known: Conversation?
        var (context, input, output, time) = (0, 0, 0, 0.0)
        for turn in conversation.turns {
            time += turn.pause
            let prompt = context + turn.input
            var state = known
            if turn.pause > Self.cacheLifetime { state?.cachedTokens = 0 }
            let decision = try decide(turn, prompt: prompt, rule == .caches ? state : nil)
            let model = rule == .first ? known?.model ?? decision.model : decision.model
            let warm = caches[model].map { time - $0.time <= Self.cacheLifetime ? $0.tokens : 0 } ?? 0
            bill.take(turn, by: model, prompt: prompt, warm: warm, prices[model])
            bill.quality += decision.options.first { $0.model == model }?.prospect.estimate.value ?? 0
            if let known, known.model != model { bill.moves += 1 }
            caches[model] = Cache(tokens: prompt, time: time)
            if bill.turns > 1 { input += turn.input }
            output += turn.output
            context = prompt + turn.output
            known = Conversation(
                model: model, cachedTokens: context, turns: bill.turns,
                inputPerTurn: bill.turns > 1 ? input / (bill.turns - 1) : 0, outputPerTurn: output / bill.turns)
        }
        return bill
    }

    private func decide(
        _ turn: SimulatedConversation.Turn, prompt: Int, _ conversation: Conversation?
    ) throws(Refusal) -> Decision {
        let assessment = DifficultyScale.assess(turn.difficulty, count: decider.candidates.count)
        let query = Query("", size: PromptSize(text: Self.words(prompt)))
        return try decider.decide(query, assessed: assessment, under: Conditions(conversation: conversation))
    }

    /// The counts of a text of so many words, which is about as many tokens.
    private static func words(_ count: Int) -> TextCounts {
        var (sum, power) = (TextCounts(), word)
        var rest = count
        while rest > 0 {
            if rest % 2 == 1 { sum = sum + power }
            power = power + power
            rest /= 2
        }
        return sum
    }
    private static let word = TextCounts(" word")
}

extension ConversationReplay.Bill {
    /// Adds an answer to a prompt of which some tokens are in the cache.
    fileprivate mutating func take(
        _ turn: SimulatedConversation.Turn, by model: ModelID, prompt: Int, warm: Int, _ price: Price?
    ) {
        let fresh = prompt - min(warm, prompt)
        let isWritten = price?.cacheWritePerMillion != nil
        let usage = TokenUsage(
            input: isWritten ? 0 : fresh, output: turn.output, cacheRead: prompt - fresh,
            cacheWrite: isWritten ? fresh : 0)
        cost = cost + (price?.cost(of: usage) ?? .zero)
        turns += 1
    }
}

/// A router that knows how hard a question is: each model is worth 1 / (1 + e^(difficulty − strength)), strengths being
/// 1, 2, 3 … from the weakest.
private struct DifficultyScale: Router {
    let count: Int
    let card = ArtifactCard(
        kind: "simulated", encoder: .init(name: "none", sha256: ""), models: [], sources: [],
        createdAt: "2026-01-01T00:00:00Z")

    static func assess(_ difficulty: Double, count: Int) -> Assessment {
        let values = (1...count).map { 1 / (1 + exp(difficulty - Double($0))) }
        return Assessment(
            score: 1 / (1 + exp(-difficulty)), estimates: values.map { Estimate(value: $0, low: $0, high: $0) })
    }

    /// Difficulties from −3 to 3, evenly.
    private static let scale = (-60...60).map { Double($0) / 20 }

    func assess(_ text: String, candidates: [ModelID]) -> Assessment { Self.assess(0, count: count) }
    func referenceScores(candidates: [ModelID]) -> [Double] { Self.scale.map { Self.assess($0, count: count).score } }
    func referenceEstimates(candidates: [ModelID]) -> [[Double]] {
        Self.scale.map { Self.assess($0, count: count).estimates.map(\.value) }
    }
    func validate(candidates: [ModelID]) throws {}
}
