import Testing
import TurnoutCore
import TurnoutEncoders

/// A deterministic fuzz target: files that were sound until somebody changed them.
@Suite("Damaged tokenizer files")
struct TokenizerMutationTests {
    private static let pairs = #"""
        {"version":"1.0","truncation":null,"added_tokens":[{"id":9,"content":"<m>","single_word":true,"lstrip":true,
        "rstrip":true,"normalized":false,"special":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},
        {"type":"Strip","strip_left":true,"strip_right":true},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]},
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
        "post_processor":{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",0]},"model":{"type":"BPE","dropout":null,
        "unk_token":"?","fuse_unk":true,"byte_fallback":true,"ignore_merges":false,"vocab":{"a":0,"b":1,"?":2,"\u0120":3,"ab":4,
        "\u0120ab":5,"<0x63>":6},"merges":["a b",["\u0120","ab"]]}}
        """#

    private static let unigram = #"""
        {"version":"1.0","truncation":{"max_length":9,"direction":"Left"},"added_tokens":[],"normalizer":{"type":"Precompiled",
        "precompiled_charsmap":"DAAAAAAEAAAAAQAAAAAAAABh"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[
        {"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true},
        {"type":"Punctuation","behavior":"MergedWithNext"}]},"post_processor":{"type":"TemplateProcessing","single":[
        {"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<s>":{"id":"<s>",
        "ids":[0],"tokens":["<s>"]}}},"model":{"type":"Unigram","unk_id":1,"byte_fallback":true,"vocab":[["<s>",0.0],["?",0.0],
        ["▁",-2.5],["a",-1.25e0],["ab",-3],["▁ab",-4.0],["ế",-5.0]]}}
        """#

    private static let pieces = #"""
        {"version":"1.0","added_tokens":[{"id":0,"content":"[UNK]","single_word":false,"lstrip":false,"rstrip":false,
        "normalized":true,"special":true}],"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
        "strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"BertPreTokenizer"},
        {"type":"Digits","individual_digits":true},{"type":"Split","pattern":{"String":"b"},"behavior":"MergedWithPrevious",
        "invert":false}]},"post_processor":{"type":"BertProcessing","sep":["[SEP]",2],"cls":["[CLS]",1]},"model":{
        "type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{
        "[UNK]":0,"[CLS]":1,"[SEP]":2,"a":3,"##b":4,"##ế":5}}}
        """#

    private static let texts = [
        "", "ab <m> c", "▁ế ab\u{301}\u{327} 漢字 12", "  \u{0}a…b'll [UNK] ", String(repeating: "ab", count: 40),
    ]
    private static let scraps: [[UInt8]] = [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "-", "1e9", "null", "\\ud83d", "▁", "\u{0}", " ",
    ].map { Array($0.utf8) }

    @Test("never crash, and are refused or read", .timeLimit(.minutes(4)), arguments: [pairs, unigram, pieces])
    func mutations(file: String) throws {
        let sound = Array(file.utf8)
        _ = try TokenizerFile.load(json: sound)
        var random: UInt64 = 0x2545_F491_4F6C_DD1D
        func next(_ bound: Int) -> Int {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return Int(random % UInt64(max(bound, 1)))
        }
        var read = 0
        for _ in 0..<1_200 {
            var bytes = sound
            for _ in 0...next(3) { Self.mutate(&bytes, next) }
            do {
                let tokenizer = try TokenizerFile.load(json: bytes)
                read += 1
                for text in Self.texts { #expect(tokenizer.encode(text, maximumLength: 64).count <= 64) }
            } catch let error as TurnoutError {
                #expect(error.message.contains("tokenizer.json"))
            }
        }
        #expect(read > 50)
    }

    private static func mutate(_ bytes: inout [UInt8], _ next: (Int) -> Int) {
        guard !bytes.isEmpty else { return }
        let at = next(bytes.count)
        switch next(6) {
        case 0: bytes[at] = UInt8(next(256))
        case 1: bytes[at] ^= 1 << UInt8(next(8))
        case 2: bytes.removeSubrange(at..<min(at + 1 + next(12), bytes.count))
        case 3: bytes.insert(contentsOf: scraps[next(scraps.count)], at: at)
        case 4: bytes.insert(contentsOf: bytes[at..<min(at + next(40), bytes.count)], at: next(bytes.count))
        default: bytes[at] = UInt8(ascii: "0") + UInt8(next(10))
        }
    }
}
