import TurnoutCore
import TurnoutNumerics

/// A tuned transformer is stored in the artifact of its router: its weights as tensors `encoder.NAME`, and each file
/// that describes it as bytes `encoder/NAME`.
extension TransformerEncoder {
    /// The transformer in an artifact; `nil` where there is none.
    ///
    /// - Parameters:
    ///   - file: The artifact.
    ///   - options: How to load it.
    /// - Returns: The transformer.
    /// - Throws: `TurnoutError` as ``init(folder:options:)`` does.
    /// - Complexity: O(parameters)
    package static func stored(in file: SafetensorsFile, options: Options = Options()) throws -> TransformerEncoder? {
        guard file.has("encoder/config.json") else { return nil }
        let folder = ModelFolder(path: file.name, archive: file)
        return TransformerEncoder(
            try LoadedTransformer(folder: folder, options: options, tokenizer: nil, kernels: .best))
    }

    /// Adds the transformer to an artifact.
    ///
    /// - Parameters:
    ///   - file: Receives the tensors.
    ///   - readsFirstToken: Whether the vector of a text is to be that of its first token as it is, however this
    ///     transformer pools.
    ///   - changed: Weights that are stored in place of the transformer's own, by name; `nil` for its own.
    /// - Throws: `TurnoutError` with code `.damagedFile` for a weight that is not finite, and as
    ///   ``SafetensorsBuilder/add(_:floats:shape:)`` does.
    /// - Complexity: O(parameters)
    package func store(
        in file: inout SafetensorsBuilder, readsFirstToken: Bool = false,
        changed: (_ name: String) -> [Float]? = { _ in nil }
    ) throws {
        for (name, tensor) in try loaded.weights.bodyTensors {
            let floats = try changed(name) ?? loaded.weights.floats(tensor)
            try file.add("encoder.\(name)", floats: floats, shape: tensor.shape)
        }
        for name in loaded.describingFiles {
            let own = readsFirstToken ? firstTokenFiles[name] : nil
            if let bytes = try own ?? loaded.folder.bytes(name).map({ [UInt8]($0) }) {
                try file.add("encoder/\(name)", bytes: bytes)
            }
        }
    }

    /// What says that the first token's vector is the text's, and how many tokens are read.
    private var firstTokenFiles: [String: [UInt8]] {
        [
            "modules.json": """
            [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, \
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
            """,
            "1_Pooling/config.json": """
            {"word_embedding_dimension": \(dimension), "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}
            """,
            "sentence_bert_config.json": """
            {"max_seq_length": \(maximumLength), "do_lower_case": \(loaded.sentences.lowercases)}
            """,
        ].mapValues { Array($0.utf8) }
    }
}
