import TurnoutCore
import TurnoutEncoders

extension DatasetDescription {
    /// Reads files as streams and describes them.
    ///
    /// Memory does not grow with the rows but for the hashes of distinct prompts, 16 to 32 bytes each.
    ///
    /// - Parameters:
    ///   - paths: One or more files.
    ///   - options: Column names, grouping, exclusions.
    ///   - check: Knows the rows that are to be tested on, where there are any.
    ///   - progress: Is told now and then how many rows were read.
    /// - Throws: ``TurnoutError`` with code `.io`, `.invalidData`, `.insufficientData` when a file has no rows, or
    ///   `.invalidArgument` when the options name a field that no row has.
    /// - Complexity: O(bytes + rows · models²), and what ``ContaminationCheck/matches(_:)`` takes.
    public init(
        paths: [String], options: OutcomeReader.Options = .init(), check: ContaminationCheck? = nil,
        progress: ((Int) -> Void)? = nil
    ) throws {
        var survey = DatasetSurvey()
        var comparison = check.map(Comparison.init)
        var unseen: Set<String>?
        var read = 0
        for path in paths {
            let reader = try OutcomeReader(path: path, options: options)
            survey.begin(file: reader.name)
            while let row = try reader.next() {
                try survey.add(row)
                comparison?.add(row)
                read += 1
                if read % 4096 == 0 { progress?(read) }
            }
            try survey.end(skipped: reader.skipped)
            unseen = unseen?.intersection(reader.unseenFields) ?? reader.unseenFields
        }
        self = survey.description()
        try options.checkFields(unseen: unseen ?? [], files: files.map(\.name))
        contamination = comparison?.finished()
    }
}

/// Counts the rows of a stream that are nearly the same as rows to be tested on.
private struct Comparison {
    private static let block = 4096
    private static let shown = 20
    private let check: ContaminationCheck
    private var result: DatasetDescription.Contamination
    private var waiting: [(prompt: String, place: String)] = []

    init(_ check: ContaminationCheck) {
        self.check = check
        self.result = .init(
            encoder: check.encoder.name, threshold: check.threshold, testRows: check.testPlaces.count)
    }

    mutating func add(_ row: OutcomeRow) {
        waiting.append((row.prompt, row.place))
        if waiting.count == Self.block { compare() }
    }

    mutating func finished() -> DatasetDescription.Contamination {
        compare()
        return result
    }

    private mutating func compare() {
        let matches = check.matches(waiting.map(\.prompt))
        result.rows += matches.count
        result.matches += matches.prefix(Self.shown - result.matches.count).map {
            .init(row: waiting[$0.text].place, testRow: check.testPlaces[$0.testRow], cosine: $0.cosine)
        }
        waiting.removeAll(keepingCapacity: true)
    }
}
