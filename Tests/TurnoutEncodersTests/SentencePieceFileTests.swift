import Foundation
import Testing
import TurnoutCore

@testable import TurnoutEncoders

@Suite("SentencePiece files")
struct SentencePieceFileTests {
    private static func load(_ bytes: [UInt8]) throws -> PipelineTokenizer {
        try TokenizerFile.load(sentencePiece: bytes)
    }

    private static func refusal(_ bytes: [UInt8]) throws -> TurnoutError {
        try #require(throws: TurnoutError.self) { try load(bytes) }
    }

    /// A field of bytes, shorter than 128.
    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(bytes.count)] + bytes
    }

    private static func flag(_ number: UInt8, _ value: UInt8) -> [UInt8] {
        number < 16 ? [number << 3, value] : [number << 3 | 0x80, number >> 4, value]
    }

    private static func piece(_ text: String, _ score: Float = -1, kind: UInt8 = 1) -> [UInt8] {
        let bits = score.bitPattern
        let word = (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32(8 * $0)) }
        return field(1, field(1, Array(text.utf8)) + [2 << 3 | 5] + word + flag(3, kind))
    }

    private static let specials = piece("[CLS]", 0, kind: 3) + piece("[SEP]", 0, kind: 3) + piece("?", 0, kind: 2)
    private static let sound = specials + piece("▁") + piece("a") + piece("▁a", -1.5) + piece("<u>", kind: 4)

    @Test("ids are those of the tokenizer that transformers' converter makes of the file")
    func golden() throws {
        let tokenizer = try Self.load(TokenizerFixture.bytes("spm.model"))
        let texts = try TokenizerFixture.json([String].self, "strings.json")
        let golden = try TokenizerFixture.json(TokenizerFixture.Ids.self, "spm.ids.json")
        try #require(golden.whole.count == texts.count)
        for (index, text) in texts.enumerated() {
            #expect(tokenizer.encode(text) == golden.whole[index], "text \(index)")
            #expect(tokenizer.encode(text, maximumLength: 12) == golden.cut[index], "text \(index), cut")
        }
        #expect(tokenizer.id(of: "[MASK]") == Int32(tokenizer.vocabularyCount - 1))
    }

    @Test("a small file, field by field: pieces, special and user-defined ones")
    func small() throws {
        let tokenizer = try Self.load(Self.sound)
        #expect(tokenizer.vocabularyCount == 10)  // [UNK], [PAD] and [MASK] come after the pieces
        #expect(tokenizer.encode(" a  a") == [0, 5, 5, 1])
        #expect(tokenizer.encode("aa<u>a") == [0, 5, 4, 6, 5, 1])
        #expect(tokenizer.encode("x[MASK]") == [0, 3, 2, 9, 1])
        #expect(tokenizer.encode("") == [0, 1])
    }

    @Test("what the file says of the dummy prefix, and tokenizer_config.json of case and punctuation, is done")
    func options() throws {
        #expect(try Self.load(Self.sound + Self.field(3, Self.flag(3, 0))).encode("a a") == [0, 4, 5, 1])
        let lower = try TokenizerFile.load(sentencePiece: Self.sound, lowercases: true)
        #expect(lower.encode("A") == [0, 5, 1])
        let split = try TokenizerFile.load(
            sentencePiece: Self.sound + Self.piece("a!", 0) + Self.piece("!"), splitsPunctuation: true)
        #expect(split.encode("a!") == [0, 5, 3, 8, 1])
    }

    @Test(
        "what is not supported is named",
        arguments: [
            (flagged(2, 3, 2), "model_type is 2"), (flagged(2, 24, 1), "ends of pieces"),
            (flagged(3, 4, 0), "remove_extra_whitespaces"), (flagged(3, 5, 0), "escape_whitespaces"),
        ])
    func unsupported(extra: [UInt8], words: String) throws {
        let error = try Self.refusal(Self.sound + extra)
        #expect(error.code == .unsupported && error.message.contains(words) && error.message.contains("'spm.model'"))
    }

    private static func flagged(_ message: UInt8, _ number: UInt8, _ value: UInt8) -> [UInt8] {
        field(message, flag(number, value))
    }

    private static let unsound: [[UInt8]] =
        [
            [], Array("{}".utf8), [0x0A], [0x0A, 0x7F], [0x0B, 0x00], [0x08, 0x01], piece("a"), specials.dropLast(3),
            piece("[CLS]", 0, kind: 3) + piece("?", 0, kind: 2), specials + piece(""), specials + piece("a", .nan),
            specials + piece("a", kind: 9), specials + field(1, [0x0A, 0x01, 0xFF]), specials + field(1, [0x08, 0x01]),
            specials + field(3, field(2, [1, 2, 3])), [UInt8](repeating: 0xFF, count: 20),
        ]

    @Test("what is no sound file is refused", arguments: unsound)
    func damaged(bytes: [UInt8]) throws {
        let error = try Self.refusal(bytes)
        #expect(error.code == .damagedFile && error.message.contains("'spm.model'"), "\(error)")
    }

    @Test("a file that somebody changed is refused or read, and never ends a process", .timeLimit(.minutes(2)))
    func mutations() throws {
        var random = SeededGenerator(seed: 4)
        var read = 0
        for _ in 0..<1_000 {
            var bytes = Self.sound + Self.field(3, Self.field(2, [4, 0, 0, 0, 0, 1, 0, 0, 0x61]))
            for _ in 0...Int.random(in: 0...2, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[at] = random.byte()
                case 1: bytes.removeSubrange(at..<min(at + 3, bytes.count))
                default: bytes.insert(random.byte(), at: at)
                }
            }
            guard let tokenizer = try? Self.load(bytes) else { continue }
            read += 1
            for text in ["", "a <u> ế", "  aa\u{0}b"] {
                #expect(tokenizer.encode(text, maximumLength: 9).allSatisfy { $0 < tokenizer.vocabularyCount })
            }
        }
        #expect(read > 20)
    }
}
