import Foundation
import TurnoutCore

/// Writes folders that Python's `SentenceTransformer` and `SetFitModel` open, and ``SentenceClassifier`` as well.
public struct SentenceTransformerFolder: Sendable {
    /// A head and what is written beside it.
    public struct Head: Sendable {
        /// The head.
        public var head: ClassificationHead
        /// What people call the classes, where these are the numbers 0, 1, …; `nil` where they have names themselves.
        public var labels: [String]?
        /// Whether vectors are brought to length 1 before the head sees them.
        public var normalises: Bool

        /// Bundles all three.
        public init(_ head: ClassificationHead, labels: [String]? = nil, normalises: Bool = false) {
            self.head = head
            self.labels = labels
            self.normalises = normalises
        }
    }

    private let base: ModelFolder
    private let tuned: [String: [Float]]
    private let head: Head?

    /// Describes a folder to write: another one with some of its weights changed.
    ///
    /// - Parameters:
    ///   - base: The folder of the model that was tuned. Its configuration, tokenizer and pooling are kept.
    ///   - tuned: New elements of tensors, by their names in `base` with or without the prefix of the family (`bert.`),
    ///     each in the shape that it has there. Tensors that are not named stay as they are.
    ///   - head: The classification head; `nil` for an encoder alone.
    public init(base: String, tuned: [String: [Float]], head: Head? = nil) {
        self.base = ModelFolder(path: base)
        self.tuned = tuned
        self.head = head
    }

    /// Describes a folder to write: that of an encoder, with the weights of the one that it was tuned to.
    ///
    /// - Parameters:
    ///   - base: The encoder before it was tuned, from a folder.
    ///   - tuned: The encoder with the new weights.
    ///   - head: The classification head; `nil` for an encoder alone.
    /// - Throws: `TurnoutError` with code `.damagedFile` for a weight that is not finite.
    /// - Complexity: O(parameters)
    package init(base: TransformerEncoder, tuned: TransformerEncoder, head: Head? = nil) throws {
        let tensors = try tuned.loaded.weights.bodyTensors
        self.base = base.loaded.folder
        self.tuned = try Dictionary(
            uniqueKeysWithValues: tensors.map { ($0.name, try tuned.loaded.weights.floats($0.tensor)) })
        self.head = head
    }

    /// Writes the folder: first aside, then by a rename, so that it is there whole or not at all.
    ///
    /// - Parameter path: A folder that does not exist or is empty; those above it must exist.
    /// - Throws: `TurnoutError` with code `.io` when it cannot be written or is there, `.invalidArgument` for a tensor
    ///   that the base does not have in that size, `.unsupported` for a head that Python would misread, and as
    ///   ``TransformerEncoder/init(folder:options:)`` does for a base that is none.
    /// - Complexity: O(parameters)
    public func write(to path: String) throws {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let files = try weights() + [configuration()] + kept() + sentenceFiles() + headFiles()
        let aside = "\(path).\(UUID().uuidString.prefix(8)).partial"
        defer { try? FileManager.default.removeItem(atPath: aside) }
        do {
            try FileManager.default.createDirectory(atPath: aside, withIntermediateDirectories: false)
            for file in files {
                let place = "\(aside)/\(file.name)"
                let parent = URL(fileURLWithPath: place).deletingLastPathComponent()
                try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
                try WholeFile.write(file.bytes, to: place)
            }
        } catch let error as TurnoutError {
            throw error
        } catch {
            throw TurnoutError(.io, "'\(aside)' cannot be made; check the folder above it", cause: error)
        }
        // Renames over an empty folder, and over nothing else.
        guard rename(aside, path) == 0 else {
            throw TurnoutError(
                .io,
                "'\(path)' cannot be made: \(String(cString: strerror(errno))); give a folder that does not exist yet")
        }
    }

    private struct File {
        let name: String
        let bytes: [UInt8]
    }

