import NIOCore
import Testing

@testable import TurnoutProviders

struct ChatStreamObserverTests {
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

    private func run(_ chunks: [ByteBuffer]) -> (ChatStreamObserver, ByteBuffer) {
        var observer = ChatStreamObserver()
        var relayed = ByteBuffer()
        for chunk in chunks {
            if let out = observer.push(chunk) { relayed.writeImmutableBuffer(out) }
        }
        if let out = observer.end() { relayed.writeImmutableBuffer(out) }
        return (observer, relayed)
    }

    @Test("every split of every fixture relays the same bytes and says the same", arguments: fixtures.indices)
    func splits(index: Int) {
        let bytes = Array(Self.fixtures[index].utf8)
        for cut in 0...bytes.count {
            let (observer, relayed) = run([ByteBuffer(bytes: bytes[..<cut]), ByteBuffer(bytes: bytes[cut...])])
            let tail = Self.fixtures[index].hasSuffix("data: [DONE]") ? "\n\n" : ""
            #expect(String(buffer: relayed) == Self.fixtures[index] + tail, "cut at \(cut)")
            #expect(observer.hasAnswer && observer.isFinished && observer.isComplete && !observer.hasFailed)
            #expect(observer.malformedEvents == 0)
        }
    }

    @Test("byte by byte is no different", arguments: fixtures.indices)
    func bytes(index: Int) {
        let (observer, relayed) = run(Self.fixtures[index].utf8.map { ByteBuffer(bytes: [$0]) })
        #expect(String(buffer: relayed).hasPrefix(Self.fixtures[index]))
        #expect(observer.isFinished)
    }

    @Test("a chunk that ends between two events is relayed as it came, without a copy")
    func wholeChunk() {
        var observer = ChatStreamObserver()
        let chunk = ByteBuffer(string: Self.word + "\n\n")
        #expect(observer.push(chunk) == chunk)
    }

    @Test("a torn event is kept back, so that nothing half-said reaches the client")
    func torn() {
        let (observer, relayed) = run([ByteBuffer(string: Self.word + "\n\n" + Self.stop.dropLast(5))])
        #expect(String(buffer: relayed) == Self.word + "\n\n")
        #expect(!observer.isComplete)
        #expect(observer.malformedEvents == 1)
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
        var observer = ChatStreamObserver()
        _ = observer.push(ByteBuffer(string: "data: \(data)\n\n"))
        #expect(observer.hasAnswer == expected)
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
        let (observer, _) = run(events.map { ByteBuffer(string: $0) })
        #expect(observer.isComplete == expected)
    }

    @Test("malformed events are counted and passed over")
    func malformed() {
        let (observer, _) = run([
            ByteBuffer(string: "data: {\"choices\":[{\n\n" + Self.word + "\n\n" + Self.stop + "\n\n")
        ])
        #expect(observer.malformedEvents == 1)
        #expect(observer.isFinished)
    }

    @Test("an error event is seen")
    func error() {
        let (observer, _) = run([ByteBuffer(string: "data: {\"error\":{\"message\":\"overloaded\"}}\n\n")])
        #expect(observer.hasFailed && !observer.hasAnswer)
    }

    @Test("an event without end is passed on in pieces and memory stays bounded")
    func endless() {
        var observer = ChatStreamObserver(eventLimit: 1000)
        var relayed = 0
        for _ in 0..<100 {
            relayed += observer.push(ByteBuffer(repeating: UInt8(ascii: "x"), count: 100))?.readableBytes ?? 0
        }
        #expect(relayed >= 9000)
        #expect(observer.isMidEvent && observer.end() == nil, "its tail cannot be judged alone")
        _ = observer.push(ByteBuffer(string: "\n\n"))
        #expect(!observer.isMidEvent)
    }
}
