import TurnoutEvaluation

/// What `data split` says when it is done.
struct SplitSummary: Encodable {
    struct Part: Encodable {
        let file: String
        let rows: Int
    }

    struct Stratum: Encodable {
        let name: String
        let train: Int
        let test: Int
    }

    let file: String
    let rows: Int
    let by: String
    let field: Nullable<String>
    let train: Part
    let test: Part
    let strata: [Stratum]
    let repeatedRows: Int
    let sharedRows: Int
    let badRows: Int
    let excludedRows: Int
    private let reasons: [String]

    private enum CodingKeys: String, CodingKey {
        case file, rows, by, field, train, test, strata, repeatedRows, sharedRows, badRows, excludedRows
    }

    init(_ split: FileSplit, rule: FileSplit.Rule, training: String, test: String) {
        self.file = split.name
        self.rows = split.trainingRows + split.testRows
        self.by =
            switch rule {
            case .random: "chance"
            case .stratified: "stratum"
            case .grouped: "group"
            case .latest: "time"
            }
        self.field = Nullable(rule.field)
        self.train = Part(file: training, rows: split.trainingRows)
        self.test = Part(file: test, rows: split.testRows)
        self.strata = split.strata.map { Stratum(name: $0.name, train: $0.training, test: $0.test) }
        self.repeatedRows = split.repeatedRows
        self.sharedRows = split.sharedRows
        self.badRows = split.skipped.bad
        self.excludedRows = split.skipped.excluded
        self.reasons = split.skipped.reasons
    }

    /// At most so many values are listed for people.
    private static let shownStrata = 20

    var text: String {
        let how = field.value.map { "by \(by) ('\($0)')" } ?? "by chance"
        var lines = ["\(file): \(rows) rows, divided \(how)"]
        lines += [train, test].map { "  \($0.rows) in \($0.file)" }
        lines += strata.prefix(Self.shownStrata).map { "  \($0.name): \($0.train) to train on, \($0.test) to test on" }
        if strata.count > Self.shownStrata { lines.append("  … and \(strata.count - Self.shownStrata) more values") }
        if repeatedRows > 0 {
            lines.append(
                sharedRows == 0
                    ? "\(repeatedRows) rows repeat a prompt; each prompt is on one side only"
                    : "\(sharedRows) rows to test on have a prompt that is trained on as well; dividing without a \(by) "
                        + "keeps each prompt on one side")
        }
        if excludedRows > 0 { lines.append("left out: \(excludedRows) excluded rows") }
        if badRows > 0 { lines += ["left out: \(badRows) rows that could not be read"] + reasons.map { "  \($0)" } }
        return lines.joined(separator: "\n")
    }
}
