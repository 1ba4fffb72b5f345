import ArgumentParser
import TurnoutEvaluation

/// Which files are read and how.
struct DataOptions: ParsableArguments {
    @Option(help: "Data file: JSON lines or CSV, plain or gzip. May be given several times.")
    var data: [String] = []

    @Option(help: "Column that holds the prompt, where it is not 'prompt', 'messages' or 'text'.")
    var textColumn: String?

    @Option(help: "Column that holds the label, where it is not 'label'.")
    var labelColumn: String?

    @Option(help: "Field whose rows stay together in cross-validation, such as 'category'.")
    var groupBy: String?

    @Option(help: "Leaves out rows in which this field is true. May be given several times.")
    var exclude: [String] = []

    @Flag(help: "Counts and reports rows that cannot be read, instead of stopping at the first.")
    var skipBadRows = false

    /// Whether none of them was given.
    var isUntouched: Bool {
        data.isEmpty && textColumn == nil && labelColumn == nil && groupBy == nil && exclude.isEmpty && !skipBadRows
    }

    /// What the reader is told.
    var readerOptions: OutcomeReader.Options {
        var options = OutcomeReader.Options()
        if let textColumn { options.columns.text = textColumn }
        if let labelColumn { options.columns.label = labelColumn }
        options.groupBy = groupBy
        options.exclude = exclude
        options.skipBadRows = skipBadRows
        return options
    }
}
