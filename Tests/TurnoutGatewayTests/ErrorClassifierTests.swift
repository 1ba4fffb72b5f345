import Foundation
import HTTPTypes
import NIOCore
import Testing
import TurnoutProviders

@testable import TurnoutGateway

struct ErrorClassifierTests {
    private static let noon = Date(timeIntervalSince1970: 784_111_777)

    @Test(
        "status and body together say what kind of failure it is",
        arguments: [
            (429, "{}", .rateLimited), (429, #"{"error":{"code":"insufficient_quota"}}"#, .quotaExceeded),
            (500, "{}", .serverError), (502, "<html>", .serverError), (503, "", .overloaded), (529, "", .overloaded),
            (529, #"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#, .overloaded),
            (401, "{}", .unauthorized), (403, "{}", .unauthorized), (404, "{}", .notFound), (307, "", .notFound),
            (402, "", .quotaExceeded), (408, "", .overloaded), (400, "{}", .invalidRequest),
            (422, "{}", .invalidRequest),
            (400, #"{"error":{"code":"context_length_exceeded"}}"#, .contextLength),
            (400, #"{"error":{"message":"This model's maximum context length is 8192 tokens."}}"#, .contextLength),
            (400, #"{"error":{"type":"exceed_context_size_error","message":"x","code":400}}"#, .contextLength),
            (400, #"{"error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}}"#, .contextLength),
            (413, #"{"error":{"code":"rate_limit_exceeded"}}"#, .rateLimited),
            (400, #"{"error":{"code":"content_filter"}}"#, .contentPolicy),
            (403, #"{"error":{"message":"rejected by our safety system"}}"#, .contentPolicy),
        ] as [(Int, String, AttemptFailure.Kind)])
    func refusals(status: Int, body: String, expected: AttemptFailure.Kind) {
        let failure = ErrorClassifier.refusal(
            status: status, headers: [:], body: ByteBuffer(string: body), now: Self.noon)
        #expect(failure.kind == expected && failure.status == status)
    }

    @Test("a failed transport is told from a silent one")
    func transport() {
        #expect(ErrorClassifier.transport(UpstreamFailure(.connect, "")).kind == .unreachable)
        #expect(ErrorClassifier.transport(UpstreamFailure(.connectionLost, "")).kind == .connectionLost)
        #expect(ErrorClassifier.transport(UpstreamFailure(.timeout, "")).rule.sameModel == .never)
    }

    @Test(
        "every form of Retry-After is understood",
        arguments: [
            (["retry-after": "2"], 2), (["retry-after": "0.5"], 0.5), (["retry-after-ms": "1500"], 1.5),
            (["retry-after": "Sun, 06 Nov 1994 08:50:37 GMT"], 60),
            (["retry-after": "Sun, 06 Nov 1994 00:00:00 GMT"], 0),
            (["retry-after": "soon"], nil), (["retry-after": "-5"], 0), (["retry-after": "1e300"], 86_400), ([:], nil),
            (["x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"], 360),
            (["x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"], 0.02),
            (["x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1s"], nil),
            (
                [
                    "anthropic-ratelimit-requests-remaining": "0",
                    "anthropic-ratelimit-requests-reset": "1994-11-06T08:49:47Z",
                ], 10
            ),
        ] as [([String: String], Double?)])
    func retryAfter(headers: [String: String], expected: Double?) {
        var fields = HTTPFields()
        for (name, value) in headers { fields[HTTPField.Name(name)!] = value }
        let wait = RetryAfter.read(fields, now: Self.noon)
        #expect(wait.map { ($0 / .milliseconds(1)).rounded() } == expected.map { $0 * 1000 })
    }

    @Test("a wait is told in whole seconds, never too short")
    func header() {
        #expect(RetryAfter.header(.milliseconds(1200)) == "2" && RetryAfter.header(.zero) == "1")
    }

    @Test("an answer that stands is not asked for elsewhere, and what is too long only of a larger model")
    func rules() {
        for kind in AttemptFailure.Kind.allCases {
            let rule = kind.rule
            #expect(rule.origin != .client || rule.coolDown == .none, "\(kind): the client's fault is not the model's")
            #expect(rule.elsewhere != .never || rule.sameModel == .never, "\(kind)")
            #expect(400..<600 ~= rule.status)
        }
        #expect(AttemptFailure.Kind.contextLength.rule.elsewhere == .largerWindow)
        #expect(AttemptFailure.Kind.contentPolicy.rule.elsewhere == .never)
    }
}
