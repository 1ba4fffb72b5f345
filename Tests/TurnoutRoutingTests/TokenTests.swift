import Foundation
import Testing
import TurnoutRouting

struct TokenTests {
    private struct Goldens: Decodable {
        struct Row: Decodable {
            let text: String
            let counts: [Int32]
            let tokens: [String: Int]
        }
        let states: [String]
        let rows: [Row]
    }

    private static let goldens: Goldens? = {
        guard let url = Bundle.module.url(forResource: "tokens", withExtension: "json", subdirectory: "Fixtures"),
            let data = try? Data(contentsOf: url)
        else { return nil }
        return try? JSONDecoder().decode(Goldens.self, from: data)
    }()

    @Test("counts are those that the weights were fitted on")
    func counts() throws {
        let goldens = try #require(Self.goldens)
        #expect(goldens.states == TextCounts.State.allCases.map { "\($0)" } && goldens.rows.count >= 12)
        for row in goldens.rows { #expect(TextCounts(row.text).visits == row.counts, "\(row.text)") }
    }

    @Test("estimates are near what the families' own tokenizers say", arguments: TokenFamily.allCases)
    func estimates(family: TokenFamily) throws {
        let goldens = try #require(Self.goldens)
        let errors = try goldens.rows.map { row in
            let real = Double(try #require(row.tokens[family.rawValue]))
            return abs(Double(family.tokens(TextCounts(row.text))) - real) / real
        }
        // Twelve short texts in eight scripts, the hardest there are: half of them within a fifth.
        #expect(errors.sorted()[errors.count / 2] < 0.2 && errors.allSatisfy { $0 < 0.8 }, "\(errors)")
    }

    @Test("counts add up, where no word is cut, and nothing counts as nothing")
    func addition() {
        let (a, b) = ("One sentence, then\n", "func f() { return 42 }")
        #expect((TextCounts(a) + TextCounts(b)).visits.reduce(0, +) == TextCounts(a + b).visits.reduce(0, +))
        #expect(TokenFamily.allCases.allSatisfy { $0.tokens(TextCounts("")) == 0 })
        for family in TokenFamily.allCases {
            let parts = family.tokens(TextCounts(a)) + family.tokens(TextCounts(b))
            #expect(abs(parts - family.tokens(TextCounts(a + b))) <= 2)
        }
    }

    @Test("bytes that are no UTF-8 are counted and do no harm")
    func damaged() {
        let bytes: [UInt8] = [0x80, 0xFF, 0xC3, 0x41, 0xED, 0xA0, 0x80, 0]
        bytes.withUnsafeBytes { #expect(TextCounts($0).visits.reduce(0, +) == 8) }
    }

    @Test(
        "the family follows from the model's name",
        arguments: [
            ("gpt-4o-mini", .o200k), ("openai/gpt-5", .o200k), ("o3-mini", .o200k), ("openai/o1", .o200k),
            ("gpt-4-turbo", .cl100k), ("gpt-4.1", .o200k), ("claude-sonnet-4-5", .claude), ("llama3.1:8b", .llama3),
            ("meta-llama/Llama-2-7b-chat-hf", .other), ("deepseek-r1-distill-llama-70b", .llama3),
            ("deepseek-chat", .deepseek), ("Qwen2.5-1.5B", .qwen), ("mistral-large-latest", .mistral),
            ("mixtral-8x7b", .other), ("gemini-2.5-pro", .o200k), ("solar-10.7b", .other), ("phi-3", .other),
        ] as [(String, TokenFamily)])
    func families(id: String, family: TokenFamily) {
        #expect(TokenFamily(ofModel: id) == family)
    }

    @Test("messages and images count")
    func prompts() {
        let text = TextCounts("Hello there")
        let one = PromptSize(text: text).tokens(.o200k)
        #expect(PromptSize(text: text, messages: 3).tokens(.o200k) == one + 6)
        #expect(PromptSize(text: text, images: 2).tokens(.claude) == PromptSize(text: text).tokens(.claude) + 3200)
    }

    @Test("an answer is longer for a longer task and when the model thinks, and never longer than its limit")
    func output() {
        let lengths = OutputLength.Task.allCases.map { OutputLength.tokens($0) }
        #expect(lengths == lengths.sorted() && lengths.allSatisfy { $0 >= 1 })
        for task in OutputLength.Task.allCases {
            #expect(OutputLength.tokens(task, reasons: true) >= OutputLength.tokens(task) + 300)
            #expect(OutputLength.tokens(task, reasons: nil) == OutputLength.tokens(task, reasons: false))
            #expect(OutputLength.tokens(task, reasons: true, limit: 50) <= 50)
        }
    }
}
