package import NIOCore
package import TurnoutCore

/// A request that travels to a provider as it came, but for the model's name.
package protocol ModelRequest: Sendable {
    /// The provider's endpoint, relative to its base address, such as `chat/completions`.
    static var endpoint: String { get }
    /// Whether the answer is wanted as a stream.
    var streams: Bool { get }

    /// The body with another model's name in place of the one asked for, every other byte untouched.
    func body(naming name: String) -> ByteBuffer

    /// Whether the client wants to know what a stream has cost.
    var includesUsage: Bool { get }

    /// The body as it leaves for a model at a provider: the provider's name of it, without what only another model can
    /// read, and with what is needed to account for the answer or to go on from a beginning.
    func outgoing(to model: ModelID, naming name: String, after beginning: ChatRequest.Beginning?) -> ByteBuffer
}

extension ModelRequest {
    package var includesUsage: Bool { false }

    package func outgoing(to model: ModelID, naming name: String, after beginning: ChatRequest.Beginning?) -> ByteBuffer
    {
        body(naming: name)
    }
}
