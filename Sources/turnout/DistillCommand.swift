import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutHub
import TurnoutTraining

struct DistillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill",
        abstract: "Makes the table of a static encoder, which takes microseconds a text, from a transformer.",
        discussion: """
            Example: turnout distill --encoder sentence-transformers/all-MiniLM-L6-v2 -o table.safetensors
            The transformer must have BERT's uncased WordPiece vocabulary. The table is an encoder: \
            turnout train --encoder ./table.safetensors
            """)

    @Option(help: "The transformer: its folder, or a model that 'turnout models pull' has fetched (org/name).")
    var encoder: String

    @Option(help: "Length of the table's vectors, at most that of the transformer's.")
    var dimensions = StaticTableDistiller.Options().dimensions

    @Option(help: "What the table's card calls the transformer; the name of the model or folder by default.")
    var modelName: String?

    @Option(help: "The transformer's licence (an SPDX identifier), for the card; what its README.md says by default.")
    var licence: String?

    @OptionGroup var threads: ThreadOptions

    @Option(name: [.short, .customLong("output")], help: "Where the table goes; a .safetensors file.")
    var output: String

    @Flag(help: "Prints one JSON object.")
    var json = false

    @Flag(help: "Shows no progress.")
    var quiet = false

    func validate() throws {
        guard encoder != "static" else {
            throw ValidationError("--encoder is 'static', which is such a table already; give a transformer")
        }
        guard output.hasSuffix(".safetensors") else {
            throw ValidationError("--output is '\(output)', but must end in .safetensors, by which encoders are told")
        }
    }

    func run() throws {
        try OutputFiles.check(["--output": output])
        let started = ContinuousClock.now
        let transformer = try EncoderLocator.ofProcess(options: .init(threads: threads.count)).transformer(
            named: encoder)
        var options = StaticTableDistiller.Options()
        options.dimensions = dimensions
        options.modelName = modelName ?? (EncoderLocator.isPath(encoder) ? nil : encoder)
        options.licence = licence
        options.threads = threads.count
        let progress = quiet ? nil : ProgressLine()
        let table = try StaticTableDistiller(options: options).distil(transformer) { progress?.report($0) }
        progress?.finish()
        try table.file.write(to: output)
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        print(json ? try object(table, seconds) : sentence(table, seconds))
    }

    private func object(_ table: StaticTableDistiller.Table, _ seconds: Double) throws -> String {
        struct Object: Encodable {
            let table: String
            let encoder: String
            let tokens: Int
            let dimension: Int
            let kept_variance: Double
            let licence: String?
            let sha256: String
            let seconds: Double
        }
        let object = Object(
            table: output, encoder: encoder, tokens: table.tokens, dimension: dimensions,
            kept_variance: table.keptVariance, licence: table.licence, sha256: table.fingerprint, seconds: seconds)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(object), as: UTF8.self)
    }

    private func sentence(_ table: StaticTableDistiller.Table, _ seconds: Double) -> String {
        let licence = table.licence.map { "licence \($0)" } ?? "no licence known; say it with --licence"
        return String(
            format: "%@: %d tokens, %d dimensions, %.1f %% of the variance kept, %@, %.1f s", output, table.tokens,
            dimensions, 100 * table.keptVariance, licence, seconds)
    }
}
