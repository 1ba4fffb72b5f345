/// What a request needs from a model, and how large it is: what filters and token estimates look at.
///
/// Sizes are bytes as they stand in the body, escapes included. A value of another type than the protocol says counts
/// as not asked for; whether to refuse it is for the provider to judge.
public struct RequestNeeds: Sendable, Equatable {
    /// Whether `tools` or the older `functions` defines at least one.
    public var needsTools = false
    /// Image parts in all messages.
    public var images = 0
    /// Whether the answer must be JSON: `response_format` of type `json_object` or `json_schema`.
    public var needsStructuredOutput = false
    /// The most tokens the answer may have: `max_completion_tokens`, else `max_tokens`; `nil` when no limit was set.
    public var maxOutputTokens: Int?
    /// How many answers are asked for: `n`.
    public var answers = 1
    /// Whether the model is amid its own tool calls: the last message is a tool's result, or calls of the last turn
    /// of the assistant have no result yet.
    public var isInToolLoop = false
    /// Messages of any role.
    public var messageCount = 0
    /// Text in all messages, whatever their role, or in `prompt`.
    public var textBytes = 0
    /// The definitions of tools and functions.
    public var toolDefinitionBytes = 0

    /// A request that needs nothing in particular.
    public init() {}
}
