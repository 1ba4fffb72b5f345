import Foundation
import TurnoutEncoders
import TurnoutRouting

/// Measures tokenising, encoding, surface features and the whole decision for prompts of 16 to 1,000 tokens.
///
/// The `tokenizers` library runs beside it where `TURNOUT_PYTHON` names a Python that has it:
///
///     TURNOUT_PYTHON=../.venv/bin/python swift run -c release EncoderBenchmark
@main
struct EncoderBenchmark {
    static func main() throws {
        let start = Measurement(batches: 11) { _ = try? StaticEncoder.embedded() }
        print("start (index over the vocabulary): \(column(start.least)) µs, median \(column(start.median))")
        let encoder = try StaticEncoder.embedded()
        let decider = try Decider(
            candidates: [Candidate(model: "weak"), Candidate(model: "strong")],
            router: RouterArtifact.embeddedDefault(),
            policy: .strongShare(0.5))
        let prompts = [16, 64, 256, 1000].map { Prompts.prompt(ofTokens: $0, encoder.tokenizer) }
        let library = try TokenizersLibrary.microseconds(for: prompts)
        if library == nil { print("SKIPPED: the tokenizers library; set TURNOUT_PYTHON to a Python that has it") }
        print("microseconds, least (median):")
        for (row, prompt) in prompts.enumerated() {
            var ids: [Int32] = []
            let count = encoder.tokenizer.encode(prompt).count
            ids.reserveCapacity(count)
            let tokenise = Measurement {
                ids.removeAll(keepingCapacity: true)
                encoder.tokenizer.encode(prompt, into: &ids)
            }
            var sink: Float = 0
            let encode = Measurement { sink += encoder.encode(prompt)[0] }
            let surface = Measurement { sink += SurfaceFeatures.extract(from: prompt)[0] }
            let decide = Measurement { sink += (try? decider.decide(prompt)).map { Float($0.score) } ?? .nan }
            precondition(sink.isFinite)
            var line = "\(count) tokens, \(prompt.utf8.count) bytes: tokenise \(both(tokenise))"
            line += ", encode (tokenising included) \(both(encode)), surface \(both(surface))"
            line += ", decision \(both(decide)), share of tokenising \(percent(tokenise.least / decide.least))"
            if let library {
                let ratio = column(library[row] / tokenise.least)
                line += "; tokenizers library \(column(library[row])), \(ratio) times ours"
            }
            print(line)
        }
    }

    private static func both(_ m: Measurement) -> String { "\(column(m.least)) (\(column(m.median)))" }

    private static func column(_ value: Double) -> String { String(format: "%.2f", value) }

    private static func percent(_ share: Double) -> String { String(format: "%.0f %%", share * 100) }
}
