import HummingbirdCore
import Logging
import NIOCore

/// HTTP/1 on a connection whose task is cancelled as soon as the client has gone.
///
/// Waiting for the end of a connection takes one suspended task a connection and nothing a request; the framework's
/// own `consumeWithInboundCloseHandler` gives up keep-alive. A client that closes only its sending side counts as
/// gone, as it does for most proxies: a model's answer is too dear to be sent on a guess.
struct ClientAwareChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let http: HTTP1Channel.Value
        let departure: AsyncStream<Void>

        var channel: any Channel { http.channel }
    }

    let http: HTTP1Channel

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let (departure, continuation) = AsyncStream<Void>.makeStream()
        return http.setup(channel: channel, logger: logger).flatMapThrowing { http in
            try channel.pipeline.syncOperations.addHandler(DepartureHandler(continuation), position: .first)
            return Value(http: http, departure: departure)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in value.departure {} }
            group.addTask { await http.handle(value: value.http, logger: logger) }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Ends a stream when the peer closes its sending side or the connection.
private final class DepartureHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let departure: AsyncStream<Void>.Continuation

    init(_ departure: AsyncStream<Void>.Continuation) {
        self.departure = departure
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { departure.finish() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        departure.finish()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        departure.finish()
    }
}
