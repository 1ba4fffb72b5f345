package import HTTPTypes
package import NIOCore
import TurnoutCore
import TurnoutProviders

extension Gateway {
    /// Answers an embeddings request: computed here for an encoder, asked of its provider for any other model.
    ///
    /// - Throws: `CancellationError` when the task was cancelled because the client has gone.
    package func embeddings(_ body: ByteBuffer, headers: HTTPFields) async throws -> Reply {
        do {
            let request = try EmbeddingsRequest(scanning: body)
            guard let name = request.model else {
                throw GatewayError.client(
                    status: 400, "'model' is missing; name a model for embeddings", field: "model")
            }
            switch try directory.embedder(named: name) {
            case .here(let encoder):
                return Reply(try await encoder.answer(try request.input()), by: encoder)
            case .ask(let upstream):
                return try await reply(to: request, ruling(.named(upstream.model)), headers: headers)
            }
        } catch let error as RequestError {
            return .error(.client(status: 400, error.message, code: "invalid_body", field: error.field))
        } catch let error as GatewayError {
            return .error(error)
        }
    }
}

extension Reply {
    fileprivate init(_ answer: EmbeddingsAnswer, by encoder: LocalEncoder) {
        var headers: HTTPFields = [.contentType: "application/json"]
        headers[DecisionHeaders.model] = DecisionHeaders.clean(encoder.model.name)
        if answer.truncated > 0 { headers[DecisionHeaders.truncated] = String(answer.truncated) }
        self.init(status: 200, headers: headers, body: .whole(answer.body))
    }
}
