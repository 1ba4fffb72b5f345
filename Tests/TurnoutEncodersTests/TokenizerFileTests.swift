import Testing
import TurnoutCore
import TurnoutEncoders

@Suite("What a tokenizer.json may say")
struct TokenizerFileTests {
    /// A file with a model and perhaps other parts.
    private static func file(_ model: String, _ parts: String = "") -> [UInt8] {
        Array(#"{"version":"1.0",\#(parts)"model":\#(model)}"#.utf8)
    }

    private static let letters = #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}"#

    private static func load(_ model: String, _ parts: String = "") throws -> PipelineTokenizer {
        try TokenizerFile.load(json: file(model, parts))
    }

    private static func refusal(_ bytes: [UInt8]) throws -> TurnoutError {
        try #require(throws: TurnoutError.self) { try TokenizerFile.load(json: bytes) }
    }

    @Test(
        "what is not supported is named, and so is what is",
        arguments: [
            (#"{"type":"WordLevel","vocab":{"a":0}}"#, "", ["model", "WordLevel", "Unigram"]),
            (letters, #""normalizer":{"type":"Frobnicate"},"#, ["normalizer", "Frobnicate", "NFKC"]),
            (
                letters, #""pre_tokenizer":{"type":"UnicodeScripts"},"#,
                ["pre_tokenizer", "UnicodeScripts", "Metaspace"]
            ),
            (
                letters, #""pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Odd"}]},"#,
                ["pre_tokenizer.pretokenizers[0]", "Odd"]
            ),
            (letters, #""post_processor":{"type":"Odd"},"#, ["post_processor", "Odd", "TemplateProcessing"]),
            (
                letters,
                #""pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a|b)\\1"},"behavior":"Isolated","invert":false},"#,
                ["pre_tokenizer.pattern", #"(a|b)\1"#, "cl100k"]
            ),
            (letters, #""version":"2.0","#, ["version", "2.0"]),
            (#"{"type":"BPE","dropout":0.1,"vocab":{"a":0},"merges":[]}"#, "", ["dropout"]),
            (#"{"type":"Unigram","vocab":[["a",-1.0]]}"#, "", ["unk_id"]),
        ])
    func unsupported(model: String, parts: String, words: [String]) throws {
        let error = try Self.refusal(Self.file(model, parts))
        #expect(error.code == .unsupported)
        for word in words + ["'tokenizer.json'"] { #expect(error.message.contains(word), "\(error.message)") }
    }

    @Test(
        "mistakes in a file are refused",
        arguments: [
            #"{}"#, #"{"vocab":{}}"#, #"{"type":"BPE","vocab":{},"merges":[]}"#, #"{"type":"BPE","vocab":{"a":0}}"#,
            #"{"type":"BPE","vocab":{"a":0},"merges":["a c"]}"#, #"{"type":"BPE","vocab":{"a":0},"merges":["a"]}"#,
            #"{"type":"BPE","vocab":{"a":0},"merges":[["a","a","a"]]}"#,
            #"{"type":"BPE","vocab":{"a":-1},"merges":[]}"#,
            #"{"type":"BPE","vocab":{"a":99999999999999999999},"merges":[]}"#,
            #"{"type":"BPE","vocab":{"a":1.5},"merges":[]}"#, #"{"type":"BPE","vocab":[["a",1]],"merges":[]}"#,
            #"{"type":"BPE","unk_token":"?","vocab":{"a":0},"merges":[]}"#,
            ###"{"type":"BPE","continuing_subword_prefix":"##","vocab":{"a":0,"b":1},"merges":["a b"]}"###,
            #"{"type":"Unigram","unk_id":0,"vocab":[]}"#, #"{"type":"Unigram","unk_id":7,"vocab":[["a",0.0]]}"#,
            #"{"type":"Unigram","unk_id":0,"vocab":[["a",NaN]]}"#,
            #"{"type":"Unigram","unk_id":0,"vocab":[["a",1e999]]}"#,
            #"{"type":"Unigram","unk_id":0,"vocab":[["a"]]}"#, #"{"type":"WordPiece","vocab":{"a":0}}"#,
            #"{"type":"BPE","vocab":{"a\ud800":0},"merges":[]}"#, #"{"type":"BPE","vocab":{"a":0},"merges":[]"#,
        ])
    func damaged(model: String) throws {
        #expect(try Self.refusal(Self.file(model)).code == .damagedFile, "\(model)")
    }

    @Test("of alternatives and parts of a class there may be so many, and no more; a long expression is not repeated")
    func longExpressions() throws {
        func split(at expression: String) -> String {
            #""pre_tokenizer":{"type":"Split","pattern":{"Regex":"\#(expression)"},"behavior":"Isolated","invert":false},"#
        }
        func alternatives(_ count: Int) -> String { (0..<count).map { "[\($0)]" }.joined(separator: "|") }
        func oneOf(_ count: Int) -> String {
            "[\(String((0..<count).compactMap { UnicodeScalar(0x4E00 + 2 * $0).map { Character($0) } }))]"
        }
        for (good, bad) in [(alternatives(16), alternatives(17)), (oneOf(64), oneOf(65))] {
            _ = try Self.load(Self.letters, split(at: good))
            let message = try Self.refusal(Self.file(Self.letters, split(at: bad))).message
            #expect(message.contains("up to 16 of these"), "\(message)")
        }
        let long = try Self.refusal(Self.file(Self.letters, split(at: oneOf(5_000)))).message
        #expect(long.utf8.count < 1_500)
    }

    @Test("a file that makes texts endlessly longer is refused")
    func growth() throws {
        let step = #"{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaa"}"#
        let steps = Array(repeating: step, count: 12).joined(separator: ",")
        let parts = #""normalizer":{"type":"Sequence","normalizers":[\#(steps)]},"#
        #expect(try Self.refusal(Self.file(Self.letters, parts)).code == .unsupported)
    }

    @Test("deep nesting is refused")
    func nesting() throws {
        let open = String(repeating: #"{"type":"Sequence","normalizers":["#, count: 5_000)
        let close = String(repeating: "]}", count: 5_000)
        #expect(try Self.refusal(Self.file(Self.letters, "\"normalizer\":\(open)\(close),")).code == .damagedFile)
        #expect(try Self.refusal(Array(String(repeating: "[", count: 100_000).utf8)).code == .damagedFile)
    }

    @Test("bytes that are not UTF-8 are refused")
    func notUTF8() throws {
        #expect(try Self.refusal([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]).code == .damagedFile)
        #expect(throws: TurnoutError.self) { try TokenizerFile.load(vocabulary: [0xFF]) }
    }

    @Test("a file that is not there is an error of reading")
    func missing() throws {
        let error = #expect(throws: TurnoutError.self) { try TokenizerFile.load(contentsOf: "/nowhere/tokenizer.json") }
        #expect(error?.code == .io)
    }

    @Test("merges may be texts or pairs, and the model's type may be missing")
    func spellings() throws {
        let models = [
            Self.letters, ##"{"vocab":{"a":0,"b":1,"ab":2},"merges":["#version: 0.2","a b"]}"##,
            #"{"merges":[["a","b"]],"type":"BPE","vocab":{"ab":2,"b":1,"a":0},"dropout":null}"#,
        ]
        for model in models { #expect(try Self.load(model).encode("abba") == [2, 1, 0]) }
    }

    @Test("unknown characters are dropped, marked, or marked once")
    func unknown() throws {
        let vocabulary = #""vocab":{"a":0,"?":1},"merges":[]"#
        #expect(try Self.load(#"{"type":"BPE",\#(vocabulary)}"#).encode("axya") == [0, 0])
        #expect(try Self.load(#"{"type":"BPE","unk_token":"?",\#(vocabulary)}"#).encode("axya") == [0, 1, 1, 0])
        let fused = try Self.load(#"{"type":"BPE","unk_token":"?","fuse_unk":true,\#(vocabulary)}"#)
        #expect(fused.encode("axya") == [0, 1, 0])
    }

    @Test("ids with holes and large ids are kept")
    func holes() throws {
        let tokenizer = try Self.load(#"{"type":"BPE","vocab":{"a":5,"b":9000000},"merges":[]}"#)
        #expect(tokenizer.encode("ab") == [5, 9_000_000])
        #expect(tokenizer.vocabularyCount == 9_000_001)
    }

    @Test("added tokens take white space and word boundaries into account")
    func addedTokens() throws {
        func token(_ content: String, _ flags: String...) -> String {
            let names = ["single_word", "lstrip", "rstrip", "normalized", "special"]
            let values = names.map { #""\#($0)":\#(flags.contains($0))"# }.joined(separator: ",")
            return #"{"id":0,"content":"\#(content)",\#(values)}"#
        }
        let tokens = [
            token("<l>", "lstrip"), token("<r>", "rstrip"), token("ab", "single_word"), token("B", "normalized"),
        ]
        let tokenizer = try Self.load(
            #"{"type":"BPE","unk_token":"?","vocab":{"a":0,"b":1,"?":2," ":3},"merges":[]}"#,
            #""normalizer":{"type":"Lowercase"},"added_tokens":[\#(tokens.joined(separator: ","))],"#)
        #expect(tokenizer.encode("a <l> a") == [0, 4, 3, 0])
        #expect(tokenizer.encode("a <r> a") == [0, 3, 5, 0])
        #expect(tokenizer.encode("ab") == [6])
        #expect(tokenizer.encode("aab") == [0, 0, 7])
        #expect(tokenizer.encode("Ab") == [0, 7])
    }
}
