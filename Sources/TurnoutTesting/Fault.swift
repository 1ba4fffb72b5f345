/// What can go wrong with a provider: the sixteen faults that a gateway must survive.
public enum Fault: String, Sendable, Hashable, CaseIterable {
    /// Status 429 with `retry-after: 2`, and well after two seconds.
    case rateLimitedBriefly = "rate-limited-briefly"
    /// Status 429 for ever, without a word about when to come back.
    case rateLimited = "rate-limited"
    /// One status 500, and well afterwards.
    case oneServerError = "one-500"
    /// Status 503 for ever.
    case unavailable
    /// The connection is reset before any response.
    case reset
    /// No response at all.
    case silent
    /// The first token comes after 20 seconds.
    case slowFirstToken = "slow-first-token"
    /// The connection breaks after 40 of 60 tokens.
    case cut
    /// Nothing follows after 20 of 60 tokens.
    case stall
    /// One event amid the stream is not JSON; a whole answer is not.
    case malformed
    /// A stream without `[DONE]` on a connection that stays open.
    case noDone = "no-done"
    /// Status 400, `context_length_exceeded`.
    case contextLength = "context-length"
    /// Status 400, `content_policy_violation`.
    case contentPolicy = "content-policy"
    /// The connection breaks after 40 of 60 tokens, and the fallback refuses to go on from an assistant's message.
    case cutWithoutPrefill = "cut-without-prefill"
    /// Every connection is reset for 60 seconds from the first request; then all is well.
    case outage
    /// Status 503, beside a fallback whose name and usage must be reported.
    case accounting

    /// What the provider does.
    public var summary: String {
        switch self {
        case .rateLimitedBriefly: "429 with retry-after: 2, then well"
        case .rateLimited: "429 for ever"
        case .oneServerError: "one 500, then well"
        case .unavailable: "503 for ever"
        case .reset: "reset before headers"
        case .silent: "no response at all"
        case .slowFirstToken: "first token after 20 s"
        case .cut: "cut at 40 of 60 tokens"
        case .stall: "stalls after 20 of 60 tokens"
        case .malformed: "malformed chunk amid the stream"
        case .noDone: "no [DONE], connection stays open"
        case .contextLength: "context_length_exceeded"
        case .contentPolicy: "content-policy refusal"
        case .cutWithoutPrefill: "cut, fallback refuses prefill"
        case .outage: "down 60 s, then well"
        case .accounting: "503; who is billed?"
        }
    }

    /// The model that should stand behind it.
    public var fallback: String { self == .cutWithoutPrefill ? FaultServer.refusesPrefill : FaultServer.healthy }

    /// The fault that a model's name asks for: all of it, or the part before its first dot.
    ///
    /// `cut` and `cut.7` are two models with the same fault, each with a memory of its own.
    public init?(model: String) {
        self.init(rawValue: String(model.prefix { $0 != "." }))
    }
}
