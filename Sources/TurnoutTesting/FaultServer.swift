import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TurnoutCore

/// A provider on a real socket that speaks OpenAI's chat protocol and does wrong what the model's name asks for.
///
/// ```swift
/// let server = try await FaultServer.start()
/// // point a gateway at server.baseURL and ask for model "cut"
/// server.requests(of: "cut")  // when it was asked
/// try await server.stop()
/// ```
/// Models are the names of ``Fault``, ``healthy``, ``refusesPrefill`` and ``otherWords``. All but the last give the
/// same sixty words to everybody.
public final class FaultServer: Sendable {
    /// A model that is well.
    public static let healthy = "healthy"
    /// A model that is well but refuses, with status 400, to go on from an assistant's message.
    public static let refusesPrefill = "refuses-prefill"
    /// A model that is well but says something else, and goes on from an assistant's message where it is given one.
    public static let otherWords = "other-words"

    /// Tokens in every answer.
    public static let tokenCount = 60

    /// One request, as the provider saw it.
    public struct Request: Sendable, Equatable {
        /// The model asked for.
        public let model: String
        /// When, since the server was started.
        public let time: Duration
        /// Whether the answer was wanted as a stream.
        public let streams: Bool
        /// When the caller left before the answer was complete; `nil` when it did not.
        public var left: Duration?
    }

    struct State {
        var requests: [Request] = []
        var firstSeen: [String: Duration] = [:]
        var isFrozen = false
        var thaw: [CheckedContinuation<Void, Never>] = []
        var channels: [ObjectIdentifier: any Channel] = [:]
        var listener: (any Channel)?
    }

    let state = Mutex(State())
    let now: @Sendable () -> Duration
    let sleep: @Sendable (Duration) async throws -> Void
    let tokenPause: Duration

    private init<Source: Clock<Duration>>(_ clock: Source, tokenPause: Duration) {
        let origin = clock.now
        now = { origin.duration(to: clock.now) }
        sleep = { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) }
        self.tokenPause = tokenPause
    }

    /// Starts a server on this machine.
    ///
    /// - Parameters:
    ///   - port: Where to listen; 0 for any that is free.
    ///   - clock: Where its pauses pass.
    ///   - tokenPause: Time between two tokens.
    /// - Returns: A server that must be stopped.
    /// - Throws: ``TurnoutError`` with code `.network` when the port cannot be listened on.
    public static func start(
        port: Int = 0, clock: some Clock<Duration> = ContinuousClock(), tokenPause: Duration = .milliseconds(10)
    ) async throws -> FaultServer {
        let server = FaultServer(clock, tokenPause: tokenPause)
        try await server.listen(port: port)
        return server
    }

    /// Where it listens.
    public var port: Int { state.withLock { $0.listener?.localAddress?.port ?? 0 } }

    /// The address to give to a gateway or a client.
    public var baseURL: String { "http://127.0.0.1:\(port)/v1" }

    /// All requests so far, in order of arrival.
    public var requests: [Request] { state.withLock { $0.requests } }

    /// The requests for a model.
    public func requests(of model: String) -> [Request] { requests.filter { $0.model == model } }

    /// Forgets the requests so far; for long runs.
    public func forgetRequests() { state.withLock { $0.requests = [] } }

    /// Stops listening and closes every connection.
    ///
    /// - Throws: Whatever the system says.
    public func stop() async throws {
        let (listener, channels) = state.withLock { state in
            defer { (state.listener, state.channels) = (nil, [:]) }
            return (state.listener, Array(state.channels.values))
        }
        for channel in channels { Self.reset(channel) }
        try await listener?.close()
        freeze(false)
    }

    /// Listens again after ``stop()``.
    ///
    /// - Parameter port: Where to listen.
    /// - Throws: ``TurnoutError`` with code `.network` when the port cannot be listened on.
    public func listen(port: Int) async throws {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                        try channel.pipeline.syncOperations.addHandler(FaultConnection(self))
                    }
                }
                .bind(host: "127.0.0.1", port: port).get()
            state.withLock { $0.listener = channel }
        } catch {
            throw TurnoutError(.network, "127.0.0.1:\(port) cannot be listened on: \(error)", cause: error)
        }
    }

    /// Stands still amid whatever it does, or goes on.
    public func freeze(_ isFrozen: Bool) {
        let thawed = state.withLock { state in
            state.isFrozen = isFrozen
            guard !isFrozen else { return [CheckedContinuation<Void, Never>]() }
            defer { state.thaw = [] }
            return state.thaw
        }
        for continuation in thawed { continuation.resume() }
    }

    func whileFrozen() async {
        await withCheckedContinuation { continuation in
            let isFrozen = state.withLock { state in
                if state.isFrozen { state.thaw.append(continuation) }
                return state.isFrozen
            }
            if !isFrozen { continuation.resume() }
        }
    }

    /// Notes a request; returns its number, how many came for its model before, and how long ago the first of them did.
    func arrived(_ model: String, streams: Bool) -> (number: Int, earlier: Int, age: Duration) {
        let time = now()
        return state.withLock { state in
            let earlier = state.requests.count { $0.model == model }
            let first = state.firstSeen[model] ?? time
            state.firstSeen[model] = first
            state.requests.append(Request(model: model, time: time, streams: streams))
            return (state.requests.count - 1, earlier, time - first)
        }
    }

    func left(_ number: Int) {
        let time = now()
        state.withLock { state in
            if state.requests.indices.contains(number) { state.requests[number].left = time }
        }
    }

    /// Closes with RST in place of FIN.
    static func reset(_ channel: any Channel) {
        (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            .whenComplete { _ in channel.close(promise: nil) }
    }
}
