import ArgumentParser
import Foundation
import TurnoutEvaluation
import TurnoutTraining

extension DataCommand {
    struct SplitCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "split",
            abstract: "Divides a file into rows to train on and rows to test on.",
            discussion: """
                Example: turnout data split outcomes.jsonl --test-size 0.2 --stratify label -o outcomes
                Writes outcomes-train.jsonl and outcomes-test.jsonl, every row's own bytes in the order of the file. Rows of \
                one prompt stay together, except where groups or times decide.
                """)

        @Argument(help: "Data file: JSON lines, plain or gzip.")
        var file: String

        @Option(help: "The share to test on, between 0 and 1.")
        var testSize = 0.2

        @Option(help: "Field of which every value is held out in the same share, such as 'label'.")
        var stratify: String?

        @Option(help: "Field of a row's time: the latest rows are to be tested on.")
        var timeColumn: String?

        @OptionGroup var columns: ColumnOptions

        @Option(help: "Where random numbers start.")
        var seed: UInt64 = 0

        @Option(name: .shortAndLong, help: "What the names of the two files begin with.")
        var output: String

        @Flag(help: "Prints one JSON object.")
        var json = false

        @Flag(help: "Shows no progress.")
        var quiet = false

        func validate() throws {
            guard testSize > 0, testSize < 1 else {
                throw ValidationError("--test-size is \(testSize), but must lie between 0 and 1")
            }
            guard [stratify, timeColumn, columns.groupBy].compactMap({ $0 }).count <= 1 else {
                throw ValidationError("--stratify, --group-by and --time-column exclude each other; give one of them")
            }
            guard ![training, test].contains(where: { Self.isSame($0, file) }) else {
                throw ValidationError("--output \(output) would replace \(file) itself; choose another beginning")
            }
        }

        func run() throws {
            let progress = quiet ? nil : ProgressLine()
            defer { progress?.finish() }
            let split = try FileSplit(
                path: file, rule: rule, share: testSize, seed: seed, options: columns.readerOptions
            ) { progress?.report(TrainingProgress(stage: .reading, completed: $0, total: 0)) }
            try split.write(training: training, test: test)
            let summary = SplitSummary(split, rule: rule, training: training, test: test)
            print(json ? try summary.jsonLine() : summary.text)
        }

        private var training: String { "\(output)-train.jsonl" }
        private var test: String { "\(output)-test.jsonl" }

        private var rule: FileSplit.Rule {
            if let stratify { return .stratified(by: stratify) }
            if let timeColumn { return .latest(by: timeColumn) }
            return columns.groupBy.map { .grouped(by: $0) } ?? .random
        }

        private static func isSame(_ a: String, _ b: String) -> Bool {
            URL(filePath: a).standardizedFileURL == URL(filePath: b).standardizedFileURL
        }
    }
}
