/// What a gateway without a configuration file looks for.
package enum KnownServices {
    /// A model server with a usual port.
    package struct Local: Sendable, Equatable {
        /// The provider's name.
        package let name: String
        /// Address to which `models` is appended.
        package let baseURL: String

        /// Names a server and its address.
        package init(name: String, baseURL: String) {
            self.name = name
            self.baseURL = baseURL
        }
    }

    /// A hosted provider, its key's usual variable, and two of its models.
    struct Hosted: Sendable {
        let name: String
        let variable: String
        let baseURL: String
        let weak: String
        let strong: String
    }

    /// Asked at start-up on this machine.
    package static let local = [
        Local(name: "ollama", baseURL: "http://127.0.0.1:11434/v1"),
        Local(name: "lmstudio", baseURL: "http://127.0.0.1:1234/v1"),
        Local(name: "llamacpp", baseURL: "http://127.0.0.1:8080/v1"),
        Local(name: "vllm", baseURL: "http://127.0.0.1:8000/v1"),
    ]

    /// Not asked at start-up: a key says that it may be used, and asking would take longer than starting.
    static let hosted = [
        Hosted(
            name: "openai", variable: "OPENAI_API_KEY", baseURL: "https://api.openai.com/v1", weak: "gpt-5-mini",
            strong: "gpt-5"),
        Hosted(
            name: "openrouter", variable: "OPENROUTER_API_KEY", baseURL: "https://openrouter.ai/api/v1",
            weak: "openai/gpt-5-mini", strong: "openai/gpt-5"),
        Hosted(
            name: "mistral", variable: "MISTRAL_API_KEY", baseURL: "https://api.mistral.ai/v1",
            weak: "mistral-small-latest", strong: "mistral-large-latest"),
        Hosted(
            name: "deepseek", variable: "DEEPSEEK_API_KEY", baseURL: "https://api.deepseek.com/v1",
            weak: "deepseek-chat", strong: "deepseek-reasoner"),
    ]
}
