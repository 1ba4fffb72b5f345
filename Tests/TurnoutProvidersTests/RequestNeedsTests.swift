import NIOCore
import Testing
import TurnoutCore

@testable import TurnoutProviders

struct RequestNeedsTests {
    private func scan(_ text: String) throws -> ChatRequest { try ChatRequest(scanning: ByteBuffer(string: text)) }

    @Test("what a request needs is counted in one pass")
    func counted() throws {
        let request = try scan(
            #"""
            {"tools":[{"type":"function","function":{"name":"f"}}, {}],"max_tokens":5,"max_completion_tokens":700,
             "response_format":{"json_schema":{"type":"object"},"type":"json_schema"},"user":"u-\u0041",
             "messages":[{"role":"system","content":"brief"},{"role":"user","content":[
               {"type":"text","text":"what\n"},{"image_url":{"url":"x","type":"text"},"type":"image_url"},
               {"type":"input_image","image_url":"y"},{"text":"is this","type":"input_text"},{"type":"file"}]}]}
            """#)
        var needs = RequestNeeds()
        needs.needsTools = true
        needs.images = 2
        needs.needsStructuredOutput = true
        needs.maxOutputTokens = 700
        needs.messageCount = 2
        needs.textBytes = 5 + 6 + 7
        needs.toolDefinitionBytes = #"[{"type":"function","function":{"name":"f"}}, {}]"#.utf8.count
        #expect(request.needs == needs)
        #expect(request.user == "u-A")
    }

    @Test(
        "what is absent, null, empty or of another type counts as not asked for",
        arguments: [
            #"{}"#, #"{"tools":null,"functions":[],"response_format":null,"max_tokens":null,"user":null}"#,
            #"{"tools":{},"response_format":{"type":"text"},"max_tokens":-1,"user":7,"functions":"f"}"#,
            #"{"response_format":{"type":1},"max_tokens":1.5,"max_completion_tokens":"9"}"#,
            #"{"response_format":"json_object","max_tokens":99999999999999999999}"#,
        ])
    func nothing(text: String) throws {
        #expect(try scan(text).needs == RequestNeeds())
        #expect(try scan(text).user == nil)
    }

    @Test("the older names count too")
    func older() throws {
        let request = try scan(#"{"functions":[{"name":"f"}],"max_tokens":64,"prompt":"twelve bytes"}"#)
        #expect(request.needs.needsTools && request.needs.toolDefinitionBytes == 14)
        #expect(request.needs.maxOutputTokens == 64)
        #expect(request.needs.textBytes == 12)
    }

    @Test(
        "a tool loop lasts from a call until the assistant or the user speaks after its result",
        arguments: [
            (#"{"role":"user","content":"hi"}"#, false),
            (#"{"role":"assistant","tool_calls":[{"id":"1"}]}"#, true),
            (#"{"role":"assistant","tool_calls":[]}"#, false),
            (#"{"role":"assistant","content":null,"function_call":{"name":"f"}}"#, true),
            (#"{"role":"assistant","tool_calls":[{}]},{"role":"tool","content":"42"}"#, true),
            (#"{"role":"function","name":"f","content":"42"}"#, true),
            (
                #"{"role":"assistant","tool_calls":[{}]},{"role":"tool","content":"4"},{"role":"user","content":"?"}"#,
                false
            ),
            (
                #"{"role":"assistant","tool_calls":[{},{}]},{"content":"4","role":"tool"},{"role":"user","content":"?"}"#,
                true
            ),
            (
                #"{"role":"assistant","tool_calls":[{}]},{"role":"tool","content":"4"},{"role":"assistant","content":"4"}"#,
                false
            ),
            (
                #"{"role":"assistant","content":[{"type":"tool_use"}]},{"role":"user","content":[{"type":"tool_result"}]}"#,
                true
            ),
        ])
    func toolLoop(messages: String, expected: Bool) throws {
        #expect(try scan(#"{"messages":[\#(messages)]}"#).needs.isInToolLoop == expected)
    }

    @Test("the user's texts come latest first")
    func texts() throws {
        let request = try scan(
            #"""
            {"messages":[{"role":"user","content":"one"},{"role":"assistant","content":"x"},{"role":"user"},
             {"role":"user","content":[{"type":"text","text":"tw"},{"type":"text","text":"o"}]}]}
            """#)
        #expect(Array(request.userTexts()) == ["tw\no", "one"])
    }

    @Test("a conversation keeps its hash while it grows, and another has another")
    func hash() throws {
        let begun = #"{"model":"a","messages":[{"role":"system","content":"s"},{"role":"user","content":"hello there"}"#
        let first = try scan(begun + "]}").conversationHash()
        // From an independent reckoning; hashes may be stored, so it must not change.
        #expect(first == 0x3844_89CA_C007_BE90)
        #expect(
            try scan(begun + #",{"role":"assistant","content":"hi"},{"role":"user","content":"go on"}]}"#)
                .conversationHash() == first)
        #expect(try scan(begun.replacing("there", with: "where") + "]}").conversationHash() != first)
        #expect(try scan(begun.replacing("\"s\"", with: "\"t\"") + "]}").conversationHash() != first)
        #expect(try scan(#"{"messages":[{"role":"system","content":"s"}]}"#).conversationHash() == nil)
    }
}
