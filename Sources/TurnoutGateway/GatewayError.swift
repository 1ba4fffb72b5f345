/// A request that cannot be answered, and whose doing that is.
package struct GatewayError: Error, Sendable, Equatable {
    /// Who can mend it.
    package enum Origin: Sendable, Equatable {
        /// The request is at fault.
        case client
        /// A provider is.
        case upstream
    }

    /// The HTTP status.
    package let status: Int
    /// Who can mend it.
    package let origin: Origin
    /// What is wrong and how to mend it, without any part of the prompt.
    package let message: String
    /// A word for programs, such as `model_not_found`.
    package let code: String?
    /// The field of the request at fault, where it is one.
    package let field: String?
    /// What was tried.
    package var attempts: [FailedAttempt] = []
    /// How long to wait, as the provider put it.
    package var retryAfter: String?

    /// A request at fault.
    package static func client(status: Int, _ message: String, code: String? = nil, field: String? = nil) -> Self {
        GatewayError(status: status, origin: .client, message: message, code: code, field: field)
    }

    /// A provider at fault.
    package static func upstream(status: Int, _ message: String, code: String? = nil) -> Self {
        GatewayError(status: status, origin: .upstream, message: message, code: code, field: nil)
    }

    /// Every candidate has failed.
    ///
    /// The status is that of the last refusal, 504 after a timeout, and 502 where the last provider said nothing or
    /// sent elsewhere.
    static func exhausted(_ attempts: [FailedAttempt]) -> Self {
        let status =
            switch attempts.last?.failure {
            case .status(let status) where status >= 400: status
            case .timedOut: 504
            default: 502
            }
        let list = attempts.map { "\($0.model) (provider \($0.provider)): \($0.reason)" }.joined(separator: "; ")
        let subject = attempts.count == 1 ? "the model failed" : "all \(attempts.count) models failed"
        var error = upstream(status: status, "\(subject): \(list)", code: "upstream_failed")
        error.attempts = attempts
        error.retryAfter = attempts.last?.retryAfter
        return error
    }
}
