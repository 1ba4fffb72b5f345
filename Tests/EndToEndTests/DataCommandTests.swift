import Foundation
import Testing

@Suite("turnout data")
struct DataCommandTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func write(_ lines: [String], as name: String) throws {
        try lines.joined(separator: "\n").write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    private var outcomes: [String] {
        (0..<60).map { i in
            let model = "a model with a name that is far too long for its column in the table, number"
            return
                #"{"prompt": "What is \#(i) times \#(i * i)?", "scores": {"\#(model) 1": \#(i % 2), "\#(model) 2": 1}}"#
        }
    }

    @Test("a person gets lines of at most 80 columns, a program one JSON object")
    func describe() async throws {
        try write(outcomes, as: "train.jsonl")
        try write([#"{"prompt": "What is 7 times 49?", "label": "x"}"#], as: "test.jsonl")
        let text = try await TurnoutProcess.run(
            shell: "turnout data describe train.jsonl --test test.jsonl --quiet", in: folder)
        #expect(text.status == 0, "\(text.standardError)")
        #expect(text.standardOutput.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text.standardOutput)")
        #expect(text.standardOutput.contains("and test.jsonl, line 1"), "\(text.standardOutput)")
        #expect(text.standardOutput.contains("2' is 1: there is nothing to learn about it"))
        let json = try await TurnoutProcess.run(shell: "turnout data describe train.jsonl --json --quiet", in: folder)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.standardOutput.utf8)) as? [String: Any])
        for key in ["files", "models", "pairs", "ratings", "warnings", "uses", "characters", "distinct_prompts"] {
            #expect(object[key] != nil, "\(key)")
        }
    }

    @Test("training can leave out what is like a test file, and says how much that was")
    func excludeSimilar() async throws {
        try write(
            (0..<80).map { i in
                let prompt = i % 2 == 0 ? "Prove lemma \(i) on compact sets." : "What is \(i) plus \(i * 7)?"
                return
                    #"{"prompt": "\#(prompt)", "scores": {"weak": \#(i % 2 ^ (i % 14 == 0 ? 1 : 0)), "strong": \#(i % 9 == 0 ? 0 : 1)}}"#
            }, as: "train.jsonl")
        try write([#"{"prompt": "What is 7 plus 49?", "scores": {"weak": 1}}"#], as: "test.jsonl")
        let line =
            "turnout train --data train.jsonl --exclude-similar-to test.jsonl --similarity 0.999 -o a --quiet --json"
        let result = try await TurnoutProcess.run(shell: line, in: folder)
        #expect(result.status == 0, "\(result.standardError)")
        let summary = try #require(
            try JSONSerialization.jsonObject(with: Data(result.standardOutput.utf8)) as? [String: Any])
        let (rows, similar) = (summary["rows"] as? Int ?? 0, summary["similar_rows"] as? Int ?? 0)
        #expect(similar >= 1 && rows + similar == 80, "\(summary)")
    }

    @Test(
        "slips in options are answered with words",
        arguments: [
            ("data describe train.jsonl --exclude contaminatd", 2, "no row of train.jsonl has the field 'contaminatd'"),
            ("data describe train.jsonl --similarity 2", 2, "lies in 0…1"),
            ("data describe absent.jsonl", 3, "absent.jsonl: no such file"),
            ("data describe train.jsonl --score-column x", 2, "COLUMN=MODEL"),
            ("data split train.jsonl -o a --test-size 1", 2, "must lie between 0 and 1"),
            ("data split train.jsonl -o a --stratify label --group-by label", 2, "exclude each other"),
            ("data split train.jsonl -o a --stratify label", 3, "line 1: the row lacks the field 'label'"),
            ("data split x-test.jsonl -o ./x", 2, "would replace x-test.jsonl itself"),
            ("train --data train.jsonl --weight train.jsonl=-1 -o a", 2, "FILE=NUMBER"),
            ("train --data train.jsonl --weight other.jsonl=2 -o a", 2, "other.jsonl has a weight, but is not read"),
            ("train --data train.jsonl --group-by topic -o a", 3, "train.jsonl, line 1: the row lacks the field"),
        ])
    func slips(arguments: String, status: Int32, words: String) async throws {
        try write(
            (0..<60).map { #"{"prompt": "prompt \#($0)", "scores": {"a": \#($0 % 2), "b": \#(($0 + 1) % 2)}}"# },
            as: "train.jsonl")
        let result = try await TurnoutProcess.run(shell: "turnout \(arguments) --quiet", in: folder)
        #expect(result.status == status, "\(result.standardError)")
        #expect(result.standardError.contains(words), "\(result.standardError)")
    }

    @Test("a file is divided by label, group, time or chance; the parts are its rows, and the same seed gives the same")
    func split() async throws {
        let rows = (0..<50).map {
            #"{"prompt": "prompt \#($0)", "label": "l\#($0 % 5)", "day": "2026-02-\#(10 + $0 % 10)"}"#
        }
        try write(rows, as: "rows.jsonl")
        for option in ["--stratify label", "--group-by label", "--time-column day", ""] {
            let line = "turnout data split rows.jsonl --test-size 0.2 \(option) --seed 3 --quiet"
            let first = try await TurnoutProcess.run(shell: "\(line) -o a", in: folder)
            #expect(first.status == 0, "\(first.standardError)")
            #expect(first.standardOutput.contains("40 in a-train.jsonl"), "\(first.standardOutput)")
            let second = try await TurnoutProcess.run(
                shell: "\(line) -o b --json && cmp a-train.jsonl b-train.jsonl && cmp a-test.jsonl b-test.jsonl",
                in: folder)
            #expect(second.status == 0, "\(second.standardError)")
            let object = try JSONSerialization.jsonObject(with: Data(second.standardOutput.utf8)) as? [String: Any]
            #expect((object?["test"] as? [String: Any])?["rows"] as? Int == 10, "\(second.standardOutput)")
            let parts = try ["a-train.jsonl", "a-test.jsonl"].flatMap {
                try String(contentsOf: folder.appending(path: $0), encoding: .utf8).split(separator: "\n").map(
                    String.init)
            }
            #expect(parts.sorted() == rows.sorted())
        }
    }
}
