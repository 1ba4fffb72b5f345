import NIOCore
import Testing

@testable import TurnoutProviders

struct ChatRequestTests {
    private func scan(_ text: String) throws -> ChatRequest { try ChatRequest(scanning: ByteBuffer(string: text)) }

    @Test("what routing needs is found, whatever surrounds it")
    func fields() throws {
        let request = try scan(
            """
            {"temperature": 0.2, "messages": [{"role": "system", "content": "Be brief."},
              {"role": "user", "content": "first"}, {"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]},
              {"content": "second", "role": "user"}, {"role": "tool", "content": "42"}],
             "model" : "auto", "stream": true, "stream_options": {"include_usage": true}, "tools": [{"type": "function"}],
             "response_format": {"type": "json_object"}, "x": {"model": "inner", "messages": 1}}
            """)
        #expect(request.model == "auto")
        #expect(request.streams && request.includesUsage)
        #expect(request.hasMessages)
        #expect(request.lastUserText == "second")
    }

    @Test("what is absent, null or empty counts as not asked for")
    func absent() throws {
        let request = try scan(
            #"{"messages":[],"stream":null,"stream_options":null,"tools":[],"response_format":null}"#)
        #expect(request.model == nil)
        #expect(!request.streams && !request.includesUsage)
        #expect(!request.hasMessages)
        #expect(request.lastUserText == nil)
    }

    @Test(
        "the text of the last user message is decoded",
        arguments: [
            (#""plain""#, "plain"),
            (#""a\n\t\"\\\/\b\f\r""#, "a\n\t\"\\/\u{8}\u{C}\r"),
            (#""\u0041\u00e9\u4E2D""#, "Aé中"),
            (#""\ud83d\ude00""#, "😀"),
            (#""\ud83d""#, "\u{FFFD}"),
            (#""\ude00\ud83d\u0041""#, "\u{FFFD}\u{FFFD}A"),
            (#""Xin chào 😀 thế giới""#, "Xin chào 😀 thế giới"),
            (
                #"[{"type":"text","text":"one"},{"type":"image_url","image_url":{"url":"x"}},{"text":"two","type":"text"}]"#,
                "one\ntwo"
            ),
            (#"[]"#, ""),
        ])
    func text(content: String, expected: String) throws {
        #expect(try scan(#"{"messages":[{"role":"user","content":\#(content)}]}"#).lastUserText == expected)
    }

    @Test("without a user message the last message speaks, without messages the prompt does")
    func fallbackText() throws {
        #expect(try scan(#"{"messages":[{"role":"system","content":"rules"}]}"#).lastUserText == "rules")
        #expect(try scan(#"{"prompt":"ask"}"#).promptText() == "ask")
    }

    @Test(
        "another model's name is spliced in and every other byte stays",
        arguments: ["strong", "", #"a "quoted" \ name"#, "tab\tand\u{1}", "mô hình"])
    func splice(name: String) throws {
        let head = "{ \"unknown\" : [1, 2.50e+1,\t\"\\u00e9\"],\r\n \"model\"  :  "
        let tail = " , \"tools\":[{\"z\":1,\"a\":2}], \"messages\":[{}] }  \n"
        let body = try scan(head + "\"auto\"" + tail).body(naming: name)
        let text = String(buffer: body)
        #expect(text.hasPrefix(head) && text.hasSuffix(tail))
        let again = try ChatRequest(scanning: body)
        #expect(again.model == name)
    }

    @Test("a body that asks for the model by its own name is not copied")
    func sameName() throws {
        let request = try scan(#"{"model":"m"}"#)
        #expect(request.body(naming: "m") == request.body)
    }

    @Test("beside messages a prompt is an unknown field, whatever it holds")
    func promptBesideMessages() throws {
        let text = #"{"prompt":[1],"messages":[{"role":"user","content":"ask"}],"prompt":{}}"#
        #expect(try scan(text).lastUserText == "ask")
    }

    @Test("keys written with escapes count as what they mean")
    func escapedKeys() throws {
        #expect(try scan(#"{"m\u006fdel":"auto"}"#).model == "auto")
    }

    @Test(
        "malformed JSON is refused with the offset of the first wrong byte and what was expected",
        arguments: [
            ("", 0, "an object"), ("[]", 0, "an object"), ("{", 1, "a key"), (#"{"a"}"#, 4, "':'"),
            (#"{"a":}"#, 5, "a value"), (#"{"a":1,}"#, 7, "a key"), (#"{"a":01}"#, 6, "',' or '}'"),
            (#"{"a":1.}"#, 7, "a digit"), (#"{"a":nul}"#, 8, "'null'"), (#"{"a":"x}"#, 8, "the closing"),
            (#"{"a":"\x"}"#, 7, "one of"), (#"{"a":"\u12g4"}"#, 10, "four hexadecimal"),
            ("{\"a\":\"\n\"}", 6, "an escape"),
            (#"{"a":1} x"#, 8, "the end"), (#"{"a":[1 2]}"#, 8, "',' or ']'"), (#"{"a":NaN}"#, 5, "a value"),
        ])
    func malformed(text: String, offset: Int, expected: String) {
        let error = #expect(throws: RequestError.self) { try scan(text) }
        #expect(
            error?.message.hasPrefix("malformed JSON at byte \(offset): expected \(expected)") == true,
            "\(error?.message ?? "")")
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
    func encoding(bytes: [UInt8]) {
        var body = ByteBuffer(string: #"{"a":""#)
        body.writeBytes(bytes)
        body.writeString(#""}"#)
        let error = #expect(throws: RequestError.self) { try ChatRequest(scanning: body) }
        #expect(error?.message == "malformed JSON at byte 6: expected valid UTF-8")
    }

    @Test("nesting is bounded")
    func depth() throws {
        let levels = JSONCursor.depthLimit - 1
        let deep = { (count: Int) in
            "{\"a\":" + String(repeating: "[", count: count) + String(repeating: "]", count: count) + "}"
        }
        _ = try scan(deep(levels))
        #expect(throws: RequestError.self) { try scan(deep(levels + 1)) }
        #expect(throws: RequestError.self) { try scan("{\"a\":" + String(repeating: "[", count: 1_000_000)) }
    }

    @Test(
        "a field that routing depends on is refused when it is mistyped or repeated",
        arguments: [
            (#"{"model":1}"#, "model"), (#"{"messages":{}}"#, "messages"), (#"{"messages":["x"]}"#, "messages"),
            (#"{"stream":"yes"}"#, "stream"), (#"{"prompt":[]}"#, "prompt"),
            (#"{"prompt":"a","prompt":"b"}"#, "prompt"), (#"{"model":"a","model":"b"}"#, "model"),
            (#"{"messages":[],"messages":[]}"#, "messages"), (#"{"stream":true,"stream":false}"#, "stream"),
            (#"{"tools":[],"tools":[1]}"#, "tools"), (#"{"functions":[],"functions":[]}"#, "functions"),
            (#"{"response_format":null,"response_format":{"type":"json_object"}}"#, "response_format"),
            (#"{"max_tokens":1,"max_tokens":2}"#, "max_tokens"), (#"{"user":"a","user":"b"}"#, "user"),
            (#"{"max_completion_tokens":1,"max_completion_tokens":2}"#, "max_completion_tokens"),
            (#"{"messages":[{"role":"user","content":"a","role":"tool"}]}"#, "messages"),
            (#"{"messages":[{"role":"user","content":"a","content":"b"}]}"#, "messages"),
        ])
    func refused(text: String, field: String) {
        let error = #expect(throws: RequestError.self) { try scan(text) }
        #expect(error?.field == field)
    }
}

extension ChatRequest {
    /// What the user said last.
    var lastUserText: String? { userTexts().first { _ in true } }
}
