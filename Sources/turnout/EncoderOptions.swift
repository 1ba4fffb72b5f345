import ArgumentParser
import TurnoutEncoders
import TurnoutHub

/// Which encoder turns texts into vectors.
struct EncoderOptions: ParsableArguments {
    @Option(
        help: "Encoder: 'static', the folder of a model, or a model that 'turnout models pull' has fetched (org/name).")
    var encoder = "static"

    /// The encoder, loaded.
    ///
    /// - Parameter options: How a transformer is loaded.
    /// - Returns: The encoder.
    /// - Throws: `TurnoutError` when there is none of this name or its files are not what they should be.
    func load(_ options: TransformerEncoder.Options = .init()) throws -> any TextEncoder {
        try EncoderLocator.ofProcess(options: options).encoder(named: encoder)
    }
}
