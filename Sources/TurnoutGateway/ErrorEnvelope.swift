import TurnoutCore
import TurnoutProviders

/// Errors in the form that OpenAI's clients read.
package enum ErrorEnvelope {
    /// `{"error":{"message","type","param","code"}}`, with the list of attempts where there were any.
    package static func json(_ error: GatewayError) -> String {
        let type = error.origin == .client ? "invalid_request_error" : "upstream_error"
        let attempts = error.attempts.map { attempt in
            """
            {"model":\(JSONText.quoted(attempt.model.name)),"provider":\(JSONText.quoted(attempt.provider)),\
            "reason":\(JSONText.quoted(attempt.reason))}
            """
        }
        let list = attempts.isEmpty ? "" : ",\"attempts\":[\(attempts.joined(separator: ","))]"
        return """
            {"error":{"message":\(JSONText.quoted(error.message)),"type":"\(type)",\
            "param":\(error.field.map(JSONText.quoted) ?? "null"),\
            "code":\(error.code.map(JSONText.quoted) ?? "null")\(list)}}
            """
    }
}
