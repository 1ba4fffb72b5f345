/// Which files of a model are wanted.
package struct FileSelection: Sendable {
    private let include: [GlobPattern]?
    private let exclude: [GlobPattern]

    /// Chooses files by shell patterns over their whole path, as Python's `allow_patterns` and `ignore_patterns` do.
    ///
    /// - Parameters:
    ///   - include: What is wanted; empty means what an encoder needs.
    ///   - exclude: What is not, even so.
    package init(include: [String] = [], exclude: [String] = []) {
        self.include = include.isEmpty ? nil : include.map(GlobPattern.init)
        self.exclude = exclude.map(GlobPattern.init)
    }

    /// Whether the files of an encoder are meant, weights in safetensors among them.
    var isForEncoder: Bool { include == nil }

    /// Whether a file is wanted.
    func wants(_ path: RemotePath) -> Bool {
        let included = include.map { $0.contains { $0.matches(path.text) } } ?? Self.isPartOfEncoder(path)
        return included && !exclude.contains { $0.matches(path.text) }
    }

    /// Configuration, tokenizer, classification head and safetensors weights, at the top and in the numbered folders
    /// in which sentence-transformers keeps its modules (`1_Pooling`, `2_Dense`).
    private static func isPartOfEncoder(_ path: RemotePath) -> Bool {
        let segments = path.segments
        guard let name = segments.last.map(String.init), !foreignFormats.contains(where: { $0.matches(name) }) else {
            return false
        }
        switch segments.count {
        case 1: return topLevel.contains { $0.matches(name) }
        case 2: return moduleFolder.matches(String(segments[0]))
        default: return false
        }
    }

    private static let topLevel = [
        "config.json", "tokenizer*.json", "vocab.txt", "spm.model", "special_tokens_map.json", "modules.json",
        "sentence_bert_config.json", "config_sentence_transformers.json", "config_setfit.json", "model_head.*",
        "*.safetensors", "*.safetensors.index.json",
    ].map(GlobPattern.init)
    private static let moduleFolder = GlobPattern("[0-9]_*")
    private static let foreignFormats = ["*.bin", "*.onnx", "*.onnx_data", "*.h5", "*.msgpack", "*.ot", "openvino*"]
        .map(GlobPattern.init)
}
