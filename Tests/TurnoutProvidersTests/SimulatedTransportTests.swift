import HTTPTypes
import NIOCore
import Synchronization
import Testing
import TurnoutCore

@testable import TurnoutProviders

/// A clock on which sleeping takes no time and is written down.
final class RecordingClock: Clock {
    typealias Instant = ContinuousClock.Instant
    private let slept = Mutex<[Swift.Duration]>([])
    private let start = ContinuousClock.now
    var sleeps: [Swift.Duration] { slept.withLock { $0 } }
    var now: Instant { start + sleeps.reduce(.zero, +) }
    var minimumResolution: Swift.Duration { .nanoseconds(1) }
    func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
        let duration = deadline - now
        slept.withLock { $0.append(duration) }
    }
}

struct SimulatedTransportTests {
    private func ask(_ transport: SimulatedTransport, stream: Bool = false, usage: Bool = false) async throws -> (
        UpstreamResponse, String
    ) {
        let options = usage ? #","stream_options":{"include_usage":true}"# : ""
        let body = #"{"model":"m","stream":\#(stream)\#(options),"messages":[{"role":"user","content":"12345"}]}"#
        let response = try await transport.send(
            UpstreamRequest(endpoint: "chat/completions", body: ByteBuffer(string: body), streams: stream))
        var text = ""
        for try await chunk in response.body { text += String(buffer: chunk) }
        return (response, text)
    }

    private func transport(
        _ change: (inout SimulatedTransport.Options) -> Void = { _ in }, clock: RecordingClock = RecordingClock()
    ) -> SimulatedTransport {
        var options = SimulatedTransport.Options()
        change(&options)
        return SimulatedTransport(options: options, clock: clock, now: { 1 })
    }

    @Test("a whole answer says that it is simulated, in its model, its text and a header")
    func whole() async throws {
        let (response, text) = try await ask(transport())
        #expect(response.status == 200)
        #expect(response.headers[HTTPField.Name("x-turnout-simulated")!] == "true")
        #expect(text.contains(#""model":"simulated/m""#) && text.contains("[simulated m]"))
        let answer = try ByteBuffer(string: text).withUnsafeReadableBytes { try ChatChunk($0) }
        #expect(answer.usage == TokenUsage(input: 2, output: 25) && !answer.isError)
    }

    @Test("a stream has the same text, finishes, and gives usage only when asked", arguments: [false, true])
    func stream(usage: Bool) async throws {
        let (_, text) = try await ask(transport(), stream: true, usage: usage)
        var reader = ChatStreamReader()
        _ = reader.push(ByteBuffer(string: text))
        #expect(reader.isFinished && reader.isDone && reader.malformedEvents == 0)
        #expect(text.contains(#""usage":{"#) == usage)
    }

    @Test("it waits for the first token and then keeps its pace")
    func pace() async throws {
        let clock = RecordingClock()
        let slow = transport(
            {
                $0.firstToken = .milliseconds(300); $0.tokensPerSecond = 10
            }, clock: clock)
        _ = try await ask(slow, stream: true)
        #expect(clock.sleeps.first.map { abs($0 / .milliseconds(300) - 1) < 0.01 } == true)
        #expect(clock.sleeps.count == 25)
        #expect(clock.sleeps.dropFirst().allSatisfy { abs($0 / .milliseconds(100) - 1) < 0.01 })
    }

    @Test("the same seed fails the same requests, at about the rate asked for")
    func failures() async throws {
        func statuses(seed: UInt64) async throws -> [Int] {
            let flaky = transport {
                $0.failureRate = 0.3; $0.seed = seed
            }
            var statuses: [Int] = []
            for _ in 0..<200 { statuses.append(try await ask(flaky).0.status) }
            return statuses
        }
        let first = try await statuses(seed: 1)
        #expect(try await statuses(seed: 1) == first)
        #expect(try await statuses(seed: 2) != first)
        #expect((40...80).contains(first.count { $0 == 503 }))
    }
}

struct SecretTests {
    @Test("a key is not shown by anything that prints it")
    func redacted() {
        let secret = Secret("sk-very-secret")
        var dumped = ""
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\(Optional(secret) as Any)"] {
            #expect(!text.contains("very"))
        }
        #expect(secret.reveal() == "sk-very-secret")
    }

    @Test("of a client's headers only the listed ones travel, and never a credential")
    func headers() {
        var headers = HTTPFields()
        for (name, value) in [
            ("authorization", "Bearer x"), ("x-api-key", "x"), ("cookie", "x"), ("proxy-authorization", "x"),
            ("accept", "*/*"),
            ("openai-organization", "x"), ("traceparent", "00-1"), ("x-turnout-policy", "x"), ("host", "x"),
        ] {
            headers[HTTPField.Name(name)!] = value
        }
        #expect(
            ForwardedHeaders.forwarded(from: headers).map(\.name.canonicalName).sorted() == ["accept", "traceparent"])
    }
}
