import Foundation
public import TurnoutCore

/// What holds at the moment of a decision and is no property of the request: who is well, how fast models are, what
/// is left to spend, what the conversation has been so far.
///
/// It is passed in, so that deciding stays a pure function.
public struct Conditions: Sendable, Equatable {
    /// How one model is doing.
    public struct Live: Sendable, Equatable {
        /// Whether requests should be sent to it: no breaker is open, no pause is asked for.
        public var isAvailable: Bool
        /// How fast it has been lately; `nil` where nobody has measured.
        public var speed: Speed?
        /// Seconds since that was measured last: the older, the less it counts.
        public var age: Double

        /// Sets all.
        public init(isAvailable: Bool = true, speed: Speed? = nil, age: Double = 0) {
            self.isAvailable = isAvailable
            self.speed = speed
            self.age = age
        }
    }

    /// One for each candidate, in their order; empty when nothing is known.
    public var live: [Live]
    /// What is left to spend, read by the policy `budget` only; `nil` before anything was spent.
    public var budget: BudgetPacer.Reading?
    /// What is added to the share of the strongest candidate so that it holds; read by `strong_share` only.
    public var shareCorrection: Double
    /// The conversation that the request goes on with, if any.
    public var conversation: Conversation?
    /// The time in ISO 8601 (UTC, whole seconds), read by `certified` only; `nil` when nobody looks at a clock.
    public var time: String?

    /// Nothing known.
    public init(
        live: [Live] = [], budget: BudgetPacer.Reading? = nil, shareCorrection: Double = 0,
        conversation: Conversation? = nil, time: String? = nil
    ) {
        self.live = live
        self.budget = budget
        self.shareCorrection = shareCorrection
        self.conversation = conversation
        self.time = time
    }
}

/// How fast a model answers.
public struct Speed: Sendable, Equatable {
    /// Seconds to the first token.
    public var firstToken: Double
    /// Tokens a second after it.
    public var tokensPerSecond: Double

    /// Sets both; positive.
    public init(firstToken: Double, tokensPerSecond: Double) {
        self.firstToken = firstToken
        self.tokensPerSecond = tokensPerSecond
    }

    /// What models of that size do where nobody has measured: a guess of the order of magnitude, on one accelerator
    /// for small models and behind a provider's endpoint for large ones.
    ///
    /// A model that thinks takes ten times as long to its first visible token.
    public init(priorFor size: SizeClass?, thinks: Bool) {
        let (firstToken, rate): (Double, Double) =
            switch size {
            case .under3B: (0.2, 150)
            case .from3B: (0.25, 110)
            case .from7B: (0.3, 90)
            case .from14B: (0.45, 60)
            case .from32B, nil: (0.8, 50)
            }
        self.init(firstToken: thinks ? firstToken * 10 : firstToken, tokensPerSecond: rate)
    }

    /// The speed that is to be expected some time after this one was measured.
    ///
    /// What is not measured again drifts back to the prior, half of the way in ``halfLife`` seconds, on a scale of
    /// ratios: a model that was passed over because it was slow is not measured, and would be passed over for ever.
    func aged(_ age: Double, towards prior: Speed) -> Speed {
        guard age > 0, firstToken > 0, tokensPerSecond > 0 else { return self }
        let weight = exp2(-age / Self.halfLife)
        return Speed(
            firstToken: prior.firstToken * pow(firstToken / prior.firstToken, weight),
            tokensPerSecond: prior.tokensPerSecond * pow(tokensPerSecond / prior.tokensPerSecond, weight))
    }

    /// Seconds: ten minutes, for all requests go back at once, and learn only from their answers that it is slow yet.
    private static let halfLife = 600.0

    /// Seconds to the last token of an answer.
    public func total(tokens: Int) -> Double { firstToken + Double(tokens) / max(tokensPerSecond, 0.001) }
}
