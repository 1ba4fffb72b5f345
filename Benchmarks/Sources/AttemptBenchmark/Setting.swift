import HTTPTypes
import NIOCore
import TurnoutCore

@testable import TurnoutGateway
@testable import TurnoutProviders

/// One request and the two ways in which it is answered.
struct Setting: Sendable {
    private let request: ChatRequest
    private let upstream: Upstream
    private let clock = GatewayClock()
    private let health = HealthRegistry()
    private let deadlines: Deadlines

    /// - Parameter tokens: Of a stream; `nil` for a whole answer.
    /// - Throws: What is wrong with the request, which would be a mistake here.
    init(tokens: Int?) throws {
        let prompt = String(repeating: "Which of these is the longest? ", count: 30)
        let stream = tokens == nil ? "" : ",\"stream\":true"
        let body = ByteBuffer(
            string: "{\"model\":\"model\"\(stream),\"messages\":[{\"role\":\"user\",\"content\":\"\(prompt)\"}]}")
        request = try ChatRequest(scanning: body)
        upstream = Upstream(
            model: "model", provider: "here", id: "model", transport: CannedTransport(tokens: tokens))
        deadlines = Deadlines(clock: clock)
    }

    /// Passes the request and the chunks of its answer on, and nothing else.
    func relay() async throws -> Int {
        let response = try await upstream.transport.send(
            UpstreamRequest(
                endpoint: ChatRequest.endpoint, body: request.outgoing(to: "model", naming: "model"),
                streams: request.streams))
        var bytes = 0
        while let chunk = try await response.body.next() { bytes += chunk.readableBytes }
        return bytes
    }

    /// The same under the attempt engine: clocks, health, the reader of the stream, the record of the attempt.
    func engine() async throws -> Int {
        let runner = AttemptRunner(
            candidates: [upstream], request: request, headers: [:], rules: AttemptRules(),
            arrival: clock.now,
            surroundings: .init(
                clock: clock, deadlines: deadlines, health: health, date: { .distantPast },
                jitter: { 0 }, record: { _, _ in }))
        switch try await runner.start() {
        case .whole(_, let body, _): return body.readableBytes
        case .partial: return try await Self.bytes(of: RelayBody(runner))
        case .exhausted: throw CancellationError()
        }
    }

    private static func bytes(of body: RelayBody) async throws -> Int {
        var bytes = 0
        while let chunk = try await body.next() { bytes += chunk.readableBytes }
        return bytes
    }
}

/// A provider that has its answer ready, and hands it over a chunk at a time, as a socket does.
struct CannedTransport: UpstreamTransport {
    private let chunks: [ByteBuffer]
    private let headers: HTTPFields

    /// - Parameter tokens: Of a stream; `nil` for a whole answer of sixty.
    init(tokens: Int?) {
        let identity = "\"id\":\"chatcmpl-1\",\"created\":1,\"model\":\"model\""
        let usage = "{\"prompt_tokens\":200,\"completion_tokens\":60,\"total_tokens\":260}"
        guard let tokens else {
            let text = String(repeating: "word ", count: 60)
            headers = [.contentType: "application/json"]
            chunks = [
                ByteBuffer(
                    string: """
                        {"object":"chat.completion",\(identity),"choices":[{"index":0,"message":{"role":"assistant",\
                        "content":"\(text)"},"finish_reason":"stop"}],"usage":\(usage)}
                        """)
            ]
            return
        }
        func event(_ delta: String, _ finish: String) -> ByteBuffer {
            ByteBuffer(
                string: """
                    data: {"object":"chat.completion.chunk",\(identity),"choices":[{"index":0,"delta":\(delta),\
                    "finish_reason":\(finish)}]}\n\n
                    """)
        }
        headers = [.contentType: "text/event-stream"]
        chunks =
            [event("{\"role\":\"assistant\",\"content\":\"\"}", "null")]
            + (0..<tokens).map { event("{\"content\":\"word\($0) \"}", "null") }
            + [event("{}", "\"stop\""), ByteBuffer(string: "data: [DONE]\n\n")]
    }

    func send(_ request: UpstreamRequest) async throws -> UpstreamResponse {
        await Task.yield()
        var rest = chunks[...]
        return UpstreamResponse(
            status: 200, headers: headers,
            body: UpstreamBody {
                await Task.yield()
                return rest.popFirst()
            })
    }
}
