/// Models that cut text into tokens alike.
///
/// An estimate needs no vocabulary: the weights are fitted once on real texts (`Reference/fit_token_weights.py`), and
/// docs/tokens.md says how far they err. Of Claude the last published tokenizer is measured, that of Claude 2; of Gemini
/// and Grok none is published, so that GPT-4o's stands in.
public enum TokenFamily: String, Hashable, Sendable, CaseIterable {
    /// GPT-4o and later, o1 and later, gpt-oss; stands in for Gemini and Grok.
    case o200k
    /// GPT-4, GPT-3.5 and OpenAI's embeddings.
    case cl100k
    /// Claude, as its version 2 cut text.
    case claude
    /// Llama 3 and later.
    case llama3
    /// Qwen.
    case qwen
    /// Mistral's Tekken: Nemo, Ministral, Pixtral, and all since.
    case mistral
    /// DeepSeek.
    case deepseek
    /// Anything else, as a vocabulary of 32,000 pieces cuts text: Llama 2, Mistral 7B. The most tokens of all.
    case other

    /// The family of a model, by the provider's name of it.
    public init(ofModel id: String) {
        let name = id.lowercased()
        func has(_ part: String) -> Bool { name.contains(part) }
        // A distilled model keeps the tokenizer of the one it was made from.
        let families: [(Bool, TokenFamily)] = [
            (has("qwen") || has("qwq"), .qwen),
            (has("llama-2") || has("llama2") || has("codellama") || has("code-llama"), .other),
            (has("llama"), .llama3),
            (has("mixtral") || has("mistral-7b") || has("mistral:7b"), .other),
            (["mistral", "ministral", "codestral", "devstral", "magistral", "pixtral"].contains(where: has), .mistral),
            (has("deepseek"), .deepseek),
            (has("claude"), .claude),
            (
                ["gpt-4o", "gpt-4.", "gpt-5", "gpt-oss", "chatgpt", "gemini", "gemma", "grok"].contains(where: has),
                .o200k
            ),
            (has("gpt-4") || has("gpt-3.5") || has("text-embedding"), .cl100k),
            (name.split(separator: "/").last.map { $0.starts(with: #/o[1-9]/#) } ?? false, .o200k),
        ]
        self = families.first(where: \.0)?.1 ?? .other
    }

    /// An estimate of a text's tokens, rounded up.
    ///
    /// - Complexity: O(1): one multiplication a state.
    public func tokens(_ counts: TextCounts) -> Int {
        let sum = zip(weights, counts.visits).reduce(Float(0)) { $0 + $1.0 * Float($1.1) }
        return Int(sum.rounded(.up))
    }

    /// Tokens around each message of a conversation: role and separators.
    ///
    /// As the chat templates of these families write them; that of Claude is not published.
    public var tokensPerMessage: Int {
        switch self {
        case .o200k, .cl100k: 3
        case .qwen, .llama3, .claude: 5
        case .mistral, .deepseek, .other: 4
        }
    }

    /// Tokens of an image whose size is not known: one of about a megapixel.
    ///
    /// OpenAI: 85 + 170 for each of four tiles of 512; Anthropic: width · height / 750, at most about 1,600. Those of
    /// others are not published alike; the larger of the two stands for them.
    public var tokensPerImage: Int {
        switch self {
        case .o200k, .cl100k: 765
        case .claude, .llama3, .qwen, .mistral, .deepseek, .other: 1600
        }
    }
}

/// What a prompt consists of, as far as tokens are concerned.
public struct PromptSize: Hashable, Sendable {
    /// All text: messages, system prompt, and the JSON of tool definitions.
    public var text: TextCounts
    /// Messages of the conversation.
    public var messages: Int
    /// Images in them.
    public var images: Int

    /// Sets all.
    public init(text: TextCounts, messages: Int = 1, images: Int = 0) {
        self.text = text
        self.messages = messages
        self.images = images
    }

    /// An estimate of the prompt's tokens at a family's models.
    ///
    /// - Complexity: O(1)
    public func tokens(_ family: TokenFamily) -> Int {
        // Three begin the answer.
        family.tokens(text) + messages * family.tokensPerMessage + images * family.tokensPerImage + 3
    }
}
