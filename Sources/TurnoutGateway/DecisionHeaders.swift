package import HTTPTypes

/// The gateway's own headers, the same on every endpoint.
package enum DecisionHeaders {
    /// Request: the policy to decide by, as in `strong_share=N`; see `Policy.init(text:)`.
    package static let policy = name("x-turnout-policy")
    /// Request: decide and show the receipt, but ask no model.
    package static let dryRun = name("x-turnout-dry-run")
    /// Request: the conversation that the request belongs to, under a name of the client's choice.
    package static let session = name("x-turnout-session")
    /// Response: the decision's id.
    package static let decision = name("x-turnout-decision")
    /// Response: the model that answered, or would have.
    package static let model = name("x-turnout-model")
    /// Response: why.
    package static let reason = name("x-turnout-reason")
    /// Response: how many models were asked.
    package static let attempts = name("x-turnout-attempts")
    /// Response: how many texts were cut, because they are longer than the encoder reads; absent when none was.
    static let truncated = name("x-turnout-truncated")
    /// Response: what it cost in dollars; absent when that is not known.
    package static let cost = name("x-turnout-cost")

    /// A field's text with whatever a header cannot carry replaced by `?`.
    static func clean(_ text: String) -> String {
        String(decoding: text.utf8.map { 0x20...0x7E ~= $0 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    private static func name(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("'\(name)' is a valid field name") }
        return field
    }
}
