import NIOCore
import Testing
import TurnoutCore

@testable import TurnoutProviders

struct ChatStreamReaderTests {
    static let role =
        #"data: {"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#
    static let word = #"data: {"id":"1","choices":[{"index":0,"delta":{"content":"Hi é"},"finish_reason":null}]}"#
    static let stop = #"data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#
    static let usage =
        #"data: {"id":"1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":9,"total_tokens":16}}"#

    private static let done = "data: [DONE]"

    private static func lines(_ lines: [String], end: String) -> String { lines.map { $0 + end }.joined() }

    static let fixtures: [String] = [
        lines([role, word, stop, usage, done], end: "\n\n"),
        lines([role, word, stop, usage, done], end: "\r\n\r\n"),
        lines([role, word, stop, usage, done], end: "\r\r"),
        ": comment\n\nevent: x\nid: 1\n" + lines([role, word, ": ping", stop, usage, "data:[DONE]"], end: "\n\n"),
        lines([role, word, stop, usage], end: "\n\n") + done,
        lines([role, word.replacing("\"choices\"", with: "\ndata: \"choices\""), stop, usage], end: "\n\n"),
    ]

    private func run(_ chunks: [ByteBuffer]) -> (ChatStreamReader, ByteBuffer) {
        var reader = ChatStreamReader()
        var relayed = ByteBuffer()
        for chunk in chunks {
            if let out = reader.push(chunk) { relayed.writeImmutableBuffer(out) }
        }
        if let out = reader.end() { relayed.writeImmutableBuffer(out) }
        return (reader, relayed)
    }

    @Test("every split of every fixture relays the same bytes and says the same", arguments: fixtures.indices)
    func splits(index: Int) {
        let bytes = Array(Self.fixtures[index].utf8)
        for cut in 0...bytes.count {
            let (reader, relayed) = run([ByteBuffer(bytes: bytes[..<cut]), ByteBuffer(bytes: bytes[cut...])])
            let tail = Self.fixtures[index].hasSuffix("data: [DONE]") ? "\n\n" : ""
            #expect(String(buffer: relayed) == Self.fixtures[index] + tail, "cut at \(cut)")
            #expect(reader.hasAnswer && reader.isFinished && reader.error == nil)
            #expect(reader.usage == TokenUsage(input: 7, output: 9) && reader.contentEvents == 1)
            #expect(reader.malformedEvents == 0)
        }
    }

    @Test("byte by byte is no different", arguments: fixtures.indices)
    func bytes(index: Int) {
        let (reader, relayed) = run(Self.fixtures[index].utf8.map { ByteBuffer(bytes: [$0]) })
        #expect(String(buffer: relayed).hasPrefix(Self.fixtures[index]))
        #expect(reader.isFinished)
    }

    @Test("a chunk that ends between two events is relayed as it came, without a copy")
    func wholeChunk() {
        var reader = ChatStreamReader()
        let chunk = ByteBuffer(string: Self.word + "\n\n")
        #expect(reader.push(chunk) == chunk)
    }

    @Test("a torn event is kept back, so that nothing half-said reaches the client")
    func torn() {
        let (reader, relayed) = run([ByteBuffer(string: Self.word + "\n\n" + Self.stop.dropLast(5))])
        #expect(String(buffer: relayed) == Self.word + "\n\n")
        #expect(!reader.isFinished)
        #expect(reader.malformedEvents == 0, "torn by the end of the stream, not malformed")
    }

