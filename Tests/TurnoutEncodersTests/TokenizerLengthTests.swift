import Foundation
import Testing
import TurnoutEncoders

@Suite("Tokenizers on long texts")
struct TokenizerLengthTests {
    @Test(
        "a word of 100,000 characters takes a moment, not a minute", .timeLimit(.minutes(1)),
        arguments: [
            ("roberta", "a"), ("gpt1", "the"), ("llama", "字"), ("xlm-roberta", "ế"), ("bert-cased", "ab"),
            ("mixed", "a\u{301}"),
        ])
    func longWord(name: String, part: String) throws {
        let tokenizer = try TokenizerFile.load(contentsOf: TokenizerFixture.url("\(name).json").path)
        let text = String(repeating: part, count: 100_000 / part.unicodeScalars.count)
        #expect(!tokenizer.encode(text, addingSpecialTokens: false).isEmpty)
    }

    @Test("a long run of marks is put in order as a short one is")
    func marks() throws {
        // Marks of two classes, all of the one before all of the other once they are in order.
        let tokenizer = try TokenizerFile.load(contentsOf: TokenizerFixture.url("modernbert.json").path)
        let mixed = "q" + String(repeating: "\u{301}\u{316}", count: 1_000)
        let ordered = "q" + String(repeating: "\u{316}", count: 1_000) + String(repeating: "\u{301}", count: 1_000)
        #expect(tokenizer.encode(mixed) == tokenizer.encode(ordered))
    }

    @Test("words give the same ids alone and within a long text", arguments: ["roberta", "llama"])
    func alone(name: String) throws {
        let tokenizer = try TokenizerFile.load(contentsOf: TokenizerFixture.url("\(name).json").path)
        let word = tokenizer.encode("measurements of", addingSpecialTokens: false)
        let text = tokenizer.encode(
            "measurements of" + String(repeating: " the", count: 500), addingSpecialTokens: false)
        #expect(Array(text.prefix(word.count)) == word)
        #expect(Set(text.dropFirst(word.count)).count <= 2)
    }
}
