import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics

/// Encodes `x,y,…` as the vector of its numbers; anything else as zeros.
private struct NumberEncoder: TextEncoder {
    let name = "numbers"
    let fingerprint = String(repeating: "0", count: 64)
    let dimension: Int

    func encode(_ text: String) -> [Float] {
        let numbers = text.split(separator: ",").compactMap { Float($0) }
        return numbers.count == dimension ? numbers : [Float](repeating: 0, count: dimension)
    }
}

@Suite("Contamination")
struct ContaminationTests {
    @Test("in blocks and on threads the same as the plain sum over all pairs")
    func exact() throws {
        var random = SeededRandom(seed: 2)
        let vectors = (0..<1500).map { _ in
            let vector = (0..<4).map { _ in Float(random.uniform() - 0.5) }
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return SIMD4(vector.map { $0 / length })
        }
        let (texts, tests) = (vectors.prefix(300), Array(vectors.dropFirst(300)))  // two blocks each
        func text(_ vector: SIMD4<Float>) -> String {
            [vector.x, vector.y, vector.z, vector.w].map(\.description).joined(separator: ",")
        }
        let check = { (threads: Int) in
            try ContaminationCheck(
                testRows: tests.map { OutcomeRow(prompt: text($0)) }, encoder: NumberEncoder(dimension: 4),
                threshold: 0.99, threads: threads
            ).matches(texts.map(text))
        }
        let expected = texts.indices.compactMap { i -> (Int, Float)? in
            let best = tests.map { (texts[i] * $0).sum() }.max() ?? 0
            return best >= 0.99 ? (i, best) : nil
        }
        let matches = try check(1)
        #expect(matches.count > 50 && matches.count < 300)
        #expect(matches.map(\.text) == expected.map(\.0))
        #expect(zip(matches, expected).allSatisfy { abs($0.cosine - $1.1) < 1e-5 })
        #expect(matches.allSatisfy { abs((texts[$0.text] * tests[$0.testRow]).sum() - $0.cosine) < 1e-5 })
        #expect(try check(3) == matches)
    }

    @Test("a text that the encoder knows nothing of is like nothing")
    func zeros() throws {
        let check = try ContaminationCheck(
            testRows: [OutcomeRow(prompt: "words")], encoder: NumberEncoder(dimension: 2), threads: 1)
        #expect(check.matches(["words", "1,2"]).isEmpty)
    }

    @Test("a table leaves out what is like a test row, and counts it by file")
    func table() throws {
        let file = try TemporaryFile(
            "train.jsonl",
            """
            {"prompt": "1,0", "scores": {"a": 1}}
            {"prompt": "0,1", "scores": {"a": 1}}
            {"prompt": "2,0.1", "scores": {"a": 1}}
            """)
        let check = try ContaminationCheck(
            testRows: [OutcomeRow(prompt: "3,0")], encoder: NumberEncoder(dimension: 2), threads: 2)
        let table = try OutcomeTable(paths: [file.path]).excludingSimilar(check)
        #expect(table.rows.map(\.prompt) == ["0,1"])
        #expect(table.files.map(\.rows) == [1] && table.files.map(\.skipped.similar) == [2])
    }

    @Test("a description names the rows that are alike by file and line")
    func description() throws {
        let train = try TemporaryFile(
            "train.jsonl", "{\"prompt\": \"0,1\", \"label\": \"a\"}\n{\"prompt\": \"2,2\", \"label\": \"b\"}")
        let test = try TemporaryFile("test.jsonl", #"{"prompt": "1,1", "label": "a"}"#)
        let check = try ContaminationCheck(
            testRows: OutcomeTable(paths: [test.path]).rows, encoder: NumberEncoder(dimension: 2), threads: 1)
        let found = try #require(try DatasetDescription(paths: [train.path], check: check).contamination)
        #expect(found.rows == 1 && found.testRows == 1)
        #expect(found.matches.map(\.row) == ["train.jsonl, line 2"])
        #expect(found.matches.map(\.testRow) == ["test.jsonl, line 1"])
    }
}
