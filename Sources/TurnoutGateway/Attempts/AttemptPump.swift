import HTTPTypes
import NIOCore
import TurnoutProviders

/// Asks a provider and hands what comes to the request, piece by piece.
enum AttemptPump {
    /// Bytes of a refusal's body that are read at most.
    static let refusalLimit = 16 << 10

    /// Begins an attempt in a task of its own, so that it can be cancelled while others go on.
    ///
    /// The runner that began it cancels it at the latest when the request is over.
    static func start(
        _ request: UpstreamRequest, number: Int, over transport: any UpstreamTransport, into mailbox: AttemptMailbox
    ) -> Task<Void, Never> {
        Task {
            do {
                let response = try await transport.send(request)
                try await pass(response, number: number, into: mailbox)
            } catch let failure as UpstreamFailure {
                await mailbox.put(.failed(failure), from: number)
            } catch {
                guard !Task.isCancelled else { return }
                await mailbox.put(.failed(UpstreamFailure(.connectionLost, "the request failed")), from: number)
            }
        }
    }

    private static func pass(_ response: UpstreamResponse, number: Int, into mailbox: AttemptMailbox) async throws {
        guard 200..<300 ~= response.status else {
            var body = ByteBuffer()
            while body.readableBytes < refusalLimit, let chunk = try? await response.body.next() {
                body.writeImmutableBuffer(chunk)
            }
            await mailbox.put(.refused(status: response.status, response.headers, body), from: number)
            return
        }
        await mailbox.put(
            .head(status: response.status, response.headers, isStream: response.isEventStream), from: number)
        while let chunk = try await response.body.next() {
            await mailbox.put(.chunk(chunk), from: number)
        }
        // A body that was cancelled ends too.
        try Task.checkCancellation()
        await mailbox.put(.end, from: number)
    }
}
