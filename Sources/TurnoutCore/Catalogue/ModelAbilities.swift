/// What a model can do; `nil` is unknown, which is neither yes nor no.
public struct ModelAbilities: Hashable, Sendable {
    /// Whether it calls tools.
    public var tools: Bool?
    /// Whether it reads images.
    public var vision: Bool?
    /// Whether it can be held to a JSON schema.
    public var structuredOutput: Bool?
    /// Whether it thinks before it answers.
    public var reasoning: Bool?
    /// Whether it goes on with an answer that someone else began.
    public var prefill: Bool?

    /// Sets what is known.
    public init(
        tools: Bool? = nil, vision: Bool? = nil, structuredOutput: Bool? = nil, reasoning: Bool? = nil,
        prefill: Bool? = nil
    ) {
        self.tools = tools
        self.vision = vision
        self.structuredOutput = structuredOutput
        self.reasoning = reasoning
        self.prefill = prefill
    }

    /// The names in files, in the order in which they are written, and what they stand for.
    package static var named: [(name: String, path: WritableKeyPath<ModelAbilities, Bool?>)] {
        [
            ("tools", \.tools), ("vision", \.vision), ("structured_output", \.structuredOutput),
            ("reasoning", \.reasoning), ("prefill", \.prefill),
        ]
    }

    /// What is known here, and what `other` knows of the rest.
    package func filled(from other: ModelAbilities) -> ModelAbilities {
        var filled = self
        for (_, path) in Self.named { filled[keyPath: path] = self[keyPath: path] ?? other[keyPath: path] }
        return filled
    }
}
