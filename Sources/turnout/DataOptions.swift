import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation

/// Which files are read and how.
struct DataOptions: ParsableArguments {
    @Option(help: "Data file: JSON lines or CSV, plain or gzip. May be given several times.")
    var data: [String] = []

    @Option(
        help: ArgumentHelp(
            "What each row of a file counts for; 1 unless given. May be given several times.",
            valueName: "file=number"))
    var weight: [String] = []

    @Option(
        help: "Leaves out rows that are nearly the same as a row of this file, which is to be tested on. Several times."
    )
    var excludeSimilarTo: [String] = []

    @OptionGroup var similarity: SimilarityOption

    @OptionGroup var columns: ColumnOptions

    /// Whether none of them was given.
    var isUntouched: Bool { data.isEmpty && weight.isEmpty && excludeSimilarTo.isEmpty && columns.isUntouched }

    /// All files that are read.
    var inputs: [String] { data + excludeSimilarTo }

    /// The field whose rows stay together.
    var groupBy: String? { columns.groupBy }

    /// What the reader is told.
    var readerOptions: OutcomeReader.Options {
        var options = columns.readerOptions
        options.weights = Dictionary(weight.compactMap(Self.weight(of:)), uniquingKeysWith: { _, last in last })
        return options
    }

    func validate() throws {
        for text in weight where Self.weight(of: text) == nil {
            throw ValidationError("--weight is '\(text)', but must be FILE=NUMBER with a number greater than 0")
        }
    }

    /// Refuses a command line without a file of some kind of rows.
    func require(_ rows: String) throws {
        guard !data.isEmpty else { throw ValidationError("--data is missing; give at least one file of \(rows)") }
    }

    /// Refuses an option that has no use where nothing is learnt.
    func refuseSimilar() throws {
        guard excludeSimilarTo.isEmpty else {
            throw ValidationError("--exclude-similar-to has no use here; it belongs to train and evaluate")
        }
    }

    /// Reads the files, and leaves out what is like rows to be tested on.
    ///
    /// - Parameters:
    ///   - encoder: Makes the embeddings that likeness is judged by; not used without `--exclude-similar-to`.
    ///   - threads: The most threads to use.
    ///   - timeField: The field of a row's time, where it is needed.
    /// - Returns: The rows, each prompt once.
    /// - Throws: `TurnoutError` for files that cannot be read.
    func table(encoder: any TextEncoder, threads: Int?, timeField: String? = nil) throws -> OutcomeTable {
        var options = readerOptions
        options.timeField = timeField
        var table = try OutcomeTable(paths: data, options: options)
        for path in excludeSimilarTo {
            table = try table.excludingSimilar(
                similarity.check(
                    against: path, columns: columns, encoder: encoder,
                    threads: threads ?? ProcessInfo.processInfo.activeProcessorCount))
        }
        return table
    }

    private static func weight(of text: String) -> (String, Double)? {
        guard let sign = text.lastIndex(of: "="), sign > text.startIndex,
            let weight = Double(text[text.index(after: sign)...]), weight > 0, weight.isFinite
        else { return nil }
        return (String(text[..<sign]), weight)
    }
}

/// How the columns of files are called, and which rows are read.
struct ColumnOptions: ParsableArguments {
    @Option(help: "Column that holds the prompt, where it is not 'prompt', 'messages' or 'text'.")
    var textColumn: String?

    @Option(help: "Column that holds the label, where it is not 'label'.")
    var labelColumn: String?

    @Option(
        help: ArgumentHelp(
            "Column that holds the score of one model, beside those called score:MODEL. May be given several times.",
            valueName: "column=model"))
    var scoreColumn: [String] = []

    @Option(help: "Field whose rows stay together where data are divided, such as 'category'.")
    var groupBy: String?

    @Option(help: "Leaves out rows in which this field is true. May be given several times.")
    var exclude: [String] = []

    @Flag(help: "Counts and reports rows that cannot be read, instead of stopping at the first.")
    var skipBadRows = false

    /// Whether none of them was given.
    var isUntouched: Bool {
        textColumn == nil && labelColumn == nil && scoreColumn.isEmpty && groupBy == nil && exclude.isEmpty
            && !skipBadRows
    }

    /// Whether nothing but the label's column was named.
    var isUntouchedButForLabels: Bool {
        var others = self
        others.labelColumn = nil
        return others.isUntouched
    }

    /// What the reader is told.
    var readerOptions: OutcomeReader.Options {
        var options = OutcomeReader.Options()
        options.columns = ColumnNames(
            text: textColumn, label: labelColumn,
            scores: Dictionary(
                scoreColumn.compactMap(Self.score(of:)), uniquingKeysWith: { _, last in last }))
        options.groupBy = groupBy
        options.exclude = exclude
        options.skipBadRows = skipBadRows
        return options
    }

    func validate() throws {
        for text in scoreColumn where Self.score(of: text) == nil {
            throw ValidationError("--score-column is '\(text)', but must be COLUMN=MODEL")
        }
    }

    private static func score(of text: String) -> (String, ModelID)? {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        return parts.count == 2 ? (parts[0], ModelID(parts[1])) : nil
    }
}

/// When two prompts count as nearly the same.
struct SimilarityOption: ParsableArguments {
    @Option(help: "Least cosine of two embeddings that counts as nearly the same.")
    var similarity: Float = 0.95

    func validate() throws {
        guard (0...1).contains(similarity) else {
            throw ValidationError("--similarity is \(similarity), but a cosine that counts as alike lies in 0…1")
        }
    }

    /// Reads the rows to be tested on.
    func check(
        against path: String, columns: ColumnOptions, encoder: any TextEncoder, threads: Int
    ) throws -> ContaminationCheck {
        var options = OutcomeReader.Options()
        options.columns.text = columns.textColumn
        options.columns.label = columns.labelColumn
        return try ContaminationCheck(
            testRows: OutcomeTable(paths: [path], options: options).rows, encoder: encoder, threshold: similarity,
            threads: threads)
    }
}
