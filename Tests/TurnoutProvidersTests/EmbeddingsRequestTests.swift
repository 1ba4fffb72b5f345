import NIOCore
import Testing

@testable import TurnoutProviders

struct EmbeddingsRequestTests {
    private func scan(_ text: String) throws -> EmbeddingsRequest {
        try EmbeddingsRequest(scanning: ByteBuffer(string: text))
    }

    @Test(
        "a text or a list of texts is read, decoded, with the form in which vectors are wanted",
        arguments: [
            (#"{"input":"a"}"#, ["a"], EmbeddingsInput.Format.float, nil),
            (#"{"input":[" \u00e9\n","b"],"encoding_format":null,"dimensions":null}"#, [" é\n", "b"], .float, nil),
            (#"{"encoding_format" : "base64", "dimensions": 8, "input":["a"], "user": "u"}"#, ["a"], .base64, 8),
            (#"{"input":"a","encoding_format":"float","x":{"input":[1]}}"#, ["a"], .float, nil),
        ])
    func input(text: String, texts: [String], format: EmbeddingsInput.Format, dimensions: Int?) throws {
        #expect(try scan(text).input() == EmbeddingsInput(texts: texts, format: format, dimensions: dimensions))
    }

    @Test(
        "what cannot be encoded is refused with its field, and never quoted",
        arguments: [
            (#"{}"#, "'input' is missing", "input"),
            (#"{"input":null}"#, "'input' must be a text or a list of texts", "input"),
            (#"{"input":{"text":"zebra"}}"#, "'input' must be a text or a list of texts", "input"),
            (#"{"input":[]}"#, "empty list", "input"),
            (#"{"input":""}"#, "'input' is an empty text", "input"),
            (#"{"input":["zebra","",7]}"#, "'input[1]' is an empty text", "input"),
            (#"{"input":["zebra",null]}"#, "'input[1]' must be a text", "input"),
            (#"{"input":[15496,995]}"#, "'input[0]' is made of token ids", "input"),
            (#"{"input":["zebra",[15496,995]]}"#, "'input[1]' is made of token ids", "input"),
            (#"{"input":"zebra","encoding_format":"hex"}"#, #""float" or "base64""#, "encoding_format"),
            (#"{"input":"zebra","encoding_format":1}"#, #""float" or "base64""#, "encoding_format"),
            (#"{"input":"zebra","dimensions":0}"#, "whole number", "dimensions"),
            (#"{"input":"zebra","dimensions":"8"}"#, "whole number", "dimensions"),
            (#"{"input":"zebra","dimensions":1.5}"#, "whole number", "dimensions"),
        ])
    func refusals(text: String, words: String, field: String) throws {
        let request = try scan(text)
        let error = #expect(throws: RequestError.self) { try request.input() }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("zebra") == false)
        #expect(error?.field == field)
    }

    @Test("at most 2,048 texts are taken at once")
    func count() throws {
        func request(_ count: Int) throws -> EmbeddingsRequest {
            try scan("{\"input\":[\(Array(repeating: "\"x\"", count: count).joined(separator: ","))]}")
        }
        #expect(try request(2048).input().texts.count == 2048)
        let error = #expect(throws: RequestError.self) { try request(2049).input() }
        #expect(error?.message == "'input' holds 2049 texts; send at most 2048 at once")
    }

    @Test(
        "a body that could be read in two ways, or not at all, is refused",
        arguments: [
            (#"{"model":"a","model":"b","input":"x"}"#, "'model' stands twice"),
            (#"{"input":"a","inp\u0075t":"b"}"#, "'input' stands twice"),
            (#"{"model":7,"input":"x"}"#, "'model' must be a string"), (#"{"input":"x""#, "malformed JSON at byte 12"),
            ("[]", "expected an object"), ("", "expected an object"),
        ])
    func malformed(text: String, words: String) {
        let error = #expect(throws: RequestError.self) { try scan(text) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test("another model's name goes in, and every other byte stays, token ids included")
    func naming() throws {
        let text = #" { "input":[[1, 2]],"model" : "m\u0061" , "x":1e-3}"#
        let request = try scan(text)
        #expect(request.model == "ma")
        #expect(String(buffer: request.body(naming: "x\"y")) == text.replacing(#""m\u0061""#, with: #""x\"y""#))
        #expect(request.body(naming: "ma") == request.body)
    }
}
