/// The providers of the catalogue, and where they are reached.
package enum CatalogueProvider {
    /// The provider at an address; `nil` when the catalogue knows none there.
    ///
    /// - Parameter host: A host name without port.
    /// - Returns: The catalogue's name of the provider.
    package static func name(ofHost host: String) -> String? {
        let host = host.lowercased()
        return hosts.first { host == $0.host || host.hasSuffix(".\($0.host)") }?.provider
    }

    /// Whether the catalogue has prices of a provider of that name.
    package static func isKnown(_ name: String) -> Bool { hosts.contains { $0.provider == name } }

    private static let hosts: [(provider: String, host: String)] = [
        ("anthropic", "api.anthropic.com"), ("aws", "amazonaws.com"), ("azure", "openai.azure.com"),
        ("azure", "cognitiveservices.azure.com"), ("cerebras", "api.cerebras.ai"), ("cohere", "api.cohere.com"),
        ("cohere", "api.cohere.ai"), ("deepseek", "api.deepseek.com"), ("fireworks", "api.fireworks.ai"),
        ("google", "googleapis.com"), ("groq", "api.groq.com"), ("minimax", "api.minimax.io"),
        ("minimax", "api.minimaxi.com"), ("mistral", "api.mistral.ai"), ("moonshotai", "api.moonshot.ai"),
        ("moonshotai", "api.moonshot.cn"), ("novita", "api.novita.ai"), ("openai", "api.openai.com"),
        ("openrouter", "openrouter.ai"), ("perplexity", "api.perplexity.ai"), ("together", "api.together.xyz"),
        ("together", "api.together.ai"), ("x-ai", "api.x.ai"), ("zhipuai", "open.bigmodel.cn"),
    ]
}
