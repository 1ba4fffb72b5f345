import NIOCore
import NIOHTTP1

/// How one request is answered.
struct FaultScript: Sendable {
    let server: FaultServer
    let channel: any Channel
    let model: String
    let streams: Bool
    /// Whether the last message is an assistant's.
    let goesOn: Bool
    let prompt: String
    /// How many requests for the model came before.
    let earlier: Int
    /// How long ago the first of them came.
    let age: Duration

    /// How an answer ends.
    private enum Ending { case whole, withoutDone, cut(after: Int), stall(after: Int), malformed }

    /// Answers; returns whether the answer is complete.
    func run() async -> Bool {
        await server.whileFrozen()
        do {
            try await perform()
            return true
        } catch {
            return false
        }
    }

    private func perform() async throws {
        switch Fault(model: model) {
        case .rateLimitedBriefly where age < .seconds(2):
            try await refuse(429, "rate_limit_exceeded", "slow down", ("retry-after", "2"))
        case .rateLimited: try await refuse(429, "rate_limit_exceeded", "slow down")
        case .oneServerError where earlier == 0: try await refuse(500, "server_error", "something broke")
        case .unavailable, .accounting: try await refuse(503, "service_unavailable", "nobody is here")
        case .reset: reset()
        case .outage where age < .seconds(60): reset()
        case .silent: try await forever()
        case .slowFirstToken:
            try await server.sleep(.seconds(20))
            try await answer(.whole)
        case .cut, .cutWithoutPrefill: try await answer(.cut(after: 40))
        case .stall: try await answer(.stall(after: 20))
        case .malformed: try await answer(.malformed)
        case .noDone: try await answer(.withoutDone)
        case .contextLength:
            try await refuse(400, "context_length_exceeded", "this model's maximum context length is 8 tokens")
        case .contentPolicy: try await refuse(400, "content_policy_violation", "this is not to be talked about")
        case .rateLimitedBriefly, .oneServerError, .outage: try await answer(.whole)
        case nil where goesOn && model.hasPrefix(FaultServer.refusesPrefill):
            try await refuse(400, "invalid_request_error", "the last message must not be an assistant's")
        case nil: try await answer(.whole)
        }
    }

    // MARK: Answers

    private func answer(_ ending: Ending) async throws {
        if streams { try await stream(ending) } else { try await whole(ending) }
    }

    private var tokens: [String] {
        let words = model.hasPrefix(FaultServer.otherWords) ? "another" : "word"
        let all = (0..<FaultServer.tokenCount).map { "\(words)\($0) " }
        guard goesOn, model.hasPrefix(FaultServer.otherWords) else { return all }
        // Goes on after whatever it is given.
        let given = prompt.matches(of: #/word(\d+) /#).last.flatMap { Int($0.1) } ?? -1
        return ((given + 1)..<max(given + 1, FaultServer.tokenCount)).map { "word\($0) " }
    }

    private var usage: String {
        "{\"prompt_tokens\":7,\"completion_tokens\":\(FaultServer.tokenCount),\"total_tokens\":\(FaultServer.tokenCount + 7)}"
    }

    private func stream(_ ending: Ending) async throws {
        try await head(200, [("content-type", "text/event-stream")])
        try await write(chunk("{\"role\":\"assistant\",\"content\":\"\"}"))
        for (index, token) in tokens.enumerated() {
            if case .cut(let count) = ending, index == count { return try await channel.close() }
            if case .stall(let count) = ending, index == count { try await forever() }
            if case .malformed = ending, index == 30 { try await write("data: {\"choices\":[{\"delta\":\n\n") }
            try await write(chunk("{\"content\":\"\(token)\"}"))
            await server.whileFrozen()
            try await server.sleep(server.tokenPause)
        }
        try await write(chunk("{}", finish: "\"stop\""))
        if prompt.contains("\"include_usage\":true") {
            try await write("data: {\(identity),\"choices\":[],\"usage\":\(usage)}\n\n")
        }
        if case .withoutDone = ending { try await forever() }
        try await write("data: [DONE]\n\n")
        try await end()
    }

    private func whole(_ ending: Ending) async throws {
        try await server.sleep(server.tokenPause * FaultServer.tokenCount)
        await server.whileFrozen()
        var text = """
            {"object":"chat.completion",\(identity),"choices":[{"index":0,"message":{"role":"assistant",\
            "content":"\(tokens.joined())"},"finish_reason":"stop"}],"usage":\(usage)}
            """
        let length = text.utf8.count
        switch ending {
        case .cut: text = String(text.prefix(length * 2 / 3))
        case .stall: text = String(text.prefix(length / 3))
        case .malformed: text = "{\"choices\":[" + String(text.dropFirst(13).reversed())
        case .whole, .withoutDone: break
        }
        let announced: Int
        if case .malformed = ending { announced = text.utf8.count } else { announced = length }
        try await head(200, [("content-type", "application/json"), ("content-length", String(announced))])
        try await write(text)
        switch ending {
        case .cut: try await channel.close()
        case .stall: try await forever()
        default: try await end()
        }
    }

    private var identity: String { "\"id\":\"chatcmpl-\(model)\",\"created\":1,\"model\":\"\(model)\"" }

    private func chunk(_ delta: String, finish: String = "null") -> String {
        """
        data: {"object":"chat.completion.chunk",\(identity),"choices":[{"index":0,"delta":\(delta),\
        "finish_reason":\(finish)}]}\n\n
        """
    }

    private func refuse(_ status: Int, _ code: String, _ message: String, _ extra: (String, String)...) async throws {
        let text = "{\"error\":{\"message\":\"\(message)\",\"type\":\"\(code)\",\"param\":null,\"code\":\"\(code)\"}}"
        let length = ("content-length", String(text.utf8.count))
        try await head(status, [("content-type", "application/json"), length] + extra)
        try await write(text)
        try await end()
    }

    // MARK: Bytes

    private func head(_ status: Int, _ headers: [(String, String)]) async throws {
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: HTTPHeaders(headers))
        try await channel.writeAndFlush(HTTPServerResponsePart.head(head))
    }

    private func write(_ text: String) async throws {
        try Task.checkCancellation()
        try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: text))))
    }

    private func end() async throws {
        try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
    }

    private func reset() { FaultServer.reset(channel) }

    /// Until the caller leaves.
    private func forever() async throws {
        while true { try await server.sleep(.seconds(3600)) }
    }
}
