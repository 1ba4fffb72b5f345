import Foundation
import Testing
import TurnoutEncoders

@testable import struct TurnoutEncoders.TokenizerFileScanner

/// Tokenizers and ids made by `Reference/make_tokenizer_json_goldens.py`.
enum TokenizerFixture {
    struct Ids: Decodable {
        var whole: [[Int32]]
        var cut: [[Int32]]
    }

    static let names = [
        "bert", "bert-cased", "roberta", "modernbert", "cl100k", "xlm-roberta", "deberta-v3", "deberta-v3-saved",
        "albert", "llama", "gpt1", "mixed",
    ]

    static func url(_ name: String) throws -> URL {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return folder.appendingPathComponent("tokenizers/\(name)")
    }

    static func json<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: url(name)))
    }

    static func bytes(_ name: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: url(name))) }
}

@Suite("Tokenizers beside the library's ids")
struct TokenizerGoldenTests {
    @Test("ids are those of the tokenizers library", arguments: TokenizerFixture.names)
    func ids(name: String) throws {
        let tokenizer = try TokenizerFile.load(contentsOf: TokenizerFixture.url("\(name).json").path)
        let texts = try TokenizerFixture.json([String].self, "strings.json")
        let golden = try TokenizerFixture.json(TokenizerFixture.Ids.self, "\(name).ids.json")
        try #require(golden.whole.count == texts.count)
        for (index, text) in texts.enumerated() {
            #expect(tokenizer.encode(text) == golden.whole[index], "text \(index)")
            #expect(tokenizer.encode(text, maximumLength: 12) == golden.cut[index], "text \(index), cut")
        }
    }

    @Test("every id is below the vocabulary's count", arguments: TokenizerFixture.names)
    func counts(name: String) throws {
        let tokenizer = try TokenizerFile.load(contentsOf: TokenizerFixture.url("\(name).json").path)
        let golden = try TokenizerFixture.json(TokenizerFixture.Ids.self, "\(name).ids.json")
        let largest = try #require(golden.whole.joined().max())
        #expect(largest < tokenizer.vocabularyCount)
        #expect(tokenizer.vocabularyCount < 2_000)
    }

    @Test(
        "a vocab.txt gives the ids of the tokenizer.json beside it",
        arguments: [("bert", true), ("bert-cased", false)])
    func vocabulary(name: String, lowercases: Bool) throws {
        struct File: Decodable {
            struct Model: Decodable { var vocab: [String: Int] }
            var model: Model
        }
        let vocabulary = try TokenizerFixture.json(File.self, "\(name).json").model.vocab
        let lines = vocabulary.sorted { $0.value < $1.value }.map(\.key).joined(separator: "\n") + "\n"
        var options = TokenizerFile.VocabularyOptions()
        options.lowercases = lowercases
        let tokenizer = try TokenizerFile.load(vocabulary: Array(lines.utf8), options: options)
        let golden = try TokenizerFixture.json(TokenizerFixture.Ids.self, "\(name).ids.json")
        for (index, text) in try TokenizerFixture.json([String].self, "strings.json").enumerated() {
            #expect(tokenizer.encode(text) == golden.whole[index], "text \(index)")
        }
    }

    @Test("numbers are read to the last bit as the library reads them")
    func numbers() throws {
        let pairs = try TokenizerFixture.json([[String]].self, "numbers.json")
        for pair in pairs {
            let read = try Array(pair[0].utf8).withUnsafeBufferPointer { bytes in
                var scanner = TokenizerFileScanner(bytes)
                return try scanner.number()
            }
            #expect(read == Double(pair[1]), "\(pair[0])")
        }
    }

    @Test("ids of tokens are found by their texts")
    func identifiers() throws {
        let tokenizer = try TokenizerFile.load(contentsOf: TokenizerFixture.url("roberta.json").path)
        #expect(tokenizer.id(of: "<pad>") == 1)
        #expect(tokenizer.id(of: "<mask>") == 4)
        #expect(tokenizer.id(of: "Ġthe") != nil)
        #expect(tokenizer.id(of: "no such token") == nil)
        #expect(tokenizer.opening == [0])
        #expect(tokenizer.closing == [2])
    }

    @Test("the file's own truncation is reported, and its side honoured")
    func truncation() throws {
        let tokenizer = try TokenizerFile.load(contentsOf: TokenizerFixture.url("mixed.json").path)
        #expect(tokenizer.truncation == .init(maximumLength: 12, cutsBeginning: true))
    }

    @Test("special tokens stay however short the text must be", arguments: 0...4)
    func short(length: Int) throws {
        let tokenizer = try TokenizerFile.load(contentsOf: TokenizerFixture.url("xlm-roberta.json").path)
        let ids = tokenizer.encode("The train leaves the yard at six", maximumLength: length)
        #expect(ids.count == length)
        #expect(ids.first == (length > 0 ? 0 : nil))
        #expect(length < 2 || ids.last == 2)
    }
}
