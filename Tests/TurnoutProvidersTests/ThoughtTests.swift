import Foundation
import NIOCore
import Testing
import TurnoutCore

@testable import TurnoutProviders

struct ThoughtTests {
    private func sent(_ messages: String, origin: ThoughtOrigin, to model: ModelID = "b") throws -> String {
        let head = #"{"reasoning":{"effort":"low"},"model":"m","messages":"#
        var request = try ChatRequest(scanning: ByteBuffer(string: head + messages + "}"))
        request.thoughtOrigin = origin
        let body = String(buffer: request.outgoing(to: model, naming: "m"))
        #expect(body.hasPrefix(head) && body.hasSuffix("}"), "what is no thought stays as it is")
        return String(body.dropFirst(head.count).dropLast())
    }

    @Test(
        "another model's thoughts are cut with one comma, every other byte stays",
        arguments: [
            (
                #"[{"role":"assistant","reasoning_content":"x","content":"y"}]"#,
                #"[{"role":"assistant","content":"y"}]"#
            ),
            (
                #"[{ "reasoning" : "x" , "role":"assistant", "content":"y" }]"#,
                #"[{ "role":"assistant", "content":"y" }]"#
            ),
            (
                #"[{"role":"assistant","content":"y", "thinking_blocks":[{"signature":"s"}] }]"#,
                #"[{"role":"assistant","content":"y" }]"#
            ),
            (
                #"[{"reasoning":"x","reasoning_details":[{},{}],"content":"y","reasoning_content":null,"role":"assistant"}]"#,
                #"[{"content":"y","role":"assistant"}]"#
            ),
            (
                #"[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"}, {"type":"text","text":"y"}]}]"#,
                #"[{"role":"assistant","content":[{"type":"text","text":"y"}]}]"#
            ),
            (
                #"[{"content":[{"text":"y","type":"text"},{"type":"redacted_thinking","data":"d"},{"type":"thinking"},{"type":"tool_use"}],"role":"assistant"}]"#,
                #"[{"content":[{"text":"y","type":"text"},{"type":"tool_use"}],"role":"assistant"}]"#
            ),
            (
                #"[{"role":"assistant","content":[ {"type":"thinking"} , {"type":"redacted_thinking"} ],"tool_calls":[{}]}]"#,
                #"[{"role":"assistant","content":"","tool_calls":[{}]}]"#
            ),
            (
                #"[{"reason\u0069ng":"x","content":[{"type":"thinking"}],"reasoning_details":[],"role":"assistant"}]"#,
                #"[{"content":"","role":"assistant"}]"#
            ),
        ])
    func cut(messages: String, expected: String) throws {
        for origin in [ThoughtOrigin.unknown, .model("a", from: 0)] {
            #expect(try sent(messages, origin: origin) == expected)
        }
        for origin in [ThoughtOrigin.asked, .model("b", from: 0)] {
            #expect(try sent(messages, origin: origin) == messages)
        }
    }

    @Test(
        "what the user, a tool or the system says is no thought, whatever it is called",
        arguments: ["user", "tool", "system", "developer"])
    func others(role: String) throws {
        let messages = #"[{"role":"\#(role)","reasoning":"x","content":[{"type":"thinking","thinking":"t"}]}]"#
        #expect(try sent(messages, origin: .unknown) == messages)
    }

    @Test("the issuer gets its own thoughts back, those of models before it are cut")
    func issuer() throws {
        let messages =
            #"[{"role":"user","content":"q"},{"role":"assistant","content":"1","reasoning":"a's"},"#
            + #"{"role":"user","content":"q"},{"role":"assistant","content":"2","reasoning":"b's"}]"#
        #expect(
            try sent(messages, origin: .model("b", from: 2)) == messages.replacing(#","reasoning":"a's""#, with: ""))
        #expect(
            try sent(messages, origin: .model("b", from: 2), to: "c")
                == messages.replacing(#","reasoning":"a's""#, with: "").replacing(#","reasoning":"b's""#, with: ""))
    }

    @Test("cutting any elements from any list leaves the others, as JSON reads them")
    func lists() throws {
        for count in 0..<7 {
            for mask in 0..<(1 << count) {
                var text = "[", cuts = ListCuts()
                for index in 0..<count {
                    text += index > 0 ? " ,\n" : " "
                    let element = "{\"i\":\(index)}"
                    let start = text.utf8.count
                    text += element
                    cuts.pass(start..<text.utf8.count, isCut: mask & (1 << index) != 0)
                }
                text += " ]"
                #expect((cuts.whole != nil) == (count > 0 && mask == (1 << count) - 1))
                var bytes = Array(text.utf8)
                for range in (cuts.whole.map { [$0] } ?? cuts.ranges).reversed() { bytes.removeSubrange(range) }
                let left = try JSONSerialization.jsonObject(with: Data(bytes)) as? [[String: Int]]
                #expect(left?.compactMap { $0["i"] } == (0..<count).filter { mask & (1 << $0) == 0 })
            }
        }
    }
}
