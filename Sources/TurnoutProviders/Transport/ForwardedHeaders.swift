package import HTTPTypes

/// Which headers cross the gateway.
package enum ForwardedHeaders {
    /// Headers of the client that travel to the provider.
    ///
    /// All others stay behind: credentials and cookies above all, since the client's key is for this gateway and the
    /// provider gets its own.
    package static let request: [HTTPField.Name] = [
        "accept", "openai-beta", "idempotency-key", "traceparent", "tracestate",
    ].compactMap { HTTPField.Name($0) }

    /// Headers of the provider that stay behind: those of its connection, its cookies, its address, and what the
    /// gateway says itself.
    package static let withheldFromResponse: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "content-length", "date", "server", "set-cookie", "alt-svc",
        "strict-transport-security", "access-control-allow-origin", "access-control-allow-credentials",
        "access-control-expose-headers", "www-authenticate", "location",
    ]

    /// The headers of a client's request that travel on.
    package static func forwarded(from headers: HTTPFields) -> HTTPFields {
        var kept = HTTPFields()
        for name in request {
            for value in headers[values: name] { kept.append(HTTPField(name: name, value: value)) }
        }
        return kept
    }

    /// Whether a header of the provider travels on to the client.
    package static func travelsBack(_ lowercasedName: String) -> Bool {
        !withheldFromResponse.contains(lowercasedName) && !lowercasedName.hasPrefix("x-turnout-")
    }
}
