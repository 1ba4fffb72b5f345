import Foundation
import Testing
import TurnoutCore
import TurnoutEvaluation

@Suite("Battles and files of other projects")
struct BattleTests {
    private func table(
        _ text: String, as name: String = "a.jsonl", _ options: OutcomeReader.Options = .init()
    ) throws -> OutcomeTable {
        let file = try TemporaryFile(name, text)
        return try OutcomeTable(paths: [file.path], options: options)
    }

    @Test(
        "the winner is told in any of the usual ways",
        arguments: [
            (#""winner": "a""#, Battle.Outcome.a), (#""winner": "model_b""#, .b), (#""winner": "tie (bothbad)""#, .tie),
            (#""winner": "n""#, .b), (#""winner_model_a": 0, "winner_model_b": 1, "winner_tie": 0"#, .b),
            (#""winner_model_a": 0, "winner_model_b": 0, "winner_tie": 1"#, .tie),
        ])
    func winners(winner: String, outcome: Battle.Outcome) throws {
        let rows = try table(#"{"prompt": "x", "model_a": "m", "model_b": "n", "# + winner + "}").rows
        #expect(rows.map(\.battles) == [[Battle("m", "n", outcome)]])
        #expect(rows.map(\.scores) == [[:]])
    }

    @Test("battles of one prompt stay battles: models that never met are not compared")
    func merging() throws {
        let table = try table(
            """
            {"prompt": "Hello", "model_a": "a", "model_b": "b", "winner": "a"}
            {"prompt": "hello ", "model_a": "c", "model_b": "d", "winner": "tie"}
            {"prompt": "other", "scores": {"c": 1, "a": 0, "b": 1}}
            """)
        #expect(table.rows[0].comparisons == [Battle("a", "b", .a), Battle("c", "d", .tie)])
        #expect(table.rows[1].comparisons == [Battle("a", "b", .b), Battle("a", "c", .b), Battle("b", "c", .tie)])
        #expect(table.models == ["a", "b", "c", "d"])
    }

    @Test("where a trainer needs scores, only battles among the models it asks about count")
    func scoring() throws {
        let table = try table(
            """
            {"prompt": "x", "model_a": "a", "model_b": "b", "winner": "a"}
            {"prompt": "x", "model_a": "b", "model_b": "a", "winner": "tie"}
            {"prompt": "x", "model_a": "b", "model_b": "c", "winner": "b"}
            """)
        #expect(table.scoringBattles(among: ["a", "b"]).rows[0].scores == ["a": 0.75, "b": 0.25])
        #expect(table.scoringBattles(among: ["a", "b", "c"]).rows[0].scores == ["a": 0.75, "b": 0.5, "c": 0])
    }

    @Test("turns kept as JSON in a text: the first one is the prompt; other texts in brackets are left alone")
    func turns() throws {
        let rows = try table(
            #"""
            {"prompt": "[\"first turn\", \"second\"]", "model_a": "a", "model_b": "b", "winner": "a"}
            {"prompt": "[1, 2 is no list", "model_a": "a", "model_b": "b", "winner": "a"}
            {"prompt": "[\"a list\"]", "scores": {"a": 1}}
            """#
        ).rows
        #expect(rows.map(\.prompt) == ["first turn", "[1, 2 is no list", "[\"a list\"]"])
    }

    @Test("Arena's conversations: the first message of the user, as objects, as parts, or as JSON in CSV")
    func conversations() throws {
        let conversation =
            #"[{"role": "user", "content": "one"}, {"role": "assistant", "content": "-"}, {"role": "user", "content": "two"}]"#
        let parts = #"[{"role": "user", "content": [{"type": "text", "text": "three"}]}]"#
        let rest = #""model_a": "a", "model_b": "b", "winner": "both_bad""#
        let rows = try table(
            "{\"conversation_a\": \(conversation), \(rest)}\n{\"conversation_a\": \(parts), \(rest)}"
        ).rows
        #expect(rows.map(\.prompt) == ["one", "three"])
        let quoted = conversation.replacing("\"", with: "\"\"")
        let csv = try table("id,model_a,model_b,winner,conversation_a\n7,a,b,model_a,\"\(quoted)\"\n", as: "a.csv").rows
        #expect(csv.map(\.prompt) == ["one"] && csv.map(\.id) == ["7"])
    }

    @Test("RouteLLM's tables: an answer beside a verdict makes a score; judged answers have NAME_score")
    func routeLLM() throws {
        let csv = try table(
            "prompt,org/Mixtral,gpt-4,org/Mixtral_response,gpt-4_response\nx,False,True,no,yes\n", as: "gsm8k.csv"
        ).rows
        #expect(csv.map(\.scores) == [["org/Mixtral": 0, "gpt-4": 1]])
        let judged = try table(
            #"{"prompt": "x", "source": "s", "gpt4_response": "-", "mixtral_response": "-", "mixtral_score": "4"}"#
        ).rows
        #expect(judged.map(\.scores) == [["mixtral": 4]])
    }

    @Test("a mapped column is the score of its model")
    func scoreColumn() throws {
        var options = OutcomeReader.Options()
        options.columns.scores = ["small_ok": "small"]
        let rows = try table(#"{"prompt": "x", "small_ok": true}"#, options).rows
        #expect(rows.map(\.scores) == [["small": 1]])
        options.columns.scores = ["smal_ok": "small"]
        let error = #expect(throws: TurnoutError.self) {
            try self.table(#"{"prompt": "x", "scores": {"a": 1}}"#, options)
        }
        #expect(error?.message.contains("'smal_ok' named with --score-column") == true)
    }

    @Test("the weights of files reach their rows, and weigh the scores of a shared prompt")
    func weights() throws {
        let arena = try TemporaryFile("arena.jsonl", #"{"prompt": "x", "scores": {"a": 1, "b": 1}}"#)
        let golden = try TemporaryFile(
            "golden.jsonl",
            """
            {"prompt": "X", "scores": {"a": 0, "c": 1}}
            {"prompt": "y", "scores": {"a": 1}}
            """)
        var options = OutcomeReader.Options()
        options.weights = ["golden.jsonl": 3]
        let table = try OutcomeTable(paths: [arena.path, golden.path], options: options)
        #expect(table.rows.map(\.weight) == [3, 3])
        #expect(table.rows[0].scores == ["a": 0.25, "b": 1, "c": 1])
        #expect(try OutcomeTable(paths: [arena.path]).rows.map(\.weight) == [1])
        options.weights = ["gold.jsonl": 3]
        let stranger = #expect(throws: TurnoutError.self) { try OutcomeTable(paths: [arena.path], options: options) }
        #expect(stranger?.message.contains("gold.jsonl has a weight, but is not read") == true)
        options.weights = ["arena.jsonl": 0]
        let zero = #expect(throws: TurnoutError.self) { try OutcomeTable(paths: [arena.path], options: options) }
        #expect(zero?.message.contains("must be a number greater than 0") == true)
    }
}