    @Test(
        "the first part of an answer is told from what comes before it",
        arguments: [
            (#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#, false),
            (#"{"choices":[{"delta":{"role":"assistant","content":null,"refusal":null}}]}"#, false),
            (#"{"choices":[]}"#, false),
            (#"{"choices":[{"delta":{"content":" "}}]}"#, true),
            (#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#, true),
            (#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#, true),
            (#"{"choices":[{"delta":{"refusal":"no"}}]}"#, true),
            (#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#, true),
        ])
    func content(data: String, expected: Bool) {
        var reader = ChatStreamReader()
        _ = reader.push(ByteBuffer(string: "data: \(data)\n\n"))
        #expect(reader.hasAnswer == expected)
    }

    private static func choice(_ index: Int, _ finish: String = "null") -> String {
        "data: {\"choices\":[{\"finish_reason\":\(finish),\"delta\":{\"content\":\"x\"},\"index\":\(index)}]}\n\n"
    }

    @Test(
        "a stream of several choices is finished when each that was begun is",
        arguments: [
            ([choice(0), choice(1), choice(0, "\"stop\"")], false),
            ([choice(0), choice(1), choice(1, "\"length\""), choice(0, "\"stop\"")], true),
            ([choice(0), choice(127), choice(0, "\"stop\"")], false),
            ([choice(0), choice(500), choice(0, "\"stop\""), choice(500, "\"stop\"")], true),
        ])
    func choices(events: [String], expected: Bool) {
        let (reader, _) = run(events.map { ByteBuffer(string: $0) })
        #expect(reader.isFinished == expected)
    }

    @Test("what is not JSON is left out and counted, wherever the chunks are cut")
    func malformed() {
        let text = Self.word + "\n\ndata: {\"choices\":[{\n\n: ping\n\n" + Self.stop + "\n\ndata: oops\n\n"
        for cut in 0...text.utf8.count {
            let bytes = Array(text.utf8)
            let (reader, relayed) = run([ByteBuffer(bytes: bytes[..<cut]), ByteBuffer(bytes: bytes[cut...])])
            #expect(
                String(buffer: relayed).replacing(": ping\n\n", with: "") == Self.word + "\n\n" + Self.stop + "\n\n")
            #expect(reader.malformedEvents == 2 && reader.isFinished)
        }
    }

    @Test("an error ends what is relayed, in the provider's words; after the answer it is left out")
    func error() {
        let error = "data: {\"error\":{\"message\":\"overloaded\",\"code\":\"busy\"}}\n\n"
        let (early, nothing) = run([ByteBuffer(string: Self.word + "\n\n" + error + Self.stop + "\n\n")])
        #expect(String(buffer: nothing) == Self.word + "\n\n")
        #expect(early.error?.message == "overloaded" && early.error?.code == "busy" && !early.isFinished)
        let (late, all) = run([ByteBuffer(string: Self.stop + "\n\n" + error)])
        #expect(late.error == nil && late.isFinished && String(buffer: all) == Self.stop + "\n\n")
    }

    @Test("usage that the client did not ask for is read and left out; beside choices it stays")
    func usage() {
        var reader = ChatStreamReader(passesUsage: false)
        let both = Self.stop.replacing(
            "\"choices\"", with: "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2},\"choices\"")
        let out = reader.push(ByteBuffer(string: "\(Self.word)\n\n\(both)\n\n\(Self.usage)\n\n\(Self.done)\n\n"))
        #expect(out.map { String(buffer: $0) } == "\(Self.word)\n\n\(both)\n\n\(Self.done)\n\n")
        #expect(reader.usage == TokenUsage(input: 7, output: 9), "the last that is given counts, and once")
    }

    @Test("an event without end is found out, and memory stays bounded")
    func endless() {
        var reader = ChatStreamReader(eventLimit: 1000)
        for _ in 0..<100 {
            #expect(reader.push(ByteBuffer(repeating: UInt8(ascii: "x"), count: 100)) == nil)
        }
        #expect(reader.isOverlong && reader.end() == nil)
    }

    @Test("the transcript is the text, decoded, until there is something else than text")
    func transcript() {
        let escaped = Self.word.replacing("Hi é", with: "\\u0041\\n")
        var (reader, _) = run([ByteBuffer(string: Self.role + "\n\n" + Self.word + "\n\n" + escaped + "\n\n")])
        #expect(String(decoding: reader.transcript.content, as: UTF8.self) == "Hi éA\n")
        #expect(reader.transcript.isSpliceable && reader.transcript.id == "1")
        _ = reader.push(ByteBuffer(string: "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0}]}}]}\n\n"))
        #expect(!reader.transcript.isSpliceable)
    }
}
