import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A provider on a real socket that misbehaves as told, and remembers what it was sent and when it was left.
final class FaultyUpstream: Sendable {
    /// What it does once a request is there.
    enum Fault: Sendable {
        /// A whole response.
        case answer(String)
        /// A whole response, once ``FaultyUpstream/release()`` says so.
        case answerLater(String)
        /// Bytes, then nothing until the client goes.
        case stall(String)
        /// Bytes, then a hard reset.
        case reset(String)
        /// Bytes, then an orderly close.
        case close(String)
    }

    private struct State {
        var requests: [String] = []
        var departures = 0
        var waiters: [(needed: Int, of: WritableKeyPath<State, Int>, CheckedContinuation<Void, Never>)] = []
        var requestCount = 0
        var withheld: [@Sendable () -> Void] = []
    }

    private let fault: Fault
    private let state = Mutex(State())
    private let listener: Mutex<(any Channel)?> = Mutex(nil)

    /// Whole requests, head and body, in order of arrival.
    var requests: [String] { state.withLock { $0.requests } }
    var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }
    var baseURL: String { "http://127.0.0.1:\(port)/v1" }

    init(_ fault: Fault) async throws {
        self.fault = fault
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Connection(upstream: self))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLock { $0 = channel }
    }

    func stop() async throws {
        try await listener.withLock { $0 }?.close()
    }

    /// Sends the answers that were withheld.
    func release() {
        for send in state.withLock({ $0.withheld }) { send() }
    }

    /// Waits until so many requests have arrived.
    func arrived(_ count: Int) async { await wait(for: count, of: \.requestCount) }

    /// Waits until so many clients have gone before their answer was complete.
    func left(_ count: Int) async { await wait(for: count, of: \.departures) }

    private func wait(for count: Int, of what: any WritableKeyPath<State, Int> & Sendable) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state[keyPath: what] >= count { return true }
                state.waiters.append((count, what, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    private func note(_ change: (inout State) -> Void) {
        let ready = state.withLock { state in
            change(&state)
            let waiters = state.waiters
            state.waiters = waiters.filter { state[keyPath: $0.of] < $0.needed }
            return waiters.filter { state[keyPath: $0.of] >= $0.needed }.map(\.2)
        }
        for continuation in ready { continuation.resume() }
    }

    private final class Connection: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let upstream: FaultyUpstream
        private var received = ""
        private var isOver = false
        private var hasRequest = false

        init(upstream: FaultyUpstream) { self.upstream = upstream }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            guard let end = received.range(of: "\r\n\r\n") else { return }
            let length = received.lowercased().firstMatch(of: /content-length: ([0-9]+)/).flatMap { Int($0.1) } ?? 0
            guard received[end.upperBound...].utf8.count >= length else { return }
            let request = received
            received = ""
            hasRequest = true
            let channel = context.channel
            upstream.note {
                $0.requests.append(request); $0.requestCount += 1
                guard case .answerLater(let text) = upstream.fault else { return }
                $0.withheld.append { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }
            }
            perform(context)
        }

        private func perform(_ context: ChannelHandlerContext) {
            func write(_ text: String) {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            }
            switch upstream.fault {
            case .answer(let text): write(text); hasRequest = false
            case .answerLater: hasRequest = false
            case .stall(let text): write(text)
            case .close(let text):
                isOver = true
                write(text)
                context.close(promise: nil)
            case .reset(let text):
                isOver = true
                write(text)
                // Closing with a linger time of zero sends RST in place of FIN.
                let channel = context.channel
                (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                    .whenComplete { _ in channel.close(promise: nil) }
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            if hasRequest, !isOver { upstream.note { $0.departures += 1 } }
        }
    }

    /// Response texts.
    static func whole(_ body: String, status: String = "200 OK", type: String = "application/json", extra: String = "")
        -> String
    {
        "HTTP/1.1 \(status)\r\ncontent-type: \(type)\r\n\(extra)content-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func chunked(_ chunks: [String], ended: Bool) -> String {
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            + chunks.map { String($0.utf8.count, radix: 16) + "\r\n\($0)\r\n" }.joined() + (ended ? "0\r\n\r\n" : "")
    }
}
