import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics

@testable import TurnoutEncoders

@Suite("What a model's folder says, and what it must not say")
struct TransformerFolderTests {
    private struct Letters: TurnoutEncoders.Tokenizer {
        let vocabularyCount = 67
        func encode(_ text: String, maximumLength: Int) -> [Int32] {
            Array(text.utf8.map { Int32($0 % 67) }.prefix(maximumLength))
        }
    }

    /// A copy of a fixture that a test may damage.
    private static func withCopy<Result>(of family: String, _ body: (URL) throws -> Result) throws -> Result {
        try Fixture.withTemporaryFolder { parent in
            let copy = parent.appendingPathComponent("model")
            try FileManager.default.copyItem(at: Fixture.url("Transformer/\(family)"), to: copy)
            return try body(copy)
        }
    }

    private static func write(_ text: String, _ name: String, _ folder: URL) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    private static func load(_ folder: URL, _ options: TransformerEncoder.Options = .init()) throws
        -> TransformerEncoder
    {
        try TransformerEncoder(folder: folder.path, options: options, tokenizer: Letters())
    }

    private static func edit(_ name: String, _ folder: URL, _ from: String, _ to: String) throws {
        let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
        #expect(text.contains(from))
        try write(text.replacingOccurrences(of: from, with: to), name, folder)
    }

