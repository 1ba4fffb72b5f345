import Foundation

/// Scheme, host and port: what a token may be sent to, and what a validator belongs to.
struct Origin: Hashable, Sendable {
    private let scheme: String
    private let host: String
    private let port: Int

    /// The origin of an address; `nil` unless it is http or https.
    init?(_ url: URL) {
        guard let scheme = url.scheme?.lowercased(), let host = url.host()?.lowercased(), !host.isEmpty else {
            return nil
        }
        switch scheme {
        case "https": port = url.port ?? 443
        case "http": port = url.port ?? 80
        default: return nil
        }
        self.scheme = scheme
        self.host = host
    }

    /// Whether the way from here to there would leave encryption behind.
    func isDowngraded(to other: Origin) -> Bool { scheme == "https" && other.scheme == "http" }
}
