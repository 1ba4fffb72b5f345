public import TurnoutCore

/// A request as a decision sees it: what is asked, and what the answer needs of a model.
public struct Query: Sendable {
    /// The text that the router reads: what the user asks.
    public var text: String
    /// What filters look at.
    public var needs: RequestNeeds
    /// What the token estimate looks at: all of the prompt, not only what is asked.
    public var size: PromptSize
    /// The models that may answer, such as those on a key's list; `nil` for all.
    public var allowed: Set<ModelID>?

    /// Describes a request; a bare text needs nothing in particular.
    public init(
        _ text: String, needs: RequestNeeds = RequestNeeds(), size: PromptSize? = nil, allowed: Set<ModelID>? = nil
    ) {
        self.text = text
        self.needs = needs
        self.size = size ?? PromptSize(text: TextCounts(text))
        self.allowed = allowed
    }
}
