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

    /// Proofs only the strong model can do, and sums.
    private var outcomes: String {
        (0..<60).map { index in
            let prompt = index % 2 == 0 ? "prove lemma \(index) on sets" : "what is \(index) plus \(index)?"
            return
                "{\"prompt\": \"\(prompt)\", \"scores\": {\"weak\": \(index % 2), \"strong\": \(index % 7 == 0 ? 0 : 1)}}"
        }.joined(separator: "\n")
    }

    @Test("texts become vectors, a line each, in order, the same alone and in company")
    func embed() async throws {
        let texts = ["what is 1 plus 2?", "prove lemma 3 on sets", "1"]
        let all = try await TurnoutProcess.run(
            shell: "turnout embed --encoder '\(folder.path)' --no-embedding-cache --quiet",
            input: texts.joined(separator: "\n"))
        #expect(all.status == 0, "\(all.standardError)")
        let lines = all.standardOutput.split(separator: "\n")
        #expect(lines.count == 3)
        for (index, text) in texts.enumerated() {
            #expect(lines[index].hasPrefix("{\"index\":\(index),\"embedding\":["))
            let alone = try await TurnoutProcess.run(
                shell: "turnout embed --encoder '\(folder.path)' --no-embedding-cache --quiet", input: text)
            let numbers = { (line: Substring) in line.split(separator: ",").dropFirst() }
            #expect(numbers(lines[index]) == numbers(alone.standardOutput.dropLast()))
        }
    }

    @Test("a router names its encoder, finds it again, and refuses it when its weights have changed")
    func train() async throws {
        let data = folder.appending(path: "outcomes.jsonl")
        let artifact = folder.appending(path: "mine.safetensors").path
        try outcomes.write(to: data, atomically: true, encoding: .utf8)
        let trained = try await TurnoutProcess.run(
            shell:
                "turnout train --data '\(data.path)' --encoder '\(folder.path)' -o '\(artifact)' --quiet --no-embedding-cache"
        )
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

    @Test("a table is distilled, trained on and found again by its file")
    func distill() async throws {
        try outcomes.write(to: folder.appending(path: "outcomes.jsonl"), atomically: true, encoding: .utf8)
        let distilled = try await TurnoutProcess.run(
            shell: "turnout distill --encoder '\(folder.path)' --dimensions 16 --licence MIT -o t.safetensors --json",
            in: folder)
        #expect(distilled.status == 0, "\(distilled.standardError)")
        for words in [#""dimension":16"#, #""licence":"MIT""#, #""tokens":25"#, #""table":"t.safetensors""#] {
            #expect(distilled.standardOutput.contains(words), "\(distilled.standardOutput)")
        }
        #expect(distilled.standardError.contains("encoding"), "progress stands on standard error")
        let trained = try await TurnoutProcess.run(
            shell: """
                turnout train --data outcomes.jsonl --encoder t.safetensors -o mine.safetensors --quiet && \
                turnout route --router mine.safetensors 'prove lemma 98 on sets'
                """, in: folder)
        #expect(trained.standardOutput.contains("\nstrong"), "\(trained.standardOutput)\(trained.standardError)")
    }

    @Test("vectors are kept in the cache folder, and the same vectors come out of it")
    func cache() async throws {
        let line = "turnout embed --encoder '\(folder.path)' --quiet"
        let caches = ["XDG_CACHE_HOME": folder.appending(path: "caches").path]
        let kept = folder.appending(path: "caches/turnout/embeddings").path
        let without = try await TurnoutProcess.run(
            shell: line + " --no-embedding-cache", environment: caches, input: "what is 1?")
        #expect(!FileManager.default.fileExists(atPath: kept))
        for _ in 0..<2 {
            let result = try await TurnoutProcess.run(shell: line, environment: caches, input: "what is 1?")
            #expect(result.standardOutput == without.standardOutput, "\(result.standardError)")
            let files = try FileManager.default.contentsOfDirectory(atPath: kept)
            #expect(files.count == 1 && files[0].hasSuffix(".embeddings"))
        }
    }

    @Test("a cache that cannot be is told and done without, unless it was asked for")
    func noCache() async throws {
        let line = "turnout embed --encoder '\(folder.path)' --quiet"
        let result = try await TurnoutProcess.run(
            shell: line, environment: ["XDG_CACHE_HOME": "/dev/null"], input: "what is 1?")
        #expect(result.status == 0 && result.standardOutput.hasPrefix("{\"index\":0"))
        #expect(result.standardError.contains("vectors are not kept"), "\(result.standardError)")
        let named = try await TurnoutProcess.run(shell: line + " --embedding-cache /dev/null/x", input: "what is 1?")
        #expect(named.status == 3 && named.standardError.contains("/dev/null/x"), "\(named.standardError)")
    }

    @Test(
        "an encoder that is not there, and options that cannot be, are told in a sentence",
        arguments: [
            ("turnout embed --encoder nobody/nothing", 2, "turnout models pull nobody/nothing"),
            ("turnout embed --encoder ./no-such-folder", 3, "config.json"),
            ("turnout embed --weights int3", 2, "int8"),
            ("turnout embed no-such-file.txt", 3, "no-such-file.txt"),
            ("turnout embed -o vectors.bin", 2, ".safetensors"),
            ("turnout embed --embedding-cache c --no-embedding-cache", 2, "exclude each other"),
            ("turnout embed --encoder no-such.safetensors", 3, "no-such.safetensors"),
            ("turnout distill --encoder static -o t.safetensors", 2, "a table already"),
            ("turnout distill --encoder . -o t.bin", 2, ".safetensors"),
            ("turnout distill --encoder . --dimensions 65 -o t.safetensors", 2, "from 1 to 64"),
        ])
    func refusals(line: String, status: Int32, words: String) async throws {
        let result = try await TurnoutProcess.run(shell: line, in: folder, input: "x")
        #expect(result.status == status, "\(result.standardError)")
        #expect(result.standardError.contains(words), "\(result.standardError)")
    }
}
