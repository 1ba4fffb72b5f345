import AsyncHTTPClient
import Foundation
import TurnoutCore

/// The proxy on the way to the hub, as `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` have it; it is asked to tunnel.
///
/// The names may be written in lower case, which then counts first. Whether there is a proxy is decided once, by the
/// hub's address; what the hub redirects to goes the same way.
package struct HubProxy: Sendable, Equatable {
    /// The variable that names it.
    let variable: String
    /// What the variable says, which may hold a password.
    let address: Secret

    /// The proxy for an address; `nil` when there is to be none.
    init?(for target: URL, environment: [String: String]) {
        func value(_ name: String) -> String? {
            [name.lowercased(), name].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        variable = target.scheme == "https" ? "HTTPS_PROXY" : "HTTP_PROXY"
        guard let text = value(variable), let host = target.host()?.lowercased() else { return nil }
        let exemptions = (value("NO_PROXY") ?? "").lowercased().split { $0 == "," || $0 == " " }
        let isExempt = exemptions.contains { entry in
            let name = entry.drop { $0 == "." }
            return entry == "*" || host == name || host.hasSuffix(".\(name)")
        }
        guard !isExempt else { return nil }
        address = Secret(text)
    }

    /// The proxy as the HTTP client wants it.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidConfiguration` for anything but an HTTP proxy's address.
    func forClient() throws -> HTTPClient.Configuration.Proxy {
        let text = address.reveal()
        guard let url = URL(string: text.contains("://") ? text : "http://\(text)"), url.scheme == "http",
            let host = url.host(), !host.isEmpty
        else {
            throw TurnoutError(
                .invalidConfiguration,
                "\(variable) is not the address of an HTTP proxy; expected one like http://proxy.example:3128")
        }
        let authorization = url.user(percentEncoded: false).map { user in
            HTTPClient.Authorization.basic(username: user, password: url.password(percentEncoded: false) ?? "")
        }
        return .server(host: host, port: url.port ?? 80, authorization: authorization)
    }
}
