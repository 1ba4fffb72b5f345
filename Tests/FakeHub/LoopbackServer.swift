package import NIOCore
package import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server on this machine that misbehaves to order.
package final class LoopbackServer: Sendable {
    /// What was asked.
    package struct Request: Sendable {
        package let method: HTTPMethod
        package let uri: String
        package let headers: HTTPHeaders
        /// What was sent along.
        package var body: [UInt8] = []

        /// What is asked for, without the query.
        package var path: String { String(uri.prefix { $0 != "?" }) }
        /// The first byte that is asked for.
        package var rangeStart: Int {
            headers.first(name: "range")?.wholeMatch(of: /bytes=(\d+)-/).flatMap { Int($0.1) } ?? 0
        }
    }

    /// What is answered, and how it breaks off.
    package struct Reply: Sendable {
        package var status: HTTPResponseStatus
        package var headers: HTTPHeaders
        package var body: [UInt8]
        /// What `Content-Length` says; the truth by default.
        package var announcedLength: Int?
        /// Closes the connection after so many bytes of the body.
        package var cutAfter: Int?
        /// Says nothing more after so many bytes of the body.
        package var stallAfter: Int?
        /// Says nothing at all before this is there.
        package var gate: EventLoopFuture<Void>?

        /// A whole answer.
        package init(status: HTTPResponseStatus = .ok, headers: HTTPHeaders = [:], body: [UInt8] = []) {
            (self.status, self.headers, self.body) = (status, headers, body)
        }
    }

    private let channel: any Channel
    private let log: RequestLog

    /// Every request so far.
    package var requests: [Request] { log.requests.withLock { $0 } }
    /// Its address, without a slash at the end.
    package var address: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    /// For gates.
    package var eventLoop: any EventLoop { channel.eventLoop }

    /// Starts to listen.
    package init(_ answer: @escaping @Sendable (Request) -> Reply) async throws {
        let log = RequestLog()
        self.log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(Handler(log: log, answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Stops listening.
    package func close() async { try? await channel.close() }

    private final class RequestLog: Sendable {
        let requests = Mutex<[Request]>([])
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let log: RequestLog
        private let answer: @Sendable (Request) -> Reply
        private var head: HTTPRequestHead?
        private var body: [UInt8] = []

        init(log: RequestLog, answer: @escaping @Sendable (Request) -> Reply) {
            self.log = log
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body = []
            case .body(let bytes): body += bytes.readableBytesView
            case .end:
                guard let head else { return }
                let request = Request(method: head.method, uri: head.uri, headers: head.headers, body: body)
                log.requests.withLock { $0.append(request) }
                let reply = answer(request)
                guard let gate = reply.gate else { return send(reply, to: request, context) }
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                gate.hop(to: context.eventLoop).whenComplete { _ in
                    let (handler, context) = bound.value
                    handler.send(reply, to: request, context)
                }
            }
        }

        private func send(_ reply: Reply, to request: Request, _ context: ChannelHandlerContext) {
            var headers = reply.headers
            headers.replaceOrAdd(name: "content-length", value: "\(reply.announcedLength ?? reply.body.count)")
            context.write(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: reply.status, headers: headers))),
                promise: nil)
            let sent = min(reply.cutAfter ?? .max, reply.stallAfter ?? .max, reply.body.count)
            if request.method != .HEAD, sent > 0 {
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: reply.body[..<sent])))), promise: nil)
            }
            if reply.stallAfter != nil {
                context.flush()
            } else if reply.cutAfter != nil {
                let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
                context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer())))).whenComplete { _ in
                    bound.value.close(promise: nil)
                }
            } else {
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
