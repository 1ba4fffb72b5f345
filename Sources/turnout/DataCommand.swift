import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutTraining

struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Looks into files of outcomes, battles and labels, and divides them.",
        discussion: "Example: turnout data describe outcomes.jsonl",
        subcommands: [DescribeCommand.self, SplitCommand.self])
}

extension DataCommand {
    struct DescribeCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "describe",
            abstract: "Says what is in data files, what is wrong with it, and what it is enough for.",
            discussion: """
                Example: turnout data describe train.jsonl --test test.jsonl
                Rows, repeated prompts, models and their quality with 95 % intervals, who beats whom, the gap between \
                models, costs, tokens, latencies, lengths, categories, labels, Elo ratings and tiers. With --test also \
                the rows that are nearly the same as one to be tested on.
                Files are read as streams: a distinct prompt takes 16 to 32 bytes of memory, whatever its length.
                """)

        @Argument(help: "Data files: JSON lines or CSV, plain or gzip.")
        var files: [String]

        @OptionGroup var columns: ColumnOptions

        @Option(help: "Rows to be tested on: counts the rows of the data that are nearly the same as one of them.")
        var test: String?

        @OptionGroup var similarity: SimilarityOption

        @OptionGroup var encoder: EncoderOptions

        @OptionGroup var threads: ThreadOptions

        @Flag(help: "Prints one JSON object.")
        var json = false

        @Flag(help: "Shows no progress.")
        var quiet = false

        func validate() throws {
            guard !files.isEmpty else { throw ValidationError("no file is given; name at least one") }
        }

        func run() async throws {
            let description = try described()
            print(json ? try description.jsonLine() : DescriptionText(description, style: .standardOutput).text)
        }

        private func described() throws -> DatasetDescription {
            let progress = quiet ? nil : ProgressLine()
            defer { progress?.finish() }
            let check = try test.map {
                try similarity.check(against: $0, columns: columns, encoder: encoder.load(), threads: threads.count)
            }
            return try DatasetDescription(paths: files, options: columns.readerOptions, check: check) {
                progress?.report(TrainingProgress(stage: .reading, completed: $0, total: 0))
            }
        }
    }
}
