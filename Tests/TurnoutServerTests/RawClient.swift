import NIOCore
import NIOPosix

/// A client that writes bytes and leaves when it is told to.
final class RawClient: Sendable {
    private let channel: any Channel
    private let inbound: AsyncStream<String>

    init(port: Int) async throws {
        let (stream, continuation) = AsyncStream<String>.makeStream()
        inbound = stream
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Listener(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func write(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    func post(_ body: String, headers: String = "") async throws {
        try await write(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\(headers)content-length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    /// Waits until a text has come, and returns all that came up to then; all there was when the server closed before.
    @discardableResult
    func received(_ text: String) async throws -> String {
        var all = ""
        for await part in inbound {
            all += part
            if all.contains(text) { break }
        }
        return all
    }

    func close() async throws { try await channel.close() }

    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let continuation: AsyncStream<String>.Continuation
        init(_ continuation: AsyncStream<String>.Continuation) { self.continuation = continuation }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            continuation.yield(String(buffer: unwrapInboundIn(data)))
        }
        func channelInactive(context: ChannelHandlerContext) {
            continuation.finish()
            context.fireChannelInactive()
        }
    }
}
