import Testing
import TurnoutCore
import TurnoutEncoders

@Suite("WordPiece")
struct WordPieceTokenizerTests {
    private struct Golden: Decodable {
        var text: String
        var ids: [Int32]
    }

    private static func embedded() throws -> WordPieceTokenizer { try StaticEncoder.embedded().tokenizer }

    private static func ids(_ tokenizer: WordPieceTokenizer, _ bytes: [UInt8]) -> [Int32] {
        var ids: [Int32] = []
        bytes.withUnsafeBufferPointer { tokenizer.forEachToken(inUTF8: $0) { ids.append($0) } }
        return ids
    }

    @Test("texts in many scripts get the ids of the reference library")
    func goldens() throws {
        let tokenizer = try Self.embedded()
        let goldens = try Fixture.rows("tokenizer.json", of: Golden.self)
        #expect(goldens.count > 40)
        for golden in goldens { #expect(tokenizer.encode(golden.text) == golden.ids, "\(golden.text)") }
    }

    @Test("a word of 100,000 letters is one unknown token, between its neighbours")
    func longWord() throws {
        let tokenizer = try Self.embedded()
        let unknown = tokenizer.specialTokens.unknown
        let a = try #require(tokenizer.id(of: "a"))
        for letter in ["x", "é", "한", "\u{302E}", "e\u{301}"] {
            let word = String(repeating: letter, count: 100_000)
            #expect(tokenizer.encode("a \(word) a") == [a, unknown, a])
        }
        #expect(tokenizer.encode(String(repeating: "\u{301}", count: 100_000)).isEmpty)
        #expect(tokenizer.encode(String(repeating: "中", count: 1000)).count == 1000)
        #expect(tokenizer.encode(String(repeating: "!", count: 1000)).count == 1000)
    }

    @Test("special tokens open and close a sequence only when asked for")
    func specialTokens() throws {
        let tokenizer = try Self.embedded()
        #expect(tokenizer.specialTokens.padding == 0)
        #expect(tokenizer.specialTokens.unknown == 100)
        #expect(tokenizer.encode("hello") == [7592])
        #expect(tokenizer.encode("hello", addingSpecialTokens: true) == [101, 7592, 102])
        #expect(tokenizer.encode("", addingSpecialTokens: true) == [101, 102])
        var ids: [Int32] = [1]
        tokenizer.encode("hello", into: &ids)
        #expect(ids == [1, 7592])
    }

    @Test("tokens and ids name each other")
    func names() throws {
        let tokenizer = try Self.embedded()
        #expect(tokenizer.vocabularyCount == 30522)
        for id in [0, 100, 999, 1996, 2075, 30521] as [Int32] {
            let token = try #require(tokenizer.token(of: id))
            #expect(tokenizer.id(of: token) == id)
        }
        #expect(tokenizer.token(of: 2075) == "##ing")
        #expect(tokenizer.token(of: -1) == nil)
        #expect(tokenizer.token(of: 30522) == nil)
        #expect(tokenizer.id(of: "no such token") == nil)
    }

    @Test("bytes that are not UTF-8 leave no trace")
    func illFormed() throws {
        let tokenizer = try Self.embedded()
        let word = Self.ids(tokenizer, Array("hello world".utf8))
        for bad: [UInt8] in [
            [0x80], [0xC0, 0xAF], [0xC3], [0xE4, 0xB8], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x98], [0xF5], [0xFF, 0xFE],
            [0xF4, 0x90, 0x80, 0x80], [0xE0, 0x80, 0x80],
        ] {
            #expect(Self.ids(tokenizer, Array("hel".utf8) + bad + Array("lo world".utf8)) == word)
            #expect(Self.ids(tokenizer, Array("hello world".utf8) + bad) == word)
        }
    }

    @Test("random bytes give what their repaired text gives")
    func randomBytes() throws {
        let tokenizer = try Self.embedded()
        var random = SeededGenerator(seed: 11)
        let heavy: [UInt8] = [0x20, 0x41, 0x61, 0x80, 0xBF, 0xC3, 0xCC, 0xE1, 0xE4, 0xED, 0xF0, 0xF4]
        for _ in 0..<4000 {
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                Bool.random(using: &random) ? heavy.randomElement(using: &random) ?? 0 : random.byte()
            }
            #expect(Self.ids(tokenizer, bytes) == tokenizer.encode(String(decoding: bytes, as: UTF8.self)))
        }
    }

    @Test("the longest piece wins, and a word that cannot be covered is unknown")
    func longestFirst() throws {
        let tokenizer = try WordPieceTokenizer(
            vocabulary: Array("[UNK]\na\nab\n##b\n##bc\n##c\n##\n#\n\(String(repeating: "z", count: 80))\nz\n##z".utf8))
        #expect(tokenizer.encode("ab abc abbc abcd b #") == [2, 2, 5, 2, 4, 0, 0, 7])
        #expect(tokenizer.encode(String(repeating: "z", count: 81)) == [8, 10])
        #expect(tokenizer.encode(String(repeating: "z", count: 79)).count == 79)
        #expect(tokenizer.encode("[CLS]") == [0, 0, 0])
        #expect(tokenizer.specialTokens.classification == nil)
        #expect(tokenizer.token(of: 6) == "##")
    }

    @Test("line ends of other systems are read, and of two equal tokens the later counts")
    func vocabularyText() throws {
        let tokenizer = try WordPieceTokenizer(vocabulary: Array("[UNK]\r\na\r\nb\r\na\r\n".utf8))
        #expect(tokenizer.vocabularyCount == 4)
        #expect(tokenizer.encode("A b") == [3, 2])
    }

    @Test("a vocabulary without [UNK], or without anything, is refused")
    func refused() {
        for text in ["", "a\nb"] {
            let error = #expect(throws: TurnoutError.self) { try WordPieceTokenizer(vocabulary: Array(text.utf8)) }
            #expect(error?.code == .damagedFile)
        }
    }
}
