import Foundation
import Testing

/// A transformer with random weights learns battles, from the command line.
struct ClassifierCommandTests {
    private let letters: LetterFolder

    init() throws {
        letters = try LetterFolder("outcomes.jsonl", rows: 120) {
            "{\"prompt\": \"\($0)\", \"scores\": {\"weak\": \($1 ? 1 : 0), \"strong\": 1}}"
        }
    }

    @Test("outcomes become a router in one file, which routes without the encoder's folder")
    func trains() async throws {
        let trained = try await letters.run(
            """
            turnout train --router classifier --data outcomes.jsonl --models weak,strong --encoder '\(LetterFolder.encoder)' \
            --set learning_rate=0.01 --set epochs=12 --checkpoint state --svg loss.svg -o battles.safetensors
            """)
        #expect(trained.status == 0, "\(trained.error)")
        #expect(trained.error.contains("100 texts (and 20 held out), 84 steps; up to "))
        #expect(trained.output.contains("classifier router on 120 rows") && trained.output.contains("84 steps, loss "))
        let easy = try await letters.run("turnout route --router battles.safetensors --threshold 0.5 'a c d e f'")
        let hard = try await letters.run("turnout route --router battles.safetensors --threshold 0.5 't z u v x'")
        #expect(easy.output.hasPrefix("weak") && hard.output.hasPrefix("strong"), "\(easy) \(hard)")
        #expect(FileManager.default.fileExists(atPath: letters.url.appending(path: "loss.svg").path))
        #expect(!FileManager.default.fileExists(atPath: letters.url.appending(path: "state").path))
    }

    @Test("a static encoder, options of other kinds and bad settings are refused with a sentence")
    func refusals() async throws {
        for (arguments, status, word) in [
            ("--data outcomes.jsonl", 2, "tunes a transformer"),
            ("--data outcomes.jsonl --folds 3", 2, "tenths of the prompts"),
            ("--data outcomes.jsonl --class-map a=b", 2, "setfit"),
            ("--data outcomes.jsonl --set layers=3", 2, "no setting 'layers'"),
            ("", 2, "--data is missing"),
        ] as [(String, Int32, String)] {
            let refused = try await letters.run("turnout train --router classifier \(arguments) -o x.safetensors")
            #expect(refused.status == status && refused.error.contains(word), "\(arguments): \(refused)")
        }
    }
}