    /// One file with all tensors, whatever the base's shards.
    private func weights() throws -> [File] {
        guard let json = try base.bytes("config.json") else { throw base.missing("config.json") }
        let family = try TransformerConfiguration(json: json, path: base.path(of: "config.json")).family
        var builder = SafetensorsBuilder()
        // Without it, transformers refuses the file.
        builder.metadata["format"] = "pt"
        var unused = Set(tuned.keys)
        for file in try TransformerWeights(folder: base, prefix: family.prefix).files {
            for name in file.names {
                let bare = name.hasPrefix(family.prefix) ? String(name.dropFirst(family.prefix.count)) : name
                let tensor = try file.tensor(name)
                guard let key = tuned[name] != nil ? name : tuned[bare] != nil ? bare : nil, let floats = tuned[key]
                else {
                    try add(tensor, to: &builder)
                    continue
                }
                guard floats.count == tensor.count else {
                    throw TurnoutError(
                        .invalidArgument,
                        "tensor '\(key)' has \(floats.count) elements, and \(tensor.count) in '\(base.path)'; keep its shape"
                    )
                }
                try builder.add(name, floats: floats, shape: tensor.shape)
                unused.remove(key)
            }
        }
        guard unused.isEmpty else {
            throw TurnoutError(
                .invalidArgument,
                "'\(base.path)' has no tensor '\(unused.sorted()[0])'; tune the model whose folder this is")
        }
        return [File(name: "model.safetensors", bytes: builder.serialized())]
    }

    /// Floats in 32 bits, which is how this project computes with them: Python computes in the kind that it finds.
    private func add(_ tensor: SafetensorsTensor, to builder: inout SafetensorsBuilder) throws {
        guard [.f16, .bf16, .f64].contains(tensor.dtype) else { return try builder.add(copying: tensor) }
        try builder.add(tensor.name, floats: tensor.floats(), shape: tensor.shape)
    }

    /// `config.json`, in which the kind of floats is that of the file written.
    private func configuration() throws -> File {
        let name = "config.json"
        guard let bytes = try base.bytes(name) else { throw base.missing(name) }
        guard var fields = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any],
            let key = ["dtype", "torch_dtype"].first(where: { fields[$0] != nil }), fields[key] as? String != "float32"
        else { return File(name: name, bytes: [UInt8](bytes)) }
        fields[key] = "float32"
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys]
        return File(name: name, bytes: [UInt8](try JSONSerialization.data(withJSONObject: fields, options: options)))
    }

    /// What describes the tokenizer, byte for byte.
    private func kept() throws -> [File] {
        let names = [
            "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
            "vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model", "spm.model", "spiece.model",
            "config_sentence_transformers.json",
        ]
        return try names.compactMap { name in
            try base.bytes(name).map { File(name: name, bytes: [UInt8]($0)) }
        }
    }

    /// What makes sentences of tokens: the base's own files, or those that say what it does without them.
    private func sentenceFiles() throws -> [File] {
        let sentences = try SentenceConfiguration(folder: base)
        guard base.has("modules.json") else {
            let width = try TransformerConfiguration(
                json: base.bytes("config.json") ?? Data(), path: base.path(of: "config.json")
            ).hiddenSize
            return [
                File(name: "modules.json", bytes: Array(Self.modules.utf8)),
                File(name: "1_Pooling/config.json", bytes: Array(Self.pooling(width: width).utf8)),
                File(name: "sentence_bert_config.json", bytes: Array(Self.limits(sentences).utf8)),
            ]
        }
        let configurations = sentences.modulePaths.filter { !$0.isEmpty }.map { "\($0)/config.json" }
        return try (["modules.json", "sentence_bert_config.json"] + configurations)
            .compactMap { name in try base.bytes(name).map { File(name: name, bytes: [UInt8]($0)) } }
    }

    private func headFiles() throws -> [File] {
        guard let head else { return [] }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let configuration = SetFitConfiguration(normalize_embeddings: head.normalises, labels: head.labels)
        return [
            File(name: SetFitConfiguration.file, bytes: [UInt8](try encoder.encode(configuration))),
            File(name: SetFitConfiguration.pickledHead, bytes: try head.head.pickled()),
            File(name: SetFitConfiguration.safeHead, bytes: try head.head.safetensors()),
        ]
    }

    private static let modules = """
        [
          {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
          {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}
        ]

        """

    private static func pooling(width: Int) -> String {
        """
        {"word_embedding_dimension": \(width), "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true, \
        "pooling_mode_max_tokens": false, "pooling_mode_mean_sqrt_len_tokens": false}

        """
    }

    private static func limits(_ sentences: SentenceConfiguration) -> String {
        let length = sentences.maximumLength.map(String.init) ?? "null"
        return "{\"max_seq_length\": \(length), \"do_lower_case\": \(sentences.lowercases)}\n"
    }
}
