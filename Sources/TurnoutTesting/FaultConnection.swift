import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// One connection to the server: reads requests and lets a script answer each.
final class FaultConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: FaultServer
    private var body = ByteBuffer()
    private var script: Task<Void, Never>?
    private var number: Int?

    init(_ server: FaultServer) { self.server = server }

    func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        server.state.withLock { $0.channels[ObjectIdentifier(channel)] = channel }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: body = ByteBuffer()
        case .body(let part): body.writeImmutableBuffer(part)
        case .end: answer(context)
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        struct Ask: Decodable {
            struct Message: Decodable { let role: String }
            let model: String
            let stream: Bool?
            let messages: [Message]
        }
        let ask = try? JSONDecoder().decode(Ask.self, from: Data(body.readableBytesView))
        let model = ask?.model ?? ""
        let (number, earlier, age) = server.arrived(model, streams: ask?.stream ?? false)
        self.number = number
        let answer = FaultScript(
            server: server, channel: context.channel, model: model, streams: ask?.stream ?? false,
            goesOn: ask?.messages.last?.role == "assistant", prompt: String(buffer: body), earlier: earlier, age: age)
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        script = Task {
            let isComplete = await answer.run()
            loop.execute { if isComplete { bound.value.number = nil } }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        script?.cancel()
        if let number { server.left(number) }
        let id = ObjectIdentifier(context.channel)
        server.state.withLock { $0.channels[id] = nil }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
