import Foundation
import Testing

/// A transformer with random weights learns when a small model suffices, from the command line.
struct HybridCommandTests {
    private let letters: LetterFolder

    init() throws {
        letters = try LetterFolder("outcomes.jsonl", rows: 120) { text, isEarly in
            let small = isEarly ? "[0.9, 1, 0.8]" : "[0.1, 0.3, 0.2]"
            return "{\"prompt\": \"\(text)\", \"scores\": {\"small\": \(small), \"large\": [0.9, 0.8, 0.9]}}"
        }
    }

    @Test("with tune=true sampled outcomes become a router in one file, which routes without the encoder's folder")
    func trains() async throws {
        let trained = try await letters.run(
            """
            turnout train --router hybrid --set tune=true --data outcomes.jsonl --models small,large \
            --encoder '\(LetterFolder.encoder)' --set learning_rate=0.01 --checkpoint state --svg loss.svg -o hybrid.safetensors
            """)
        #expect(trained.status == 0, "\(trained.error)")
        #expect(trained.error.contains("80 texts (and 40 held out), 25 steps; up to "))
        #expect(trained.error.contains("log-likelihood -0."))
        #expect(trained.output.contains("hybrid router on 120 rows") && trained.output.contains(", epoch "))
        let easy = try await letters.run("turnout route --router hybrid.safetensors --threshold 0.5 'a c d e f'")
        let hard = try await letters.run("turnout route --router hybrid.safetensors --threshold 0.5 't z u v x'")
        #expect(easy.output.hasPrefix("small") && hard.output.hasPrefix("large"), "\(easy) \(hard)")
        #expect(FileManager.default.fileExists(atPath: letters.url.appending(path: "loss.svg").path))
        #expect(!FileManager.default.fileExists(atPath: letters.url.appending(path: "state").path))
    }

    @Test("the paper's figure is drawn with an encoder that is tuned for each kind of label")
    func figure() async throws {
        let drawn = try await letters.run(
            """
            turnout hybrid --set tune=true --set learning_rate=0.01 --set epochs=2 --data outcomes.jsonl \
            --models small,large --encoder '\(LetterFolder.encoder)' --resamples 20 --svg drop.svg
            """)
        #expect(drawn.output.contains("60 to train on, 30 to choose thresholds on, 30 to test on"), "\(drawn.error)")
        // Of these samples probabilistic and transformed labels are the same, and are learnt once.
        #expect(drawn.error.contains("deterministic labels: ") && drawn.error.contains("probabilistic labels: "))
        #expect(drawn.error.components(separatedBy: "40 texts (and 20 held out), 6 steps").count == 3)
        #expect(FileManager.default.fileExists(atPath: letters.url.appending(path: "drop.svg").path))
    }

    @Test("a static encoder, settings of the other kind and options without use are refused with a sentence")
    func refusals() async throws {
        for (arguments, word) in [
            ("train --router hybrid --set tune=true -o x.safetensors", "tunes a transformer"),
            ("train --router hybrid --set tune=true --folds 3 -o x.safetensors", "tenths"),
            ("train --router hybrid --set tune=perhaps -o x.safetensors", "true or false"),
            ("train --router hybrid --set tune=true --set least_penalty=1 -o x.safetensors", "no setting"),
            ("train --router hybrid --svg loss.svg -o x.safetensors", "tune=true"),
            ("hybrid --set tune=true", "tunes a transformer"),
            ("hybrid --set tune=true --set labels=transformed", "each kind of label"),
            ("hybrid --set epochs=3", "tune=true"),
            ("hybrid --correlate small,lage", "the data has no model 'lage'; it has"),
        ] {
            let refused = try await letters.run("turnout \(arguments) --data outcomes.jsonl")
            #expect(refused.status == 2 && refused.error.contains(word), "\(arguments): \(refused)")
        }
    }
}