    /// The message of the refusal; a test failure if there is none.
    private static func refusal(_ folder: URL) -> String {
        do {
            _ = try load(folder)
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test("an absent file is named", arguments: ["config.json", "model.safetensors", "1_Pooling/config.json"])
    func absent(name: String) throws {
        try Self.withCopy(of: "bert") { folder in
            try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
            #expect(Self.refusal(folder).contains("has no \(name)"))
        }
    }

    @Test("the tokens that are read of a text are counted, and a text that is longer is told from one that just fits")
    func tokenCount() throws {
        let folder = try Fixture.url("Transformer/bert")
        let encoder = try Self.load(folder, .init(maximumLength: 7))
        #expect(encoder.tokenCount(of: "") == TokenCount(0))
        #expect(encoder.tokenCount(of: "sevench") == TokenCount(7))
        #expect(encoder.tokenCount(of: "eightchr") == TokenCount(7, isTruncated: true))
        #expect(encoder.encode("eightchr") == encoder.encode("eightch"))
    }

    @Test("an absent shard, and one outside the folder, is refused")
    func shards() throws {
        try Self.withCopy(of: "xlm-roberta") { folder in
            let shard = "model-00002-of-00002.safetensors"
            try FileManager.default.removeItem(at: folder.appendingPathComponent(shard))
            #expect(Self.refusal(folder).contains("has no \(shard)"))
            try Self.edit("model.safetensors.index.json", folder, shard, "../\(shard)")
            #expect(Self.refusal(folder).contains("no file beside it"))
        }
    }

    @Test("a configuration that does not fit the tensors names tensor, file and both shapes")
    func shapes() throws {
        try Self.withCopy(of: "bert") { folder in
            try Self.edit("config.json", folder, "\"vocab_size\": 67", "\"vocab_size\": 68")
            let message = Self.refusal(folder)
            #expect(message.contains("embeddings.word_embeddings.weight") && message.contains("[67, 64]"))
            #expect(message.contains("[68, 64]") && message.contains("model.safetensors"))
        }
        try Self.withCopy(of: "bert") { folder in
            try Self.edit("config.json", folder, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3")
            #expect(Self.refusal(folder).contains("no tensor 'bert.encoder.layer.2."))
        }
    }

    @Test(
        "what is not computed is refused by name",
        arguments: [
            ("\"model_type\": \"bert\"", "\"model_type\": \"t5\"", "t5"),
            ("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"swish\"", "swish"),
            ("\"num_attention_heads\": 4", "\"num_attention_heads\": 5", "do not divide"),
            ("\"num_attention_heads\": 4", "\"num_attention_heads\": 0", "num_attention_heads is 0"),
            ("\"hidden_size\": 64", "\"hidden_size\": -64", "hidden_size is -64"),
            ("\"hidden_size\": 64,", "", "config.json"),
        ])
    func configuration(from: String, to: String, words: String) throws {
        try Self.withCopy(of: "bert") { folder in
            try Self.edit("config.json", folder, from, to)
            #expect(Self.refusal(folder).contains(words))
        }
    }

    @Test(
        "what a DeBERTa asks for and is not computed is refused by name",
        arguments: [
            ("\"relative_attention\": true", "\"relative_attention\": false", "relative_attention"),
            ("\"legacy\": true", "\"conv_kernel_size\": 3", "conv_kernel_size 3"),
            ("\"legacy\": true", "\"embedding_size\": 16", "embedding_size 16"),
            ("\"legacy\": true", "\"attention_head_size\": 4", "attention_head_size 4"),
            ("\"pooler_hidden_size\": 32", "\"pooler_hidden_size\": 33", "pooler_hidden_size 33"),
            ("\"pooler_hidden_act\": \"gelu\"", "\"pooler_hidden_act\": \"mish\"", "pooler_hidden_act 'mish'"),
            ("\"norm_rel_ebd\": \"layer_norm\"", "\"norm_rel_ebd\": \"batch\"", "norm_rel_ebd 'batch'"),
            ("\"p2c\",", "\"p2p\",", "pos_att_type is 'p2p|c2p'"),
            ("\"position_buckets\": 8", "\"position_buckets\": 1", "position_buckets is 1"),
            (
                "\"max_relative_positions\": -1", "\"max_relative_positions\": 5",
                "8 position_buckets for distances up to 5"
            ),
            ("\"position_buckets\": 8", "\"position_buckets\": \"8\"", "config.json of a DeBERTa"),
            ("\"position_buckets\": 8", "\"position_buckets\": 10", "encoder.rel_embeddings.weight"),
            ("\"share_att_key\": true", "\"share_att_key\": false", "attention.self.pos_key_proj.weight"),
        ])
    func disentangled(from: String, to: String, words: String) throws {
        try Self.withCopy(of: "deberta-v3") { folder in
            try Self.edit("config.json", folder, from, to)
            #expect(Self.refusal(folder).contains(words), "\(Self.refusal(folder))")
        }
    }

    @Test("pos_att_type may be written with a bar, as Microsoft's files have it")
    func bar() throws {
        try Self.withCopy(of: "deberta-v3") { folder in
            let config = folder.appendingPathComponent("config.json")
            let before = try Self.load(folder).encode("text")
            let list = try Regex(#""pos_att_type": \[[^\]]*\]"#)
            let text = try String(contentsOf: config, encoding: .utf8)
            let changed = text.replacing(list, with: #""pos_att_type": "p2c|c2p""#)
            #expect(changed != text)
            try Self.write(changed, "config.json", folder)
            #expect(try Self.load(folder).encode("text") == before)
        }
    }

    @Test("a DeBERTa with nothing but an spm.model is read, and its tokenizer counts in the fingerprint")
    func sentencePiece() throws {
        try Self.withCopy(of: "deberta-v3") { folder in
            let bytes = try TokenizerFixture.bytes("spm.model")
            try Data(bytes).write(to: folder.appendingPathComponent("spm.model"))
            #expect(throws: TurnoutError.self) { try TransformerEncoder(folder: folder.path) }  // more pieces than 67
            try Data(bytes.dropLast(5)).write(to: folder.appendingPathComponent("spm.model"))
            #expect { try TransformerEncoder(folder: folder.path) } throws: { "\($0)".contains("spm.model") }
            let one = try Self.load(folder).fingerprint
            try Data(bytes).write(to: folder.appendingPathComponent("spm.model"))
            #expect(try Self.load(folder).fingerprint != one)
        }
    }

    @Test("weights that are there as a pickle alone are refused, and the sentence says what to do")
    func pickle() throws {
        try Self.withCopy(of: "bert") { folder in
            let weights = folder.appendingPathComponent("model.safetensors")
            try FileManager.default.moveItem(at: weights, to: folder.appendingPathComponent("pytorch_model.bin"))
            #expect(Self.refusal(folder).contains("save_pretrained"))
        }
    }

    @Test("unknown modules and ways of pooling are refused by name")
    func modules() throws {
        try Self.withCopy(of: "bert") { folder in
            try Self.edit("modules.json", folder, "models.Normalize", "models.Dense")
            #expect(Self.refusal(folder).contains("models.Dense"))
        }
        try Self.withCopy(of: "bert") { folder in
            try Self.write(#"{"pooling_mode": "lasttoken"}"#, "1_Pooling/config.json", folder)
            #expect(Self.refusal(folder).contains("lasttoken"))
        }
    }

    @Test("limits, lower case and prompts of the sentence-transformers files are honoured")
    func sentences() throws {
        try Self.withCopy(of: "bert") { folder in
            try Self.write(#"{"max_seq_length": 5, "do_lower_case": true}"#, "sentence_bert_config.json", folder)
            try Self.write(
                #"{"prompts": {"query": "q: ", "passage": "p: "}, "default_prompt_name": "passage"}"#,
                "config_sentence_transformers.json", folder)
            let encoder = try Self.load(folder)
            #expect(encoder.maximumLength == 5)
            #expect(encoder.prompts == ["query": "q: ", "passage": "p: "])
            let expected = try encoder.encode(tokenIDs: [Array("p: ab".utf8.map { Int32($0 % 67) })])
            #expect(encoder.encode("ABCDEF") == expected.storage)
            #expect(encoder.encode("") == [Float](repeating: 0, count: 64))
            let query = try Self.load(folder, .init(prompt: "query", maximumLength: 4))
            #expect(query.encode("a") != encoder.encode("a") && query.maximumLength == 4)
            #expect(throws: TurnoutError.self) { try Self.load(folder, .init(prompt: "title")) }
            #expect(throws: TurnoutError.self) { try Self.load(folder, .init(maximumLength: 49)) }
        }
    }

    @Test("without modules.json a sentence is the mean of its tokens, not normalised")
    func defaults() throws {
        let sentences = try SentenceConfiguration(
            folder: ModelFolder(path: Fixture.url("Transformer/xlm-roberta").path))
        #expect(sentences.pooling == .mean && !sentences.normalises && sentences.maximumLength == nil)
    }

    @Test("pooling by first, mean, root of the length and maximum")
    func pooling() throws {
        let tokens: [Float] = [1, -2, 3, 4, 5, -6, 7, 0]
        let cases: [(TokenPooling, [Float])] = [
            (.first, [1, -2]), (.mean, [4, -1]), (.meanSquareRoot, [8, -2]), (.maximum, [7, 4]),
        ]
        var sentences = try SentenceConfiguration(folder: ModelFolder(path: "/nowhere"))
        for (pooling, expected) in cases {
            sentences.pooling = pooling
            sentences.normalises = false
            var out: [Float] = [0, 0]
            tokens.withUnsafeBufferPointer { tokens in
                out.withUnsafeMutableBufferPointer { sentences.pool(tokens, into: $0) }
            }
            #expect(out == expected)
        }
    }

    @Test("more tokens in the tokenizer than in the model are refused")
    func vocabulary() throws {
        struct Large: TurnoutEncoders.Tokenizer {
            let vocabularyCount = 68
            func encode(_ text: String, maximumLength: Int) -> [Int32] { [67] }
        }
        #expect(throws: TurnoutError.self) {
            try TransformerEncoder(folder: Fixture.url("Transformer/bert").path, tokenizer: Large())
        }
    }
}
