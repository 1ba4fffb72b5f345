import TurnoutCore
package import TurnoutNumerics

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How DeBERTa's layers look at the distance between tokens: what its `config.json` says beside what all families have.
///
/// He et al. 2021, "DeBERTa: Decoding-enhanced BERT with Disentangled Attention", and "DeBERTaV3".
package struct DisentangledConfiguration: Sendable {
    /// The distance that the last place stands for.
    package let farthest: Int
    /// How many buckets each direction has; `nil` for a place for each distance.
    package let buckets: Int?
    /// Whether a query's content looks at a key's position (`c2p`).
    package let usesPositionKeys: Bool
    /// Whether a query's position looks at a key's content (`p2c`).
    package let usesPositionQueries: Bool
    /// Whether positions pass through the same projections as content.
    package let sharesProjections: Bool
    /// Whether the vectors of positions are normalised first.
    package let normalises: Bool
    /// Whether absolute positions are added to the vectors of tokens too.
    package let hasPositionTable: Bool
    /// What follows the dense layer of the classification head.
    package let poolerActivation: Activation

    /// How many products a score is the sum of.
    package var scoreTerms: Int { 1 + (usesPositionKeys ? 1 : 0) + (usesPositionQueries ? 1 : 0) }

    /// Decodes and checks the members of `config.json` that only DeBERTa has.
    ///
    /// - Parameters:
    ///   - json: The file's bytes, decoded once before.
    ///   - path: What messages call it.
    ///   - hiddenSize: Of the model.
    ///   - positions: `max_position_embeddings`.
    /// - Throws: `TurnoutError` with code `.damagedFile` for what cannot be, `.unsupported` for what is not computed.
    init(json: Data, path: String, hiddenSize: Int, positions: Int) throws {
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: json)
        } catch {
            throw TurnoutError(
                .damagedFile, "'\(path)' is not the config.json of a DeBERTa; fetch the model again", cause: error)
        }
        try file.refuseOthers(path: path, hiddenSize: hiddenSize)
        let kinds = try file.attentionKinds(path: path)
        let farthest = file.max_relative_positions ?? -1, buckets = file.position_buckets ?? -1
        self.farthest = farthest < 1 ? positions : farthest
        self.buckets = buckets < 1 ? nil : buckets
        self.usesPositionKeys = kinds.contains("c2p")
        self.usesPositionQueries = kinds.contains("p2c")
        self.sharesProjections = file.share_att_key ?? false
        self.normalises = try file.normalisesPositions(path: path)
        self.hasPositionTable = file.position_biased_input ?? true
        self.poolerActivation = try TransformerConfiguration.activation(
            named: file.pooler_hidden_act ?? "gelu", member: "pooler_hidden_act", path: path)
        try check(path: path)
    }

    /// The names are those of the file.
    private struct File: Decodable {
        let relative_attention: Bool?
        let pos_att_type: Kinds?
        let max_relative_positions: Int?
        let position_buckets: Int?
        let share_att_key: Bool?
        let norm_rel_ebd: String?
        let position_biased_input: Bool?
        let conv_kernel_size: Int?
        let embedding_size: Int?
        let attention_head_size: Int?
        let num_attention_heads: Int
        let pooler_hidden_size: Int?
        let pooler_hidden_act: String?

        /// `"p2c|c2p"`, or a list.
        struct Kinds: Decodable {
            let names: [String]

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    names = text.split(separator: "|").map { $0.filter { $0 != " " }.lowercased() }
                } else {
                    names = try container.decode([String].self)
                }
            }
        }

        func refuseOthers(path: String, hiddenSize: Int) throws {
            func refuse(_ what: String) -> TurnoutError {
                TurnoutError(
                    .unsupported,
                    "'\(path)' asks for \(what), which this version does not compute; use a DeBERTa-v3 model")
            }
            if let size = conv_kernel_size, size > 0 { throw refuse("a convolution (conv_kernel_size \(size))") }
            guard relative_attention == true else { throw refuse("attention without relative_attention") }
            let headWidth = hiddenSize / max(num_attention_heads, 1)
            let sizes = [
                ("embedding_size", embedding_size, hiddenSize), ("pooler_hidden_size", pooler_hidden_size, hiddenSize),
                ("attention_head_size", attention_head_size, headWidth),
            ]
            for (name, value, expected) in sizes {
                guard let value, value != expected else { continue }
                throw refuse("\(name) \(value) where its other sizes make \(expected)")
            }
        }

        func attentionKinds(path: String) throws -> [String] {
            let names = pos_att_type?.names ?? []
            guard !names.isEmpty, names.allSatisfy({ $0 == "c2p" || $0 == "p2c" }) else {
                throw TurnoutError(
                    .unsupported,
                    """
                    '\(path)' says pos_att_type is '\(names.joined(separator: "|"))', and this version computes c2p, \
                    p2c and both; use a DeBERTa-v3 model
                    """)
            }
            return names
        }

        func normalisesPositions(path: String) throws -> Bool {
            switch norm_rel_ebd ?? "none" {
            case "none": return false
            case "layer_norm": return true
            case let other:
                throw TurnoutError(
                    .unsupported,
                    "'\(path)' asks for norm_rel_ebd '\(other)', and this version computes none and layer_norm; use a DeBERTa-v3 model"
                )
            }
        }
    }

    private static let mostPlaces = 1 << 16

    private func check(path: String) throws {
        let name = buckets == nil ? "max_relative_positions" : "position_buckets", value = buckets ?? farthest
        guard (2...Self.mostPlaces).contains(value) else {
            throw TurnoutError(
                .damagedFile,
                "'\(path)' says \(name) is \(value), which cannot be (2 to \(Self.mostPlaces)); fetch the model again")
        }
        if let buckets, farthest <= buckets / 2 + 1 {
            throw TurnoutError(
                .damagedFile,
                """
                '\(path)' has \(buckets) position_buckets for distances up to \(farthest), which leave nothing to share; \
                fetch the model again
                """)
        }
    }
}
