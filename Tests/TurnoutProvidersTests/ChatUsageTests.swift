import Testing
import TurnoutCore
import TurnoutProviders

struct ChatUsageTests {
    @Test(
        "each token of an answer's usage is counted once, whatever the server's custom",
        arguments: [
            ("{\"prompt_tokens\":7,\"completion_tokens\":9}", TokenUsage(input: 7, output: 9)),
            (
                """
                {"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
                 "prompt_tokens_details":{"cached_tokens":60,"audio_tokens":0,"cache_write_tokens":30},
                 "completion_tokens_details":{"reasoning_tokens":20}}
                """, TokenUsage(input: 10, output: 50, cacheRead: 60, cacheWrite: 30, reasoning: 20)
            ),
            // Thought beside the completion, as the total shows.
            (
                """
                {"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,
                 "completion_tokens_details":{"reasoning_tokens":20}}
                """, TokenUsage(input: 10, output: 25, reasoning: 20)
            ),
            // DeepSeek says it in both places.
            (
                """
                {"prompt_tokens":10,"completion_tokens":5,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":2,
                 "prompt_tokens_details":{"cached_tokens":8}}
                """, TokenUsage(input: 2, output: 5, cacheRead: 8)
            ),
            // More cached than there is: it stands beside the prompt, and the cost is not understated.
            (
                "{\"prompt_tokens\":10,\"completion_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":90}}",
                TokenUsage(input: 10, output: 5, cacheRead: 90)
            ),
            (
                "{\"prompt_tokens\":3,\"completion_tokens\":1,\"prompt_tokens_details\":null}",
                TokenUsage(input: 3, output: 1)
            ),
            (
                "{\"prompt_tokens\":3,\"completion_tokens\":1,\"prompt_tokens_details\":{\"cached_tokens\":null}}",
                TokenUsage(input: 3, output: 1)
            ),
            ("{\"prompt_tokens\":4,\"total_tokens\":4}", TokenUsage(input: 4, output: 0)),
        ])
    func usage(text: String, expected: TokenUsage) throws {
        #expect(try chunk("{\"choices\":[],\"usage\":\(text)}").usage == expected)
        let beside = "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}],\"usage\":\(text)}"
        #expect(try chunk(beside).usage == expected, "beside choices it counts as well")
        #expect(try chunk("{\"usage\":\(text),\"usage\":\(text)}").usage == expected, "said twice, it counts once")
        #expect(try chunk("{\"usage\":\(text),\"usage\":null}").usage == expected)
    }

    @Test(
        "usage that is absent or no whole number is unknown",
        arguments: [
            "null", "{}", "{\"prompt_tokens\":3}", "{\"prompt_tokens\":-3,\"completion_tokens\":1}",
            "{\"prompt_tokens\":\"3\",\"completion_tokens\":1}", "{\"prompt_tokens\":99999999999999999999}",
        ])
    func unknown(text: String) throws {
        #expect(try chunk("{\"choices\":[],\"usage\":\(text)}").usage == nil)
    }

    private func chunk(_ text: String) throws -> ChatChunk {
        try Array(text.utf8).withUnsafeBytes { try ChatChunk($0) }
    }
}
