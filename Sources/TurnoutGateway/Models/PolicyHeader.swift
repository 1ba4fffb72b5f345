package import TurnoutRouting

/// Reads a policy from a request header: `strong_share=0.3` or `threshold=0.7`.
package enum PolicyHeader {
    /// - Throws: ``GatewayError`` with status 400 for anything else.
    package static func policy(from value: String) throws(GatewayError) -> Policy {
        let parts = value.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
        if parts.count == 2, let number = Double(parts[1]), number >= 0, number <= 1 {
            if parts[0] == "strong_share" { return .strongShare(number) }
            if parts[0] == "threshold" { return .threshold(number) }
        }
        throw GatewayError.client(
            status: 400,
            "the header x-turnout-policy must read 'strong_share=N' or 'threshold=N' with N between 0 and 1",
            code: "invalid_policy")
    }
}
