import Foundation
import Testing
import TurnoutCore
import TurnoutEvaluation

@Suite("Reading outcomes")
struct OutcomeReaderTests {
    private func rows(_ name: String, _ text: String, _ options: OutcomeReader.Options = .init()) throws -> [OutcomeRow]
    {
        let file = try TemporaryFile(name, text)
        let reader = try OutcomeReader(path: file.path, options: options)
        var rows: [OutcomeRow] = []
        while let row = try reader.next() { rows.append(row) }
        return rows
    }

    private func message(_ name: String, _ text: String) -> String {
        do {
            _ = try rows(name, text)
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test("outcomes: scores, samples, nulls, costs, tokens and a category")
    func outcomes() throws {
        let row = try #require(
            try rows(
                "a.jsonl",
                #"""
                {"id": "q1", "prompt": "Hi", "scores": {"a": 1, "b": [0, 1, 1, 1], "c": null}, "cost_usd": {"a": 0.5}, "tokens": {"a": [3, 4]}, "category": "chat"}
                """#
            ).first)
        #expect(row.id == "q1" && row.prompt == "Hi" && row.category == "chat")
        #expect(row.scores == ["a": 1, "b": 0.75])
        #expect(row.samples == ["b": [0, 1, 1, 1]])
        #expect(row.costs == ["a": 0.5])
        #expect(row.tokens == ["a": TokenUsage(input: 3, output: 4)])
    }

    @Test("of a conversation the last user message is the text")
    func messages() throws {
        let text = #"""
            {"messages": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}, {"role": "user", "content": [{"type": "text", "text": "three"}]}], "scores": {"a": 0}}
            """#
        #expect(try rows("a.jsonl", text).map(\.prompt) == ["three"])
    }

    @Test("labelled texts are read, also under mapped columns")
    func labels() throws {
        #expect(try rows("a.jsonl", #"{"text": "x", "label": "easy"}"#).map(\.label) == ["easy"])
        var options = OutcomeReader.Options()
        options.columns = ColumnNames(text: "utterance", label: "intent")
        #expect(try rows("a.jsonl", #"{"utterance": "x", "intent": 7}"#, options).map(\.label) == ["7"])
    }

    @Test(
        "labels that are numbers or truth values are called as they are written, but 1.0 is 1",
        arguments: ["1", "1.0", "true", "2.5", "9007199254740993"])
    func plainLabels(_ label: String) throws {
        #expect(
            try rows("a.jsonl", "{\"text\": \"x\", \"label\": \(label)}").map(\.label)
                == [label == "1.0" ? "1" : label])
    }

    @Test("a row without its label or its text is told what is missing")
    func missingParts() throws {
        for label in ["null", "\"\"", "[1]"] {
            #expect(
                message("a.jsonl", "{\"text\": \"x\", \"label\": \(label)}")
                    .contains("model_b and winner, and 'label' is no text and no number; docs"))
        }
        #expect(message("a.jsonl", #"{"label": "x"}"#).contains("no 'prompt' or 'messages' or 'text', but 'label'"))
        var options = OutcomeReader.Options()
        options.columns = ColumnNames(label: "intent")
        let error = #expect(throws: TurnoutError.self) { try rows("a.jsonl", #"{"text": "x"}"#, options) }
        #expect(error?.message.contains("no 'intent', which --label-column names, but 'text'") == true)
    }

    @Test("a text that comes with two labels is known with both places, and refused where labels are learnt")
    func contradictions() throws {
        let file = try TemporaryFile(
            "a.jsonl",
            """
            {"text": "Hi", "label": "x"}
            {"text": "hi", "label": "x"}
            {"text": "hi ", "label": "y"}
            {"text": "HI", "label": "z"}
            """)
        let table = try OutcomeTable(paths: [file.path])
        #expect(table.rows.map(\.label) == ["x"] && table.contradiction?.rows == 2)
        let error = #expect(throws: TurnoutError.self) { try table.refuseContradictingLabels() }
        #expect(
            error?.message == """
                a.jsonl, line 3: the same text has the label 'y' here and 'x' in a.jsonl, line 1 (2 such rows in all); \
                keep one label for each text
                """)
        let other = try TemporaryFile("b.jsonl", #"{"text": "Hi", "label": "x"}"#)
        try OutcomeTable(paths: [other.path]).refuseContradictingLabels()
        let late = try TemporaryFile(
            "c.jsonl",
            """
            {"text": "Hi", "scores": {"a": 1}}
            {"text": "Hi", "label": "x"}
            {"text": "Hi", "label": "y"}
            """)
        #expect(try OutcomeTable(paths: [late.path]).contradiction?.places == ["c.jsonl, line 2", "c.jsonl, line 3"])
    }

    @Test("CSV: quotes, commas and line ends in fields, score columns, an empty score")
    func csv() throws {
        let read = try rows(
            "a.csv", "prompt,score:a,score:b,category\r\n\"say \"\"hi\"\",\nplease\",1,,x\r\n\r\nplain,0.5,1,y\r\n")
        #expect(read.map(\.prompt) == ["say \"hi\",\nplease", "plain"])
        #expect(read.map(\.scores) == [["a": 1], ["a": 0.5, "b": 1]])
        #expect(read.map(\.line) == [2, 5])
    }

    @Test("a byte-order mark, CRLF, blank lines and a missing last line end are all right")
    func lineEnds() throws {
        let line = #"{"prompt": "x", "scores": {"a": 1}}"#
        #expect(try rows("a.jsonl", "\u{FEFF}" + line + "\r\n\r\n   \n" + line).map(\.line) == [1, 4])
        #expect(try rows("a.csv", "\u{FEFF}prompt,score:a\nx,1").map(\.prompt) == ["x"])
        #expect(try rows("a.csv", "prompt,score:a\nx,1").first?.place == "a.csv, line 2")
    }

    @Test("gzip is recognised by its bytes")
    func gzip() throws {
        // printf '{"prompt": "x", "scores": {"a": 1}}\n' | gzip -9n | base64
        let data = try #require(
            Data(base64Encoded: "H4sIAAAAAAACA6tWKijKzy0oUbJSUKpQ0lFQKk7OL0otBnKrlRKBpGFtLRcANHg6cSQAAAA="))
        let file = try TemporaryFile("a.jsonl", data)
        #expect(try OutcomeReader(path: file.path).next()?.scores == ["a": 1])
        let cut = try TemporaryFile("b.jsonl.gz", data.prefix(30))
        #expect(throws: TurnoutError.self) {
            let reader = try OutcomeReader(path: cut.path)
            while try reader.next() != nil {}
        }
    }

    @Test(
        "a bad row is named by file and line, with a reason",
        arguments: [
            ("{\"prompt\": \"x\", \"scores\"", "not valid JSON"), ("[1]", "JSON array"), ("hello", "not a JSON object"),
            ("{\"scores\": {\"a\": 1}}", "--text-column"), ("{\"prompt\": \"  \", \"scores\": {\"a\": 1}}", "empty"),
            ("{\"prompt\": \"x\", \"scores\": {\"a\": \"good\"}}", "finite number"),
            ("{\"prompt\": \"x\", \"scores\": 3}", "not an object"), ("{\"prompt\": \"x\"}", "docs/data.md"),
            ("{\"prompt\": \"x\", \"model_a\": \"m\", \"model_b\": \"n\"}", "winner"),
            ("{\"prompt\": \"x\", \"model_a\": \"m\", \"model_b\": \"n\", \"winner\": \"c\"}", "expected a, b or tie"),
            ("{\"prompt\": \"x\", \"model_a\": \"m\", \"model_b\": \"m\", \"winner\": \"a\"}", "the same model"),
            (
                "{\"prompt\": \"x\", \"model_a\": \"m\", \"model_b\": \"n\", \"winner_model_a\": 1, \"winner_tie\": 1}",
                "winner_model_a and winner_tie are both set"
            ),
            ("{\"prompt\": \"x\", \"scores\": {\"a\": NaN}}", "numbers must be finite"),
            ("{\"prompt\": \"x\", \"quality\": 1}", "'prompt', 'quality'"),
            ("{\"query\": \"x\", \"scores\": {\"a\": 1}}", "'query', 'scores'"),
        ])
    func bad(line: String, reason: String) {
        let message = message("bad.jsonl", "{\"prompt\": \"x\", \"scores\": {\"a\": 1}}\n" + line + "\n")
        #expect(message.contains("bad.jsonl, line 2") && message.contains(reason))
    }

    private static let foreignFiles: [(String, [UInt8])] = [
        ("Parquet", Array("PAR1..".utf8)),
        ("zstd", [0x28, 0xB5, 0x2F, 0xFD, 0]),
        ("unzip", [0x50, 0x4B, 3, 4, 0]),
        ("UTF-16", [0xFF, 0xFE, 0x7B, 0]),
        ("bzip2", Array("BZh9".utf8)),
        ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]),
        ("iconv", Array("{\"prompt\": \"".utf8) + [0xE9] + Array("\", \"scores\": {\"a\": 1}}".utf8)),
        ("not UTF-8 text", [0x00, 0x01, 0x02, 0x0A]),
        ("damaged", [0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ]

    @Test("what is not text in UTF-8 is named for what it is", arguments: foreignFiles)
    func foreign(words: String, bytes: [UInt8]) throws {
        let file = try TemporaryFile("odd.jsonl", Data(bytes))
        let error = #expect(throws: TurnoutError.self) {
            let reader = try OutcomeReader(path: file.path)
            while try reader.next() != nil {}
        }
        #expect(error?.message.contains("odd.jsonl") == true)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test("a field that is to be excluded and that no row has is a slip of the pen")
    func unknownField() throws {
        let file = try TemporaryFile("a.jsonl", #"{"prompt": "x", "scores": {"a": 1}, "contaminated": false}"#)
        var options = OutcomeReader.Options()
        options.exclude = ["contaminatd"]
        let error = #expect(throws: TurnoutError.self) { try OutcomeTable(paths: [file.path], options: options) }
        #expect(error?.message.contains("a.jsonl has the field 'contaminatd' named with --exclude") == true)
        options.exclude = ["contaminated"]
        #expect(try OutcomeTable(paths: [file.path], options: options).rows.count == 1)
    }

    @Test("a row without the field to group by is named by file and line")
    func missingGroup() throws {
        let file = try TemporaryFile(
            "a.jsonl",
            #"{"prompt": "x", "scores": {"a": 1}, "topic": "t"}"# + "\n" + #"{"prompt": "y", "scores": {"a": 1}}"#)
        var options = OutcomeReader.Options()
        options.groupBy = "topic"
        let table = try OutcomeTable(paths: [file.path], options: options)
        let error = #expect(throws: TurnoutError.self) { try OutcomeTable.groups(of: table.rows) }
        #expect(error?.message.hasPrefix("a.jsonl, line 2: the row lacks the field named with --group-by") == true)
    }

    @Test(
        "times are dates or numbers",
        arguments: [
            (#""2024-05-01""#, 1_714_521_600.0), (#""2024-05-01 12:30:00""#, 1_714_566_600),
            (#""2024-05-01T12:30:00.5+02:00""#, 1_714_559_400.5), ("1714521600", 1_714_521_600), (#""7""#, 7),
        ])
    func times(value: String, seconds: Double) throws {
        var options = OutcomeReader.Options()
        options.timeField = "at"
        let text = #"{"prompt": "x", "scores": {"a": 1}, "at": "# + value + "}"
        #expect(try rows("a.jsonl", text, options).map(\.time) == [seconds])
    }

    @Test(
        "a row without a time, or with words for one, is named",
        arguments: [("", "lacks 'at'"), (#", "at": "May""#, "no time")])
    func badTimes(field: String, words: String) throws {
        var options = OutcomeReader.Options()
        options.timeField = "at"
        let error = #expect(throws: TurnoutError.self) {
            try rows("a.jsonl", #"{"prompt": "x", "scores": {"a": 1}"# + field + "}", options)
        }
        #expect(error?.message.contains("a.jsonl, line 1: ") == true && error?.message.contains(words) == true)
    }

    @Test(
        "errors of CSV files name the line",
        arguments: [
            ("prompt,score:a\nx,1,2\n", "line 2: 3 fields"), ("prompt,score:a\n\"x,1\n", "never closed"),
            ("prompt,score:a\n\"x\"y,1\n", "closing quote"), ("prompt,prompt\nx,1\n", "stands twice"), ("", "empty"),
        ])
    func badCSV(text: String, reason: String) {
        #expect(message("bad.csv", text).contains(reason))
    }

    @Test("bad rows can be skipped, counted and explained; excluded ones are counted by themselves")
    func skipping() throws {
        var options = OutcomeReader.Options()
        options.skipBadRows = true
        options.exclude = ["contaminated"]
        let good = #"{"prompt": "x", "scores": {"a": 1}}"#
        let file = try TemporaryFile(
            "a.jsonl",
            [good, "nonsense", #"{"prompt": "y", "scores": {"a": 1}, "contaminated": true}"#, good].joined(
                separator: "\n"))
        let reader = try OutcomeReader(path: file.path, options: options)
        var count = 0
        while try reader.next() != nil { count += 1 }
        #expect(count == 2)
        #expect(reader.skipped.bad == 1 && reader.skipped.excluded == 1)
        #expect(reader.skipped.reasons.first?.contains("line 2") == true)
    }

    @Test("the same prompt twice is one row with the mean score")
    func duplicates() throws {
        let file = try TemporaryFile(
            "a.jsonl",
            """
            {"prompt": "Hello  World", "scores": {"a": 1, "b": 0}}
            {"prompt": " hello world\\n", "scores": {"a": 0}}
            {"prompt": "HELLO WORLD", "scores": {"a": 0, "c": 1}}
            {"prompt": "other", "scores": {"a": 1}}
            """)
        let table = try OutcomeTable(paths: [file.path])
        #expect(table.rows.map(\.scores) == [["a": 1.0 / 3, "b": 0, "c": 1], ["a": 1]])
        #expect(table.files.map(\.duplicates) == [2] && table.files.map(\.rows) == [2])
        #expect(table.files.first?.sha256.count == 64)
        #expect(table.models == ["a", "b", "c"])
    }

    @Test("a missing file, a folder and a file without rows each say so")
    func noRows() throws {
        #expect(throws: TurnoutError.self) { try OutcomeTable(paths: ["/nowhere/at/all.jsonl"]) }
        #expect(throws: TurnoutError.self) { try OutcomeReader(path: NSTemporaryDirectory()) }
        let empty = try TemporaryFile("empty.jsonl", "\n\n")
        #expect(throws: TurnoutError.self) { try OutcomeTable(paths: [empty.path]) }
    }

    @Test("a question is what stands before the first answer")
    func questions() {
        #expect(
            TextIdentity.question("What is it?\nA. one\nB. two")
                == TextIdentity.question("What is it?\n (A) two\n(B) x"))
        #expect(TextIdentity.question("A. first line\nrest") == "a first line rest")
        #expect(TextIdentity.normalised("  Xin   CHÀO\n") == "xin chào")
    }
}
