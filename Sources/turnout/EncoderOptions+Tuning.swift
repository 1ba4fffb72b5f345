import TurnoutCore
import TurnoutEncoders
import TurnoutHub

/// Encoders that are tuned.
extension EncoderOptions {
    /// What RouteLLM's classifier reads of a prompt at most.
    private static let mostTokens = 512

    /// A transformer to tune with a head, which reads what its own files say, and 512 tokens at most.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` for an encoder that cannot be tuned, and as
    ///   ``load(_:)`` does.
    func transformer(toTuneFor router: String, threads: Int) throws -> TransformerEncoder {
        try Self.requireTransformer(encoder, router: router)
        func load(_ length: Int?) throws -> TransformerEncoder {
            try EncoderLocator.ofProcess(options: .init(threads: threads, maximumLength: length))
                .transformer(named: encoder)
        }
        let transformer = try load(nil)
        return transformer.maximumLength > Self.mostTokens ? try load(Self.mostTokens) : transformer
    }

    /// Refuses an encoder that cannot be tuned.
    static func requireTransformer(_ name: String, router: String) throws {
        guard EncoderLocator.isTable(name) else { return }
        throw TurnoutError(
            .invalidArgument,
            """
            a \(router) router tunes a transformer, which '\(name)' is not; give --encoder, such as \
            sentence-transformers/all-MiniLM-L6-v2 after 'turnout models pull' of it
            """)
    }
}
