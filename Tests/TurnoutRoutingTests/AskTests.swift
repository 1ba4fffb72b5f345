import Foundation
import Testing
import TurnoutNumerics

@testable import TurnoutRouting

struct AskTests {
    private func ask(_ turns: String...) -> String { Ask(latestFirst: turns.reversed()).text }

    private let long = String(repeating: "a line of a file\n", count: 100)

    @Test(
        "an ordinary message comes out as it went in",
        arguments: [
            "Hi", "Could you sort it?", "I have a list", "What is the capital of France?", "  two\n\nparagraphs\r\n",
            "if a < b then a else b", "a <b> c </b>",
            "```\nlet x = 1\n```", "Explain `<task>` in XML", "[link](x) says\n# Heading\ntext", "Từ này nghĩa là gì?",
            "<p>Is this valid?</p>", "1. Note: one\n2. Note: two", "From: a\nTo: b\nSubject: c\n\nDear b,\n", "\u{0}",
            "Context: work\nWrite a short mail.",
        ])
    func unchanged(text: String) {
        #expect(ask(text) == text)
    }

    @Test("only the messages that are needed are read")
    func lazily() {
        var read = 0
        let turns = ["Explain the theory of relativity to a child of six", "b", "c"].lazy.map { text in
            read += 1
            return text
        }
        #expect(Ask(latestFirst: turns).text == "Explain the theory of relativity to a child of six")
        #expect(read == 1)
    }

    @Test(
        "what an agent adds is taken off",
        arguments: [
            ("<system-reminder>be brief</system-reminder>\nSort this", "Sort this"),
            ("Sort this\n\n<SYSTEM_REMINDER>be brief", "Sort this\nbe brief"),
            ("<env>\nlinux\n</env>\n<userRequest>\nSort this\n</userRequest>\n<x>no</x>", "Sort this"),
            ("<user_query>one</user_query> and <user_query>two</user_query>", "one\ntwo"),
            ("<task>one</task>", "one"), ("Explain\n<task>one</task>", "Explain\n<task>one</task>"),
            ("<user_query>never closed", "never closed"),
            ("<gitStatus/>\nSort <b>this</b>", "Sort <b>this</b>"),
            ("[Request interrupted by user]\nGo left", "Go left"),
            ("[run for 'x'] Result:\nout\n<feedback>\nno, use y\n</feedback>", "no, use y"),
        ])
    func wrapping(text: String, expected: String) {
        #expect(ask(text) == expected)
    }

    @Test("long blocks count as pasted and short ones as part of the request")
    func pasted() {
        #expect(ask("Why?\n```swift\n\(long)```\nBe brief.") == "Why?\nBe brief.")
        #expect(ask("Why?\n~~~~\n```\n\(long)~~~~") == "Why?")
        #expect(ask("Why?\n```\n\(long)") == "Why?")
        #expect(ask("Why?\n<file path=\"a\">\n\(long)</file>") == "Why?")
        #expect(ask("Why?\n<file path=\"a\">\nshort\n</file>") == "Why?\n<file path=\"a\">\nshort\n</file>")
        #expect(ask("<instructions>\n\(long)</instructions>\nGo").contains("a line of a file"))
        #expect(ask("```\n\(long)```") == "```\n\(long)```")
    }

