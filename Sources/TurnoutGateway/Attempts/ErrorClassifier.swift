import Foundation
import HTTPTypes
import NIOCore
import TurnoutProviders

/// Tells from what a provider says which kind of failure it is.
///
/// The words in a body count more than the status, since providers agree on the former more than on the latter. The
/// table is in `docs/attempts.md`.
enum ErrorClassifier {
    /// A refusal with a status.
    static func refusal(status: Int, headers: HTTPFields, body: ByteBuffer, now: Date) -> AttemptFailure {
        let error = ProviderError(body)
        let kind = kind(of: error) ?? kind(ofStatus: status)
        return AttemptFailure(kind, status: status, retryAfter: RetryAfter.read(headers, now: now))
    }

    /// An error in a stream, or in place of a whole answer, that was promised with a status of success.
    static func inPlaceOfAnswer(_ error: ProviderError) -> AttemptFailure {
        AttemptFailure(kind(of: error) ?? .serverError)
    }

    /// A response that did not come or broke off.
    static func transport(_ failure: UpstreamFailure) -> AttemptFailure {
        switch failure.kind {
        case .connect: AttemptFailure(.unreachable)
        case .timeout: AttemptFailure(.silent)
        case .connectionLost: AttemptFailure(.connectionLost)
        }
    }

    static func kind(ofStatus status: Int) -> AttemptFailure.Kind {
        switch status {
        case 300..<400, 404: .notFound
        case 401, 403: .unauthorized
        case 402: .quotaExceeded
        case 408, 425, 503, 529: .overloaded
        case 429: .rateLimited
        case 500...: .serverError
        default: .invalidRequest
        }
    }

    /// What the words say; `nil` when the status must do.
    static func kind(of error: ProviderError) -> AttemptFailure.Kind? {
        if let kind = error.code.flatMap({ codes[$0.lowercased()] }) { return kind }
        guard let message = error.message?.lowercased() else { return nil }
        if overflowWords.contains(where: { message.contains($0) }) { return .contextLength }
        if policyWords.contains(where: { message.contains($0) }) { return .contentPolicy }
        return nil
    }

    private static let codes: [String: AttemptFailure.Kind] = [
        "context_length_exceeded": .contextLength, "exceed_context_size_error": .contextLength,
        "string_above_max_length": .contextLength, "model_max_prompt_tokens_exceeded": .contextLength,
        "content_policy_violation": .contentPolicy, "content_filter": .contentPolicy,
        "responsibleaipolicyviolation": .contentPolicy, "content_filtered": .contentPolicy,
        "data_inspection_failed": .contentPolicy, "moderation_blocked": .contentPolicy,
        "rate_limit_exceeded": .rateLimited, "rate_limit_error": .rateLimited, "too_many_requests": .rateLimited,
        "insufficient_quota": .quotaExceeded, "billing_hard_limit_reached": .quotaExceeded,
        "overloaded_error": .overloaded, "service_unavailable": .overloaded, "engine_overloaded": .overloaded,
        "invalid_api_key": .unauthorized, "authentication_error": .unauthorized, "permission_error": .unauthorized,
        "model_not_found": .notFound, "not_found_error": .notFound, "api_error": .serverError,
        "server_error": .serverError, "internal_error": .serverError,
    ]

    private static let overflowWords = [
        "maximum context length", "context length exceeded", "context window", "prompt is too long",
        "exceeds the available context size", "input is too long", "too many input tokens",
    ]

    private static let policyWords = ["content management policy", "content policy", "safety system"]
}
