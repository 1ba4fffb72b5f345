package import TurnoutCore
package import TurnoutProviders

/// A model at a provider: what can be asked.
package struct Upstream: Sendable {
    /// The name it is configured under.
    package let model: ModelID
    /// The provider's configured name.
    package let provider: String
    /// What the provider calls the model.
    package let id: String
    /// What is known of it: price, window, limits, abilities.
    package var entry: CatalogueEntry
    /// How it is reached.
    package let transport: any UpstreamTransport
    /// How long it may take for what.
    ///
    /// Default: what the provider's name of the model suggests.
    package var limits: AttemptLimits
    /// How it goes on with an answer that was begun elsewhere; `nil` when it cannot.
    ///
    /// Default: it cannot.
    package var prefill: ChatRequest.Beginning.Style?

    /// Describes a model at a provider, of which nothing else is known.
    package init(model: ModelID, provider: String, id: String, price: Price? = nil, transport: any UpstreamTransport) {
        self.model = model
        self.provider = provider
        self.id = id
        self.entry = CatalogueEntry(provider: provider, id: id)
        self.entry.price = price
        self.transport = transport
        self.limits = AttemptLimits(AttemptLimits.ModelClass(ofModel: id))
    }
    /// What it charges, where known.
    package var price: Price? { entry.price }
    /// Tokens that it can take, where known.
    package var contextWindow: Int? { entry.contextWindow }
}
