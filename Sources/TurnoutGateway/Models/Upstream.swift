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
    /// What it charges, where known.
    package let price: Price?
    /// How it is reached.
    package let transport: any UpstreamTransport

    /// Describes a model at a provider.
    package init(model: ModelID, provider: String, id: String, price: Price? = nil, transport: any UpstreamTransport) {
        self.model = model
        self.provider = provider
        self.id = id
        self.price = price
        self.transport = transport
    }
}