    @Test("a message without words of the user's own gives way to the one before")
    func notReal() {
        #expect(ask("Sort the list", "<bash-stdout>ok</bash-stdout>", "  \n") == "Sort the list")
        #expect(ask("Sort the list", "[read for 'x'] Result:\nwhat is this?") == "Sort the list")
        #expect(
            ask("Sort the list", "I have *added these files to the chat* so that you can edit them.") == "Sort the list"
        )
        #expect(ask("<bash-stdout>ok</bash-stdout>") == "<bash-stdout>ok</bash-stdout>")
        #expect(Ask(latestFirst: []).text == "")
    }

    @Test(
        "a short message that refers back carries the earlier ask along",
        arguments: [
            "commit it", "yes, go on", "the same in French", "làm tiếp đi", "继续", "now make this twice as fast",
        ])
    func followUp(text: String) {
        let first = "Write a function that finds the shortest path in a graph with negative edges"
        #expect(ask(first, text) == "\(text)\n[earlier] \(first)")
        #expect(ask(first, "and in C", text) == "\(text)\n[earlier] \(first)")
        #expect(ask(text) == text)
        #expect(ask("Hi", text) == text)
    }

    @Test("a message that says what it wants stands alone")
    func standsAlone() {
        let text = "What is the boiling point of water at two thousand metres?"
        #expect(ask("Write a poem about the sea in the manner of a railway timetable", text) == text)
    }

    @Test(
        "of a few-shot prompt the instruction, the query and the number of examples stay",
        arguments: [
            ("Q: 1+1?\nA: 2\nQ: 2+2?", "2+2?\n[examples: 1]"),
            ("Q: 1+1?\nA: 2\nQ: 2+2?\nA:", "2+2?\n[examples: 1]"),
            (
                "Reply.\n\n### Input 1:\na\n### Output 1:\nb\n### Input 2:\nc\n### Output 2:\n",
                "Reply.\nc\n[examples: 1]"
            ),
            ("English: dog\nFrench: chien\n\nEnglish: cat\nFrench:", "English: cat\n[examples: 1]"),
            ("**Question:** a?\n**Answer:** b\n**Question:** c?\n**Answer:**", "c?\n[examples: 1]"),
        ])
    func examples(text: String, expected: String) {
        #expect(ask(text) == expected)
    }

    @Test(
        "what only looks like examples is left alone",
        arguments: [
            "Q: one?\nA: 1\nQ: two?\nA: 2", "User: hi\nAssistant: hello\nUser: bye\nAssistant:",
            "Alice: hi\nBob: hey\nAlice: bye\nSummarise this chat.", "Name: x\nName: y\nName:", "Q: only one?\nA:",
        ])
    func noExamples(text: String) {
        #expect(ask(text) == text)
    }

    @Test("of a retrieval prompt the question comes first and the passages are sampled")
    func retrieval() {
        #expect(ask("Use it.\nContext: c\nQuestion: q?") == "q?\nUse it.\n[context] c")
        #expect(ask("## Question\nq?\n\n## Context\nc") == "q?\n[context] c")
        let text = ask("Documents:\n\(String(repeating: "é passage. ", count: 500))\n\nQuery: q?\nAnswer:")
        #expect(text.hasPrefix("q?\n[context] é passage.") && text.utf8.count < 1100 && text.contains("[…]"))
    }

    @Test("of a long text head and tail stay, cut between characters", arguments: ["a", "é", "中", "😀"])
    func budget(letter: String) {
        let text = "Begin " + String(repeating: letter, count: 20_000) + " end"
        let short = ask(text)
        #expect(short.utf8.count <= Ask.byteLimit && short.utf8.count > Ask.byteLimit - 10)
        #expect(short.hasPrefix("Begin ") && short.hasSuffix(" end") && !short.contains("\u{FFFD}"))
        let followUp = ask(text, "go on")
        #expect(followUp.utf8.count <= Ask.earlierLimit + 32 && followUp.hasPrefix("go on\n[earlier] Begin"))
    }

    @Test("no arrangement of tags, fences and labels crashes it, and the limit holds", arguments: 0..<4)
    func fuzz(seed: UInt64) {
        let pieces = [
            "<", ">", "</", "/>", "<task>", "</task>", "<user_query>", "</user_query>", "<feedback>", "</feedback>",
            "<system-reminder>", "</system-reminder>", "<doc>", "</doc>", "<a b='", "```", "~~~~", "````swift", "\n",
            "\n\n",
            "\r\n", " ", "   ", "Q:", "A: x", "Context:", "Question: q", "### Input", "Output:", "**",
            "[read for 'x'] Result:",
            "# AGENTS.md instructions for ", "## My request for ", "word", "é", "中", "😀", "\u{0}", long, "yes",
        ]
        var random = SeededRandom(seed: seed)
        for _ in 0..<400 {
            let turns = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    pieces[Int.random(in: 0..<pieces.count, using: &random)]
                }.joined()
            }
            let text = Ask(latestFirst: turns).text
            #expect(text.utf8.count <= Ask.byteLimit)
            // An ask without structure is final: finding it again changes nothing.
            if !text.contains("\n"), !text.contains("<"), !text.hasPrefix("["), !text.hasPrefix("#") {
                #expect(Ask(latestFirst: [text]).text == text)
            }
        }
    }

    @Test(
        "texts built against it take time in step with their length",
        arguments: [
            "<a>\n", "<task>", "<user_query>", "<system-reminder>", "<rules><feedback></feedback>", "```\n", "Q:\n",
            "<x ",
            "<feedback><rules></feedback>", "\n<b>\n</b", "[a]\n", "Context:\nQuestion: q\n", "~~~\n```\n", "<p q\n",
        ])
    func linear(piece: String) {
        // Sixteen times the text; a method that takes the square of the length would take 256 times as long. The time
        // of this thread's own work, so that a busy machine does not count.
        func seconds(_ bytes: Int) -> Double {
            let text = String(repeating: piece, count: bytes / piece.utf8.count)
            return (0..<3).map { _ in
                let start = Self.threadSeconds()
                _ = Ask(latestFirst: [text])
                return Self.threadSeconds() - start
            }.min() ?? 0
        }
        #expect(seconds(64_000) < 80 * seconds(4_000))
    }

    private static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
