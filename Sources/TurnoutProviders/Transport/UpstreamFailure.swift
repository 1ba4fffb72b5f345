/// Why a provider gave no response, or broke one off.
package struct UpstreamFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of failure; the attempt engine branches on this.
    package enum Kind: Equatable, Sendable {
        /// No connection could be made, so the provider has seen nothing of the request.
        case connect
        /// The provider took too long.
        case timeout
        /// The connection broke or carried something other than HTTP.
        case connectionLost
    }

    /// The kind of failure.
    package let kind: Kind
    /// A sentence for people, without addresses, prompts or keys.
    package let message: String

    /// Describes a failure.
    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message alone.
    package var description: String { message }
}
