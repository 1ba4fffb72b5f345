import Foundation
import Testing
import TurnoutCore

@testable import TurnoutEvaluation

@Suite("Splits of files")
struct FileSplitTests {
    /// Odd spacing and key order, so that a row that was decoded and written anew would not be the same.
    private static func line(_ number: Int, prompt: String? = nil) -> String {
        let label = number % 4 == 0 ? "rare" : "common"
        let text = prompt ?? "text \(number) é\\n"
        return #"{ "label":"\#(label)",  "text" :"\#(text)", "day": "2026-01-\#(10 + number)", "x":1.50 }"#
    }

    private func parts(_ file: borrowing TemporaryFile, _ split: FileSplit) throws -> (train: [String], test: [String])
    {
        let beginning = file.path + "-part"
        try split.write(training: beginning + "1", test: beginning + "2")
        func lines(_ path: String) throws -> [String] {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.hasSuffix("\n"))
            return text.split(separator: "\n").map(String.init)
        }
        return (try lines(beginning + "1"), try lines(beginning + "2"))
    }

    @Test("rows keep their bytes and their order, and every one is on one side")
    func bytes() throws {
        let lines = (0..<20).map { Self.line($0) }
        let file = try TemporaryFile(
            "rows.jsonl", lines[..<9].joined(separator: "\n") + "\n\n" + lines[9...].joined(separator: "\r\n"))
        let split = try FileSplit(path: file.path, rule: .stratified(by: "label"), share: 0.2, seed: 5)
        let (train, test) = try parts(file, split)
        #expect(lines.filter { train.contains($0) } == train && lines.filter { test.contains($0) } == test)
        #expect((train.count, test.count) == (16, 4) && Set(train).isDisjoint(with: test))
        #expect(split.strata.map { [$0.training, $0.test] } == [[12, 3], [4, 1]])
        #expect(split.strata.map(\.name) == ["common", "rare"])
    }

    @Test("rows of one prompt stay on one side, however it is spelt")
    func repeats() throws {
        let lines = (0..<20).map { Self.line($0, prompt: $0 % 2 == 0 ? "The same  Question" : "the same question") }
        let other = (0..<20).map { Self.line($0, prompt: "question \($0 / 5)") }
        let file = try TemporaryFile("rows.jsonl", (lines + other).joined(separator: "\n"))
        let split = try FileSplit(path: file.path, rule: .random, share: 0.4, seed: 5)
        let (train, test) = try parts(file, split)
        for prompt in ["ame", "question 0", "question 1", "question 2", "question 3"] {
            #expect(train.contains { $0.contains(prompt) } != test.contains { $0.contains(prompt) }, "\(prompt)")
        }
        #expect((split.repeatedRows, split.sharedRows) == (35, 0))
        let late = try FileSplit(path: file.path, rule: .latest(by: "day"), share: 0.4, seed: 5)
        #expect(late.testRows == 16 && late.sharedRows == 16 - 5, "question 3 is all of the last five days")
    }

    @Test("what cannot be split is refused in a sentence, and nothing is written")
    func refusals() throws {
        func message(_ name: String, _ text: String, _ rule: FileSplit.Rule) throws -> String {
            let file = try TemporaryFile(name, text)
            let path = file.path
            let error = #expect(throws: TurnoutError.self) {
                try FileSplit(path: path, rule: rule, share: 0.5, seed: 0)
            }
            return error?.message ?? ""
        }
        let rows = (0..<4).map { Self.line($0) }.joined(separator: "\n")
        #expect(
            try message("a.csv", "text,label\nx,y\n", .random).hasPrefix("a.csv: CSV, of which rows cannot be copied"))
        #expect(try message("a.jsonl", "", .random) == "a.jsonl: no rows cannot be split; add some")
        #expect(try message("a.jsonl", rows, .grouped(by: "topic")).contains("line 1: the row lacks the field 'topic'"))
        #expect(try message("a.jsonl", rows, .latest(by: "asked")).contains("line 1: the row lacks 'asked'"))
        #expect(try message("a.jsonl", rows, .stratified(by: "label")).contains("class 'rare' has one row"))
        #expect(try message("a.jsonl", rows + "\n{", .random).contains("line 5: not valid JSON"))
    }

    @Test("what can be read only once is refused")
    func pipe() throws {
        let error = #expect(throws: TurnoutError.self) {
            _ = try FileSplit(path: "/dev/null", rule: .random, share: 0.2, seed: 1)
        }
        #expect(error?.code == .invalidArgument && error?.message.contains("read twice") == true)
    }

    @Test("a file that has become shorter is not split")
    func changed() throws {
        let file = try TemporaryFile("rows.jsonl", (0..<9).map { Self.line($0) }.joined(separator: "\n"))
        let split = try FileSplit(path: file.path, rule: .random, share: 0.5, seed: 0)
        try Data(Self.line(0).utf8).write(to: URL(filePath: file.path))
        let (train, test) = (file.path + "-train", file.path + "-test")
        let error = #expect(throws: TurnoutError.self) { try split.write(training: train, test: test) }
        #expect(error?.message.contains("has changed while it was being read") == true)
        #expect(!FileManager.default.fileExists(atPath: train) && !FileManager.default.fileExists(atPath: test))
    }
}
