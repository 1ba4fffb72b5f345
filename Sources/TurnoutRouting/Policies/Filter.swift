public import TurnoutCore

/// Why a candidate may not answer a request, or should not.
public struct Filter: OptionSet, Sendable, Hashable {
    /// One bit for each filter.
    public let rawValue: UInt16

    /// Takes bits as they are.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Prompt and answer do not fit its context window.
    public static let contextWindow = Filter(rawValue: 1)
    /// It cannot write as many tokens as the request asks for.
    public static let outputLimit = Filter(rawValue: 2)
    /// The request defines tools, and it calls none.
    public static let tools = Filter(rawValue: 4)
    /// The request holds images, and it reads none.
    public static let vision = Filter(rawValue: 8)
    /// The answer must be JSON, and it cannot be held to that.
    public static let structuredOutput = Filter(rawValue: 16)
    /// Whoever asks may not use it.
    public static let notAllowed = Filter(rawValue: 32)
    /// Less is left of the budget than it may cost.
    public static let overBudget = Filter(rawValue: 64)
    /// It is not well, or wants to be left alone.
    public static let unavailable = Filter(rawValue: 128)
    /// It would take longer than the policy allows.
    public static let tooSlow = Filter(rawValue: 256)
    /// The policy does not name it for this task.
    public static let task = Filter(rawValue: 512)

    /// Those that hold whatever follows: better no answer than one from such a candidate.
    ///
    /// The others are wishes. Where no candidate meets one, the nearest to it is taken: the fastest for a latency, the
    /// strongest for a task.
    public static let hard: Filter = [
        .contextWindow, .outputLimit, .tools, .vision, .structuredOutput, .notAllowed, .overBudget,
    ]

    /// The wishes, the first one to be dropped last.
    static let wishes: [Filter] = [.unavailable, .task, .tooSlow]

    /// Each by the name it has in receipts.
    private static let named: [(Filter, String)] = [
        (.contextWindow, "context_window"), (.outputLimit, "output_limit"), (.tools, "tools"), (.vision, "vision"),
        (.structuredOutput, "structured_output"), (.notAllowed, "not_allowed"), (.overBudget, "over_budget"),
        (.unavailable, "unavailable"), (.tooSlow, "too_slow"), (.task, "task"),
    ]

    /// The names in receipts, none for a candidate that nothing speaks against.
    public var names: [String] { Self.named.filter { contains($0.0) }.map(\.1) }
}
