package import TurnoutRouting

/// Reads a policy from the request header `x-turnout-policy`: `strong_share=0.3`, `lambda=20,latency=interactive`, ….
package enum PolicyHeader {
    /// - Throws: ``GatewayError`` with status 400 for anything that is no policy.
    package static func policy(from value: String) throws(GatewayError) -> Policy {
        do {
            return try Policy(text: value)
        } catch {
            throw GatewayError.client(
                status: 400, "the header x-turnout-policy cannot be used: \(error)", code: "invalid_policy")
        }
    }
}
