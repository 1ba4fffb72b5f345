import TurnoutCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How a sentence is made of tokens: what `modules.json` and the files it names say, and the defaults of
/// sentence-transformers where there are none (the mean of all tokens, not normalised).
struct SentenceConfiguration: Sendable, Equatable {
    var pooling = TokenPooling.mean
    var normalises = false
    /// The most tokens of a text, special ones included; `nil` for as many as the model has positions.
    var maximumLength: Int?
    var lowercases = false
    /// What may be put before a text, by name, such as `query`.
    var prompts: [String: String] = [:]
    /// The prompt that is put before every text unless another is asked for.
    var defaultPrompt: String?
    /// The folders of the modules, in order; an empty one for the model's own.
    var modulePaths: [String] = []
    /// The files that say how tokens are pooled, as a rule `1_Pooling/config.json`.
    var poolingFiles: [String] = []

    /// Reads what is there.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` for a file that is not what it should be, `.unsupported` for a
    ///   module or a way of pooling that this version does not compute.
    init(folder: ModelFolder) throws {
        if let modules = try folder.json([Module].self, "modules.json") {
            for module in modules { try apply(module, folder) }
        }
        if let file = try folder.json(TokenizerFile.self, "tokenizer_config.json"),
            let length = file.model_max_length, (0..<1e9).contains(length)
        {
            maximumLength = Int(length)
        }
        if let file = try folder.json(TransformerFile.self, "sentence_bert_config.json") {
            maximumLength = file.max_seq_length ?? maximumLength
            lowercases = file.do_lower_case ?? false
        }
        if let file = try folder.json(PromptsFile.self, "config_sentence_transformers.json") {
            prompts = file.prompts ?? [:]
            defaultPrompt = file.default_prompt_name
        }
        guard maximumLength ?? 2 >= 2 else {
            throw TurnoutError(
                .damagedFile,
                "'\(folder.path)' limits texts to \(maximumLength ?? 0) tokens; set max_seq_length to at least 2")
        }
    }

    private struct Module: Decodable {
        let type: String
        let path: String
    }

    private struct PoolingFile: Decodable {
        let pooling_mode: String?
        let pooling_mode_cls_token: Bool?
        let pooling_mode_mean_tokens: Bool?
        let pooling_mode_max_tokens: Bool?
        let pooling_mode_mean_sqrt_len_tokens: Bool?
        let pooling_mode_weightedmean_tokens: Bool?
        let pooling_mode_lasttoken: Bool?

        /// The names of the ways asked for, as new files have them.
        var modes: [String] {
            if let pooling_mode { return [pooling_mode] }
            let flags: [(String, Bool?)] = [
                ("cls", pooling_mode_cls_token), ("mean", pooling_mode_mean_tokens), ("max", pooling_mode_max_tokens),
                ("mean_sqrt_len_tokens", pooling_mode_mean_sqrt_len_tokens),
                ("weightedmean", pooling_mode_weightedmean_tokens), ("lasttoken", pooling_mode_lasttoken),
            ]
            return flags.filter { $0.1 == true }.map(\.0)
        }
    }

    private struct TransformerFile: Decodable {
        let max_seq_length: Int?
        let do_lower_case: Bool?
    }

    private struct TokenizerFile: Decodable {
        /// A float, because "no limit" is written as 1e30.
        let model_max_length: Double?
    }

    private struct PromptsFile: Decodable {
        let prompts: [String: String]?
        let default_prompt_name: String?
    }

    private mutating func apply(_ module: Module, _ folder: ModelFolder) throws {
        guard !module.path.hasPrefix("/"), !module.path.split(separator: "/").contains("..") else {
            throw TurnoutError(
                .damagedFile,
                "'\(folder.path(of: "modules.json"))' has a module outside its folder; fetch the model again")
        }
        modulePaths.append(module.path)
        switch module.type.split(separator: ".").last {
        case "Transformer", "Dropout": break
        case "Normalize": normalises = true
        case "Pooling":
            let name = "\(module.path)/config.json"
            guard let file = try folder.json(PoolingFile.self, name) else { throw folder.missing(name) }
            pooling = try Self.pooling(file.modes, path: folder.path(of: name))
            poolingFiles.append(name)
        default:
            throw TurnoutError(
                .unsupported,
                """
                '\(folder.path(of: "modules.json"))' has a module of type '\(module.type)', and this version computes \
                Transformer, Pooling and Normalize; choose another model
                """)
        }
    }

    private static func pooling(_ modes: [String], path: String) throws -> TokenPooling {
        switch modes {
        case ["cls"]: return .first
        case ["mean"], []: return .mean
        case ["mean_sqrt_len_tokens"]: return .meanSquareRoot
        case ["max"]: return .maximum
        default:
            throw TurnoutError(
                .unsupported,
                """
                '\(path)' pools by \(modes.joined(separator: " and ")), and this version by one of cls, mean, max and \
                mean_sqrt_len_tokens; choose another model
                """)
        }
    }
}
