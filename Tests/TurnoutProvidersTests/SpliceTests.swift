import NIOCore
import Testing

@testable import TurnoutProviders

struct SpliceTests {
    private static func text(_ text: String, id: String = "second") -> String {
        "data: {\"id\":\"\(id)\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\(JSONText.quoted(text))}}]}\n\n"
    }
    private static func thought(_ text: String) -> String {
        "data: {\"id\":\"second\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\(JSONText.quoted(text))}}]}\n\n"
    }
    private static let role =
        "data: {\"id\":\"second\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
    private static let stop =
        "data: {\"id\":\"second\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"

    /// What the client has after these events.
    private func begun(_ events: [String]) -> Transcript {
        var reader = ChatStreamReader()
        _ = reader.push(ByteBuffer(string: events.joined()))
        return reader.transcript
    }

    /// What the client gets of a second stream, cut at a byte; `nil` where it is another answer.
    private func spliced(_ begun: Transcript, _ way: Splice.Way, _ events: [String], cut: Int = 0) -> String? {
        var reader = ChatStreamReader(splice: Splice(begun, way))
        let bytes = Array(events.joined().utf8)
        var out = ""
        for part in [bytes[..<cut], bytes[cut...]] {
            if let ready = reader.push(ByteBuffer(bytes: part)) { out += String(buffer: ready) }
        }
        return reader.hasDiverged || reader.isCatchingUp ? nil : out
    }

    /// The text that a client puts together.
    private func content(_ events: String) -> String {
        var reader = ChatStreamReader()
        _ = reader.push(ByteBuffer(string: events))
        return String(decoding: reader.transcript.content, as: UTF8.self)
    }

    private static let answer = "Grüße, \"Welt\"!\n\tZwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich."

    @Test("wherever the first stream broke, however the second cuts its tokens, the client has one whole answer")
    func everyCut() throws {
        let scalars = Array(Self.answer)
        for cut in 1..<scalars.count {
            let first = begun([Self.text(String(scalars[..<cut]), id: "first")])
            for length in [1, 3, 7, scalars.count] {
                let tokens = stride(from: 0, to: scalars.count, by: length)
                    .map { Self.text(String(scalars[$0..<min($0 + length, scalars.count)])) }
                let events: [String] = [Self.role] + tokens + [Self.stop]
                let rest = try #require(spliced(first, .repeats, events), "cut at \(cut)")
                #expect(String(scalars[..<cut]) + content(rest) == Self.answer)
                #expect(!rest.contains("second") && rest.contains("first"), "it keeps the name it has")
                #expect(rest.contains("\"finish_reason\":\"stop\""))
            }
        }
    }

    @Test("every split of the second stream's bytes gives the same")
    func everySplit() {
        let first = begun([Self.text("Hé", id: "first")])
        let events = [Self.role, Self.text("H"), Self.text("éllo"), Self.stop]
        let expected = spliced(first, .repeats, events)
        #expect(expected != nil)
        for cut in 0...events.joined().utf8.count {
            #expect(spliced(first, .repeats, events, cut: cut) == expected, "cut at \(cut)")
        }
    }

    @Test("an answer that differs by a character is another answer, and nothing of it is shown")
    func diverged() {
        let first = begun([Self.text("abc", id: "first")])
        for events in [
            [Self.text("abd")], [Self.text("a"), Self.text("x")], [Self.text("ab"), Self.stop], [Self.stop],
            ["data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0}]}}]}\n\n"],
        ] {
            #expect(spliced(first, .repeats, events) == nil)
        }
    }

    @Test("an answer that ends where the first one broke is complete with its finish reason alone")
    func onlyTheEnd() {
        let first = begun([Self.text("abc", id: "first")])
        let rest = spliced(first, .repeats, [Self.text("abc"), Self.stop])
        #expect(rest.map(content) == "" && rest?.contains("finish_reason") == true)
    }

    @Test("thoughts are compared only while the client has nothing else")
    func thoughts() {
        let thinking = begun([Self.thought("hm, let me")])
        #expect(spliced(thinking, .repeats, [Self.thought("hm, "), Self.thought("let me see"), Self.text("x")]) != nil)
        #expect(spliced(thinking, .repeats, [Self.thought("well, "), Self.text("x")]) == nil)
        let said = begun([Self.thought("hm"), Self.text("ab", id: "first")])
        let rest = spliced(
            said, .repeats, [Self.thought("another thought"), Self.text("ab"), Self.text("c"), Self.stop])
        #expect(rest.map(content) == "c")
    }

    @Test(
        "a continuation goes on at the seam, and what it repeats of the end is left out",
        arguments: [
            (["and then there was light, and it was good enough for everybody who looked"], "and then"),
            (["the heavens and the earth. And ", "the earth was without form, and void; and so on"], " And the earth"),
            ([" short"], " short"), ([], ""),
        ])
    func continues(tokens: [String], expected: String) throws {
        let first = begun([Self.text("In the beginning somebody created the heavens and the earth.", id: "first")])
        let events: [String] = [Self.role] + tokens.map { Self.text($0) } + [Self.stop]
        let rest = try #require(spliced(first, .continues, events))
        #expect(content(rest).hasPrefix(expected) && rest.contains("finish_reason"))
        #expect(content(rest).count <= tokens.joined().count)
    }

    @Test("a model that begins anew where it should go on is spliced like any other")
    func beginsAnew() throws {
        let text = "In the beginning somebody created the heavens and the earth, all in six days."
        let first = begun([Self.text(String(text.prefix(60)), id: "first")])
        let events = [Self.text(String(text.prefix(50))), Self.text(String(text.dropFirst(50))), Self.stop]
        let rest = try #require(spliced(first, .continues, events))
        #expect(text.prefix(60) + content(rest) == text)
    }
}
