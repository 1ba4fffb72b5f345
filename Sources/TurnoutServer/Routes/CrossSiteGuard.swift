import HTTPTypes
import TurnoutGateway

/// Keeps web pages from spending the gateway's keys through a browser on the same machine.
///
/// A browser sends plain requests of any page to any address, loopback included, without asking. It marks them as
/// cross-site, or, where it does not, cannot give them the content type of JSON: for that it asks first, and the
/// gateway does not agree.
enum CrossSiteGuard {
    /// Why a request is not taken; `nil` when it is.
    static func refusal(of headers: HTTPFields) -> GatewayError? {
        if headers.contains(where: { $0.name.canonicalName == "sec-fetch-site" && $0.value == "cross-site" }) {
            return .client(
                status: 403, "web pages of other sites may not ask models here; ask from a program or a server",
                code: "cross_site_request")
        }
        guard let type = headers[.contentType] else {
            return headers[.origin] == nil ? nil : wrongType
        }
        let essence = type.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
        return essence.lowercased() == "application/json" ? nil : wrongType
    }

    private static let wrongType = GatewayError.client(
        status: 415, "the body must come as JSON; send the header 'content-type: application/json'",
        code: "unsupported_media_type")
}
