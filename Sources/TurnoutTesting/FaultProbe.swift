public import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Asks a gateway for an answer and says what its caller got.
public struct FaultProbe: Sendable {
    /// What a caller got.
    public struct View: Sendable, Equatable {
        /// The HTTP status; 0 when there was no response.
        public internal(set) var status = 0
        /// The answer's text.
        public internal(set) var text = ""
        /// Why the model stopped, as the answer says.
        public internal(set) var finishReason: String?
        /// Whether a stream ended with `[DONE]`.
        public internal(set) var isDone = false
        /// The code of the error, in the body or in the stream.
        public internal(set) var errorCode: String?
        /// The words of the error.
        public internal(set) var errorMessage: String?
        /// Output tokens, as the answer reports them.
        public internal(set) var outputTokens: Int?
        /// The model that answered, as the gateway's header has it.
        public internal(set) var model: String?
        /// The decision's id, under which the gateway shows every attempt.
        public internal(set) var decision: String?
        /// Until the last byte.
        public internal(set) var duration = Duration.zero
        /// What went wrong with the connection, if anything.
        public internal(set) var broken: String?

        /// Whether all sixty tokens are there and the answer says that it is finished.
        public var isWhole: Bool {
            status == 200 && broken == nil && errorCode == nil && finishReason != nil && text == FaultProbe.wholeText
        }

        /// Whether an answer that lacks something is passed off as whole: the one thing that must never be.
        public var isTruncatedSuccess: Bool {
            status == 200 && broken == nil && errorCode == nil && errorMessage == nil && !isWhole
        }

        /// Whether it is an error that says so, of an HTTP status or in the stream.
        public var isCleanError: Bool {
            broken == nil && (status >= 400 || status == 200 && finishReason == nil) && errorMessage != nil
        }
    }

    /// The text of every answer of ``FaultServer``.
    public static let wholeText = (0..<FaultServer.tokenCount).map { "word\($0) " }.joined()

    private let client: HTTPClient
    private let url: String
    private let now: @Sendable () -> Duration

    /// - Parameters:
    ///   - client: Carries the requests; its limits must be wide.
    ///   - url: The gateway's address, without `/v1`.
    ///   - clock: Times the answers.
    public init(client: HTTPClient, url: String, clock: some Clock<Duration> = ContinuousClock()) {
        self.client = client
        self.url = url
        let origin = clock.now
        now = { origin.duration(to: clock.now) }
    }

    /// Asks once.
    ///
    /// - Parameters:
    ///   - model: A model or a route.
    ///   - streams: Whether the answer is wanted as a stream, with usage.
    /// - Returns: What came.
    public func ask(_ model: String, streams: Bool) async -> View {
        let start = now()
        var view = View()
        var request = HTTPClientRequest(url: "\(url)/v1/chat/completions")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        let options = streams ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}" : ""
        request.body = .bytes(
            ByteBuffer(
                string: "{\"model\":\"\(model)\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]\(options)}"))
        do {
            let response = try await client.execute(request, deadline: .distantFuture)
            view.status = Int(response.status.code)
            view.model = response.headers.first(name: "x-turnout-model")
            view.decision = response.headers.first(name: "x-turnout-decision")
            let body = String(buffer: try await response.body.collect(upTo: 1 << 24))
            view.read(body)
        } catch {
            view.broken = "\(error)"
        }
        view.duration = now() - start
        return view
    }
}

extension FaultProbe.View {
    /// Reads a body: events, or one object.
    mutating func read(_ body: String) {
        guard body.hasPrefix("data:") || body.hasPrefix(":") else {
            readObject(body)
            return
        }
        for event in body.split(separator: "\n\n", omittingEmptySubsequences: true) {
            guard let data = event.split(separator: "\n").first(where: { $0.hasPrefix("data:") })?.dropFirst(5) else {
                continue
            }
            let text = data.trimmingCharacters(in: .whitespaces)
            if text == "[DONE]" { isDone = true } else { readObject(text) }
        }
    }

    private mutating func readObject(_ text: String) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            broken = "what came is not JSON"
            return
        }
        if let error = object["error"] as? [String: Any] {
            errorCode = error["code"] as? String ?? "error"
            errorMessage = error["message"] as? String
        }
        if let usage = object["usage"] as? [String: Any] { outputTokens = usage["completion_tokens"] as? Int }
        for choice in object["choices"] as? [[String: Any]] ?? [] {
            let part = choice["delta"] as? [String: Any] ?? choice["message"] as? [String: Any]
            self.text += part?["content"] as? String ?? ""
            finishReason = choice["finish_reason"] as? String ?? finishReason
        }
    }
}
