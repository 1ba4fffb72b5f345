package import NIOCore

/// The rest of an answer whose beginning is there: pulled by whoever writes to the client, chunk by chunk.
///
/// Nothing is read from the provider before the client has taken what came before, so a slow reader slows the
/// provider down and no memory fills up.
package struct RelayBody {
    private let runner: AttemptRunner

    init(_ runner: AttemptRunner) {
        self.runner = runner
    }

    /// The next bytes for the client; `nil` when the answer is complete.
    ///
    /// A stream that cannot be completed ends with an error event. A whole answer cannot say so in its body.
    ///
    /// - Throws: `CancellationError` when the client has gone, ``GatewayError`` when an answer that is no stream
    ///   breaks off: the connection must then be closed without ending the response.
    package func next() async throws -> ByteBuffer? { try await runner.next() }

    /// Cancels what is under way at providers, when the client takes no more.
    package func cancel() { runner.cancel() }
}
