import Testing
import TurnoutCore
import TurnoutEvaluation

@Suite("Splits by time")
struct TimeSplitTests {
    private func rows(_ times: [Double?]) -> [OutcomeRow] {
        times.enumerated().map { index, time in
            var row = OutcomeRow(prompt: "p\(index)", line: index + 1)
            row.time = time
            return row
        }
    }

    @Test("rows of the moment itself are tested on, earlier ones learnt from, in their order")
    func divided() throws {
        let split = try TimeSplit(rows([5, 1, 4, 2, 4, 3]), at: 4)
        #expect(split.later.map(\.prompt) == ["p0", "p2", "p4"] && split.earlier.map(\.prompt) == ["p1", "p3", "p5"])
    }

    @Test("a moment before or after all rows, and a row without a time, are refused with a remedy")
    func refused() throws {
        func message(_ times: [Double?], _ moment: Double) throws -> String {
            try #require(#expect(throws: TurnoutError.self) { try TimeSplit(rows(times), at: moment) }).message
        }
        #expect(try message([1, 2], 0).contains("all 2 prompts are of that time or later; choose a time later"))
        #expect(try message([1, 2], 3).contains("earlier than that; choose a time earlier"))
        #expect(try message([1, nil], 2).contains("line 2: the row has no time"))
    }

    @Test("a prompt that was asked several times is as old as the first of them")
    func firstAsked() throws {
        let file = try TemporaryFile(
            "times.jsonl",
            """
            {"prompt": "a", "scores": {"m": 1}, "asked": "2024-05-02"}
            {"prompt": "A", "scores": {"m": 0}, "asked": "2024-04-30"}
            {"prompt": "b", "scores": {"m": 0}, "asked": "2024-05-03"}
            """)
        var options = OutcomeReader.Options()
        options.timeField = "asked"
        let table = try OutcomeTable(paths: [file.path], options: options)
        let moment = try #require(TimeStamp.seconds("2024-05-01"))
        let split = try TimeSplit(table.rows, at: moment)
        #expect(split.earlier.map(\.prompt) == ["a"] && split.later.map(\.prompt) == ["b"])
    }
}
