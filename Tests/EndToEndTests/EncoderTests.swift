import Foundation
import Testing

/// A transformer with random weights, from a folder in Hugging Face's layout, in the commands that take encoders.
struct EncoderTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        let fixture = DocumentationTests.root.appending(
            path: "Tests/TurnoutEncodersTests/Fixtures/Transformer/bert")
        try FileManager.default.copyItem(at: fixture, to: folder)
        let words = "[PAD] [UNK] [CLS] [SEP] [MASK] what is plus prove lemma on sets 1 2 3 4 5 6 7 8 9 ##1 ##2 ##3 ?"
        try words.replacing(" ", with: "\n").write(
            to: folder.appending(path: "vocab.txt"), atomically: true, encoding: .utf8)
    }

    @Test("texts become vectors, a line each, in order, the same alone and in company")
    func embed() async throws {
        let texts = ["what is 1 plus 2?", "prove lemma 3 on sets", "1"]
        let all = try await TurnoutProcess.run(
            shell: "turnout embed --encoder '\(folder.path)' --quiet", input: texts.joined(separator: "\n"))
        #expect(all.status == 0, "\(all.standardError)")
        let lines = all.standardOutput.split(separator: "\n")
        #expect(lines.count == 3)
        for (index, text) in texts.enumerated() {
            #expect(lines[index].hasPrefix("{\"index\":\(index),\"embedding\":["))
            let alone = try await TurnoutProcess.run(
                shell: "turnout embed --encoder '\(folder.path)' --quiet", input: text)
            let numbers = { (line: Substring) in line.split(separator: ",").dropFirst() }
            #expect(numbers(lines[index]) == numbers(alone.standardOutput.dropLast()))
        }
    }

    @Test("a router names its encoder, finds it again, and refuses it when its weights have changed")
    func train() async throws {
        let data = folder.appending(path: "outcomes.jsonl")
        let artifact = folder.appending(path: "mine.safetensors").path
        let rows = (0..<60).map { index in
            let prompt = index % 2 == 0 ? "prove lemma \(index) on sets" : "what is \(index) plus \(index)?"
            return
                "{\"prompt\": \"\(prompt)\", \"scores\": {\"weak\": \(index % 2), \"strong\": \(index % 7 == 0 ? 0 : 1)}}"
        }
        try rows.joined(separator: "\n").write(to: data, atomically: true, encoding: .utf8)
        let trained = try await TurnoutProcess.run(
            shell: "turnout train --data '\(data.path)' --encoder '\(folder.path)' -o '\(artifact)' --quiet")
        #expect(trained.status == 0, "\(trained.standardError)")
        let routed = try await TurnoutProcess.run(
            shell: "turnout route --router '\(artifact)' 'prove lemma 98 on sets'")
        #expect(routed.standardOutput.hasPrefix("strong"), "\(routed.standardOutput)\(routed.standardError)")
        let vocabulary = folder.appending(path: "vocab.txt")
        try (String(contentsOf: vocabulary, encoding: .utf8) + "\nnew").write(
            to: vocabulary, atomically: true, encoding: .utf8)
        let refused = try await TurnoutProcess.run(shell: "turnout route --router '\(artifact)' x")
        #expect(refused.status == 3)
        #expect(refused.standardError.contains("fingerprint"), "\(refused.standardError)")
    }

    @Test(
        "an encoder that is not there, and options that cannot be, are told in a sentence",
        arguments: [
            ("turnout embed --encoder nobody/nothing", 2, "turnout models pull nobody/nothing"),
            ("turnout embed --encoder ./no-such-folder", 3, "config.json"),
            ("turnout embed --weights int3", 2, "int8"),
            ("turnout embed no-such-file.txt", 3, "no-such-file.txt"),
            ("turnout embed -o vectors.bin", 2, ".safetensors"),
        ])
    func refusals(line: String, status: Int32, words: String) async throws {
        let result = try await TurnoutProcess.run(shell: line, in: folder, input: "x")
        #expect(result.status == status, "\(result.standardError)")
        #expect(result.standardError.contains(words), "\(result.standardError)")
    }
}
