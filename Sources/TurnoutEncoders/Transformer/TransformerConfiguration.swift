import TurnoutCore
import TurnoutNumerics

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What `config.json` says about a transformer: its family and its sizes, checked.
struct TransformerConfiguration: Sendable {
    /// What sets one family apart from another; everything else they share.
    struct Family: Sendable {
        /// How people call it.
        let name: String
        /// What tensor names may begin with in files of models with a head.
        let prefix: String
        /// The position of the first token: RoBERTa counts on from its padding id.
        let firstPosition: Int
        /// What follows `query`, `key` and `value` in the names of tensors.
        var projectionSuffix = ""
        /// What files mean that do not name these.
        var defaultTokenTypes = 2
        var defaultEpsilon: Float = 1e-12
        /// Whether attention looks at the distance between tokens by itself.
        var isDisentangled = false
    }

    let family: Family
    let architecture: String
    let hiddenSize: Int
    let layers: Int
    let heads: Int
    let intermediateSize: Int
    let vocabularyCount: Int
    let positions: Int
    let tokenTypes: Int
    let layerNormEpsilon: Float
    let activation: Activation
    /// Names of the classes, for models with a classification head.
    let labels: [String]
    /// What attention does with distances; `nil` for families that add positions to the vectors of tokens.
    let disentangled: DisentangledConfiguration?

    /// The longest sequence the position table has room for.
    var longestSequence: Int { positions - family.firstPosition }

    /// The heads of each layer.
    var attention: AttentionShape {
        AttentionShape(heads: heads, headWidth: hiddenSize / heads, scoreTerms: disentangled?.scoreTerms ?? 1)
    }

    /// The places of distances in sequences up to the longest; `nil` for families that do not look at them.
    var places: RelativePlaces? {
        disentangled.map { RelativePlaces(longest: longestSequence, farthest: $0.farthest, buckets: $0.buckets) }
    }

    /// Decodes and checks `config.json`.
    ///
    /// - Parameters:
    ///   - json: The file's bytes.
    ///   - path: What messages call it.
    /// - Throws: `TurnoutError` with code `.damagedFile` when it is not such a file or its sizes cannot be,
    ///   `.unsupported` when it describes a model that this version does not compute.
    init(json: Data, path: String) throws {
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: json)
        } catch {
            throw TurnoutError(
                .damagedFile, "'\(path)' is not the config.json of a transformer; fetch the model again", cause: error)
        }
        self.family = try Self.family(of: file, path: path)
        self.architecture = file.architectures?.first ?? ""
        self.activation = try Self.activation(named: file.hidden_act ?? "gelu", member: "hidden_act", path: path)
        if let kind = file.position_embedding_type, kind != "absolute" {
            throw TurnoutError(
                .unsupported,
                "'\(path)' asks for position_embedding_type '\(kind)', and only 'absolute' is computed; choose another model"
            )
        }
        self.hiddenSize = file.hidden_size
        self.layers = file.num_hidden_layers
        self.heads = file.num_attention_heads
        self.intermediateSize = file.intermediate_size
        self.vocabularyCount = file.vocab_size
        self.positions = file.max_position_embeddings
        self.tokenTypes = file.type_vocab_size ?? family.defaultTokenTypes
        self.layerNormEpsilon = file.layer_norm_eps ?? family.defaultEpsilon
        self.labels = (file.id2label ?? [:]).compactMap { id, label in Int(id).map { ($0, label) } }
            .sorted { $0.0 < $1.0 }.map(\.1)
        self.disentangled =
            family.isDisentangled
            ? try DisentangledConfiguration(json: json, path: path, hiddenSize: hiddenSize, positions: positions) : nil
        try check(path: path)
    }

    /// The names are those of the file.
    private struct File: Decodable {
        let architectures: [String]?
        let model_type: String?
        let hidden_size: Int
        let num_hidden_layers: Int
        let num_attention_heads: Int
        let intermediate_size: Int
        let vocab_size: Int
        let max_position_embeddings: Int
        let type_vocab_size: Int?
        let layer_norm_eps: Float?
        let hidden_act: String?
        let position_embedding_type: String?
        let pad_token_id: Int?
        let id2label: [String: String]?
    }

    private static func family(of file: File, path: String) throws -> Family {
        switch file.model_type {
        case "bert": return Family(name: "BERT", prefix: "bert.", firstPosition: 0)
        case "roberta", "xlm-roberta", "camembert":
            return Family(name: "RoBERTa", prefix: "roberta.", firstPosition: (file.pad_token_id ?? 1) + 1)
        case "deberta-v2":
            return Family(
                name: "DeBERTa", prefix: "deberta.", firstPosition: 0, projectionSuffix: "_proj", defaultTokenTypes: 0,
                defaultEpsilon: 1e-7, isDisentangled: true)
        default:
            throw TurnoutError(
                .unsupported,
                """
                '\(path)' describes a model of type '\(file.model_type ?? "none")', and this version computes bert, \
                roberta, xlm-roberta and deberta-v2 (which DeBERTa-v3 is); choose a model of one of these
                """)
        }
    }

    /// An activation by the name that `member` of the file gives it.
    static func activation(named name: String, member: String, path: String) throws -> Activation {
        switch name {
        case "gelu", "gelu_python": return .gelu
        case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": return .geluTanh
        case "relu": return .relu
        case "tanh": return .tanh
        default:
            throw TurnoutError(
                .unsupported,
                "'\(path)' asks for \(member) '\(name)', and this version computes gelu, gelu_new, relu and tanh; choose another model"
            )
        }
    }

    private func check(path: String) throws {
        let sizes = [
            ("hidden_size", hiddenSize, 1 << 16), ("num_hidden_layers", layers, 1 << 10),
            ("num_attention_heads", heads, 1 << 10), ("intermediate_size", intermediateSize, 1 << 18),
            ("vocab_size", vocabularyCount, 1 << 26), ("max_position_embeddings", positions, 1 << 22),
        ]
        for (name, value, limit) in sizes where !(1...limit).contains(value) {
            throw TurnoutError(
                .damagedFile,
                "'\(path)' says \(name) is \(value), which cannot be (1 to \(limit)); fetch the model again")
        }
        guard hiddenSize % heads == 0 else {
            throw TurnoutError(
                .damagedFile,
                "'\(path)' says \(heads) heads share \(hiddenSize) elements, which do not divide; fetch the model again"
            )
        }
        guard (2...positions).contains(longestSequence) else {
            throw TurnoutError(
                .damagedFile,
                "'\(path)' says positions begin at \(family.firstPosition) of \(positions); fetch the model again")
        }
    }
}
