import Foundation
public import TurnoutCore

/// A decision as it is shown to people and machines: the same from `turnout route`, `/v1/route` and
/// `/v1/decisions/{id}`.
///
/// It holds no part of the prompt.
public struct DecisionReceipt: Sendable, Codable, Equatable {
    /// One candidate's line.
    public struct Candidate: Sendable, Codable, Equatable {
        /// The candidate.
        public var model: ModelID
        /// P(good enough), or the expected score where training scores were graded.
        public var estimate: Double
        /// Lower end of the estimate's 95 % interval.
        public var low: Double
        /// Upper end of the estimate's 95 % interval.
        public var high: Double
        /// Dollars for a million input tokens; absent when unknown.
        public var inputPrice: Double?
        /// Dollars for a million output tokens; absent when unknown.
        public var outputPrice: Double?
        /// Tokens that it is expected to read, those in its prompt cache included.
        public var inputTokens: Int
        /// How many of them are expected to come from its prompt cache.
        public var cachedTokens: Int
        /// Tokens that it is expected to write.
        public var outputTokens: Int
        /// Dollars that this request is expected to cost; null when the price is unknown.
        public var costUSD: Double?
        /// Seconds to the first token, as expected.
        public var firstTokenSeconds: Double
        /// Seconds to the last, as expected.
        public var totalSeconds: Double
        /// What speaks against it, if anything; the names of ``Filter``.
        public var filtered: [String]?
        /// What the policy weighed, more being better; absent when it is not finite.
        public var utility: Double?
        /// 1 for the choice, then the fallbacks in turn; absent for a candidate that is never tried.
        public var rank: Int?

        private enum CodingKeys: String, CodingKey {
            case model, estimate, low, high
            case inputPrice = "input_price"
            case outputPrice = "output_price"
            case inputTokens = "input_tokens"
            case cachedTokens = "cached_tokens"
            case outputTokens = "output_tokens"
            case costUSD = "cost_usd"
            case firstTokenSeconds = "first_token_s"
            case totalSeconds = "total_s"
            case filtered, utility, rank
        }

        init(_ option: Decision.Option) {
            let prospect = option.prospect
            model = option.model
            (estimate, low, high) = (prospect.estimate.value, prospect.estimate.low, prospect.estimate.high)
            inputPrice = option.price?.inputPerMillion.dollars
            outputPrice = option.price?.outputPerMillion.dollars
            inputTokens = prospect.tokens.totalInput
            cachedTokens = prospect.tokens.cacheRead
            outputTokens = prospect.tokens.output
            costUSD = prospect.cost?.dollars
            firstTokenSeconds = prospect.firstToken
            totalSeconds = prospect.total
            filtered = prospect.filters.isEmpty ? nil : prospect.filters.names
            utility = option.utility.isFinite ? option.utility : nil
            rank = option.rank
        }

        /// Writes every promised key, an unknown cost as null.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(model, forKey: .model)
            try container.encode(estimate, forKey: .estimate)
            try container.encode(low, forKey: .low)
            try container.encode(high, forKey: .high)
            try container.encodeIfPresent(inputPrice, forKey: .inputPrice)
            try container.encodeIfPresent(outputPrice, forKey: .outputPrice)
            try container.encode(inputTokens, forKey: .inputTokens)
            try container.encode(cachedTokens, forKey: .cachedTokens)
            try container.encode(outputTokens, forKey: .outputTokens)
            try container.encode(costUSD, forKey: .costUSD)
            try container.encode(firstTokenSeconds, forKey: .firstTokenSeconds)
            try container.encode(totalSeconds, forKey: .totalSeconds)
            try container.encodeIfPresent(filtered, forKey: .filtered)
            try container.encodeIfPresent(utility, forKey: .utility)
            try container.encodeIfPresent(rank, forKey: .rank)
        }
    }

    /// What would have changed the choice.
    public struct Counterfactual: Sendable, Codable, Equatable {
        /// The score beyond which ``model`` would have been chosen; absent where the score does not choose.
        public var score: Double?
        /// The model that would have been chosen.
        public var model: ModelID
        /// The change that would have done it for this very query.
        public var change: String
    }

    /// The conversation that the query goes on with.
    public struct Conversation: Sendable, Codable, Equatable {
        /// Answers before this one.
        public var turns: Int
        /// Tokens that are taken to be in the prompt cache of ``model``.
        public var cachedTokens: Int
        /// The model that answered last.
        public var model: ModelID

        private enum CodingKeys: String, CodingKey {
            case turns, model
            case cachedTokens = "cached_tokens"
        }
    }

    /// The decision's id, `dec_` and 24 hexadecimal digits.
    public var decision: String
    /// The chosen model.
    public var model: ModelID
    /// Why, in one line.
    public var reason: String
    /// 0 easy … 1 hard; absent when the model was asked for by name.
    public var score: Double?
    /// How far the choice is from another one: in score on a ladder, else in what the policy weighed.
    public var margin: Double?
    /// The kind of task; absent unless the policy looks at it.
    public var task: TaskKind?
    /// What the conversation has been so far; absent when none is known.
    public var conversation: Conversation?
    /// Time spent deciding, in microseconds.
    public var micros: Double
    /// The policy that decided; absent when the model was asked for by name.
    public var policy: String?
    /// The kind of router that estimated; absent when the model was asked for by name.
    public var router: String?
    /// All candidates, weakest first.
    public var candidates: [Candidate]
    /// Models to be tried when the choice fails, best first.
    public var fallbacks: [ModelID]
    /// The nearest change that would have sent the query elsewhere; absent when nothing could.
    public var counterfactual: Counterfactual?

    /// Writes a receipt for a decision by `decider`.
    ///
    /// - Parameters:
    ///   - decision: What was decided.
    ///   - decider: Who decided.
    ///   - id: The decision's id.
    ///   - micros: Time spent deciding, in microseconds.
    public init(_ decision: Decision, by decider: Decider, id: String, micros: Double) {
        self.decision = id
        self.model = decision.model
        self.reason = decision.reason
        self.score = decision.score
        self.margin = decision.margin
        self.task = decision.task
        self.conversation = decision.conversation.map {
            Conversation(turns: $0.turns, cachedTokens: $0.cachedTokens, model: $0.model)
        }
        self.micros = micros
        self.policy = decider.policy.description
        self.router = decider.router.card.kind
        self.candidates = decision.options.map(Candidate.init)
        self.fallbacks = decision.fallbacks
        self.counterfactual = decision.counterfactual.map {
            Counterfactual(score: $0.score, model: $0.model, change: $0.change)
        }
    }

    /// Writes a receipt for a request that named its model.
    public init(named model: ModelID, id: String) {
        self.decision = id
        self.model = model
        self.reason = "asked for by name"
        self.micros = 0
        self.candidates = []
        self.fallbacks = []
    }
}

extension DecisionReceipt {
    /// A fresh decision id: `dec_` and 24 hexadecimal digits.
    public static func newID(using generator: inout some RandomNumberGenerator) -> String {
        let (a, b) = (
            UInt64.random(in: 0...UInt64.max, using: &generator), UInt32.random(in: 0...UInt32.max, using: &generator)
        )
        let digits = String(a, radix: 16), tail = String(b, radix: 16)
        return "dec_" + String(repeating: "0", count: 16 - digits.count) + digits
            + String(repeating: "0", count: 8 - tail.count) + tail
    }

    /// The receipt as one line of JSON with sorted keys.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Only a number that is not finite could fail to encode, and routers refuse those when they are loaded.
        guard let data = try? encoder.encode(self) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }
}
