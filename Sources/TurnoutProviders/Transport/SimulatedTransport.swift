import HTTPTypes
import NIOCore
import Synchronization
import TurnoutCore

/// A provider that asks no model: it answers at a given pace, fails at a given rate, and says that it is simulated.
///
/// The n-th request to a transport succeeds or fails as its seed has it, whatever it asks.
package final class SimulatedTransport: UpstreamTransport {
    /// How it behaves.
    package struct Options: Equatable, Sendable {
        /// Time to the first token.
        ///
        /// Default: 20 ms.
        package var firstToken: Duration = .milliseconds(20)
        /// Pace after that.
        ///
        /// Default: 200.
        package var tokensPerSecond: Double = 200
        /// Share of requests answered with status 503, 0 to 1.
        ///
        /// Default: none.
        package var failureRate: Double = 0
        /// Which of them.
        ///
        /// Default: 0.
        package var seed: UInt64 = 0

        /// The defaults.
        package init() {}
    }

    private struct State {
        var generator: SplitMix64
        var count = 0
    }

    private let options: Options
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Int
    private let state: Mutex<State>

    /// - Parameters:
    ///   - options: How it behaves.
    ///   - clock: Where waiting happens.
    ///   - now: Seconds since 1970, for the `created` field.
    package init(options: Options, clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Int) {
        self.options = options
        self.clock = clock
        self.now = now
        self.state = Mutex(State(generator: SplitMix64(state: options.seed)))
    }

    package func send(_ request: UpstreamRequest) async throws -> UpstreamResponse {
        guard request.endpoint == ChatRequest.endpoint else {
            return failure(status: 404, "[simulated] this provider makes up chat completions only")
        }
        let (number, fails) = state.withLock { state in
            state.count += 1
            return (state.count, Double.random(in: 0..<1, using: &state.generator) < options.failureRate)
        }
        let ask: ChatRequest
        do {
            ask = try ChatRequest(scanning: request.body)
        } catch {
            return failure(status: 400, error.message)
        }
        try await clock.sleep(for: options.firstToken)
        if fails { return failure(status: 503, "[simulated] this failure was asked for by failure_rate") }
        let answer = SimulatedAnswer(to: ask, number: number, created: now())
        return ask.streams ? stream(answer, withUsage: ask.includesUsage) : try await whole(answer)
    }

    private func whole(_ answer: SimulatedAnswer) async throws -> UpstreamResponse {
        try await clock.sleep(for: pause * max(0, answer.tokens.count - 1))
        return response(status: 200, "application/json", UpstreamBody([ByteBuffer(string: answer.whole)]))
    }

    private func stream(_ answer: SimulatedAnswer, withUsage: Bool) -> UpstreamResponse {
        var events = answer.events(withUsage: withUsage)[...]
        var isFirst = true
        let body = UpstreamBody { [clock, pause] in
            guard let event = events.popFirst() else { return nil }
            if event.isToken, !isFirst { try await clock.sleep(for: pause) }
            isFirst = isFirst && !event.isToken
            return ByteBuffer(string: event.text)
        }
        return response(status: 200, "text/event-stream", body)
    }

    private var pause: Duration { .seconds(1 / options.tokensPerSecond) }

    private func failure(status: Int, _ message: String) -> UpstreamResponse {
        let text =
            "{\"error\":{\"message\":\(JSONText.quoted(message)),\"type\":\"simulated\",\"param\":null,\"code\":null}}"
        return response(status: status, "application/json", UpstreamBody([ByteBuffer(string: text)]))
    }

    private func response(status: Int, _ type: String, _ body: UpstreamBody) -> UpstreamResponse {
        var headers = HTTPFields()
        headers[.contentType] = type
        if let name = HTTPField.Name("x-turnout-simulated") { headers[name] = "true" }
        return UpstreamResponse(status: status, headers: headers, body: body)
    }
}

/// Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
