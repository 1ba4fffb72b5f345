import TurnoutRouting

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
    /// How many seconds to wait, where a provider says so.
    package var retryAfter: String?

    /// A request at fault.
    package static func client(status: Int, _ message: String, code: String? = nil, field: String? = nil) -> Self {
        GatewayError(status: status, origin: .client, message: message, code: code, field: field)
    }

    /// A provider at fault.
    package static func upstream(status: Int, _ message: String, code: String? = nil) -> Self {
        GatewayError(status: status, origin: .upstream, message: message, code: code, field: nil)
    }

    /// No candidate may answer.
    static func refused(_ refusal: Refusal) -> Self {
        let (status, code) =
            if refusal.isOnly(.overBudget) {
                (429, "budget_exhausted")
            } else if refusal.isOnly(.contextWindow) {
                (400, "context_length_exceeded")
            } else if refusal.isOnly(.notAllowed) {
                (403, "model_not_allowed")
            } else {
                (400, "no_capable_model")
            }
        return client(status: status, refusal.description, code: code)
    }

    /// Every candidate has failed.
    ///
    /// The status is that of the last failure; the wait is the least that any of them asks for.
    static func exhausted(_ attempts: [FailedAttempt], pauses: [Duration]) -> Self {
        let list = attempts.map { "\($0.model) (provider \($0.provider)): \($0.reason)" }.joined(separator: "; ")
        let models = Set(attempts.map(\.model)).count
        let subject =
            switch (models, attempts.count) {
            case (0, _): "every model's provider has asked for a pause"
            case (1, 1): "the model failed"
            case (1, let count): "the model failed \(count) times"
            default: "all \(models) models failed"
            }
        let failure = attempts.last?.failure ?? AttemptFailure(.coolingDown)
        let message = list.isEmpty ? "\(subject); try again later" : "\(subject): \(list)"
        var error = upstream(
            status: failure.clientStatus, message,
            code: failure.kind == .contextLength ? "context_length_exceeded" : "upstream_failed")
        error.attempts = attempts
        error.retryAfter = (attempts.compactMap(\.failure.retryAfter) + pauses).min().map(RetryAfter.header)
        return error
    }
}
