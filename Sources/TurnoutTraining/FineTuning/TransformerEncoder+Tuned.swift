import TurnoutCore
import TurnoutEncoders

extension TransformerEncoder {
    /// The encoder with other weights, in memory as it will be in a router's file.
    ///
    /// - Parameters:
    ///   - weights: What was learnt, by the names of tensors.
    ///   - readsFirstToken: Whether the vector of a text becomes that of its first token.
    ///   - threads: Threads that share the work of one call.
    /// - Returns: The encoder.
    /// - Throws: `TurnoutError` with code `.damagedFile` for a weight that is not finite.
    /// - Complexity: O(parameters)
    func tuned(_ weights: [String: [Float]], readsFirstToken: Bool = false, threads: Int = 1) throws
        -> TransformerEncoder
    {
        var builder = SafetensorsBuilder()
        try store(in: &builder, readsFirstToken: readsFirstToken) { weights[$0] }
        let file = try SafetensorsFile(bytes: builder.serialized(), name: name)
        guard let stored = try TransformerEncoder.stored(in: file, options: .init(threads: threads)) else {
            throw TurnoutError(.damagedFile, "'\(name)' lost its config.json; fetch the model again")
        }
        return stored
    }
}
