import Foundation
public import TurnoutCore

/// A file of rows divided into a part to train on and a part to test on.
///
/// The file is read twice, as a stream: to decide, and to write. Where the rule leaves it open, rows of one prompt go to
/// one side, since a question that was learnt is no test. Memory: about 150 bytes a row, and the values of
/// a field that are longer than 15 bytes.
public struct FileSplit: Sendable {
    /// What decides who is held out.
    public enum Rule: Sendable, Equatable {
        /// Chance.
        case random
        /// Chance, the same share of every value of a field.
        case stratified(by: String)
        /// Chance, rows with the same value of a field together.
        case grouped(by: String)
        /// The time that stands in a field: the latest are held out.
        case latest(by: String)

        /// The field that is looked at; `nil` for none.
        public var field: String? {
            switch self {
            case .random: nil
            case .stratified(let field), .grouped(let field), .latest(let field): field
            }
        }
    }

    /// Rows of one value of the field that is stratified by.
    public struct Stratum: Sendable, Equatable {
        /// The value.
        public var name: String
        /// Rows to train on.
        public var training = 0
        /// Rows to test on.
        public var test = 0
    }

    /// The file's name, without the folder.
    public let name: String
    /// Rows to train on.
    public let trainingRows: Int
    /// Rows to test on.
    public let testRows: Int
    /// Rows whose prompt stood in an earlier row.
    public let repeatedRows: Int
    /// Rows to test on whose prompt is to be trained on as well: by group or by time that is not left open.
    public let sharedRows: Int
    /// The rows of each value, by name; empty unless stratified.
    public let strata: [Stratum]
    /// What was passed over.
    public let skipped: OutcomeReader.Skipped
    private let path: String
    /// Where each row stands, ascending, and whether it is to be tested on.
    private let rows: [(line: Int, isTest: Bool)]

    /// Reads a file and decides.
    ///
    /// - Parameters:
    ///   - path: JSON lines, plain or gzip.
    ///   - rule: What decides.
    ///   - share: The share to hold out, above 0 and below 1: of prompts, or of rows by group or by time.
    ///   - seed: Where random numbers start.
    ///   - options: Column names, exclusions, what becomes of bad rows.
    ///   - progress: Is told now and then how many rows were read.
    /// - Throws: ``TurnoutError`` with code `.io`, `.invalidData` for a row that cannot be read or lacks the field,
    ///   `.insufficientData` when one side would be empty, `.invalidArgument` for CSV, an impossible share, or options
    ///   that name a field that no row has.
    public init(
        path: String, rule: Rule, share: Double, seed: UInt64, options: OutcomeReader.Options = .init(),
        progress: ((Int) -> Void)? = nil
    ) throws {
        var status = stat()
        guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
            throw TurnoutError(
                .invalidArgument, "'\(path)' is no file on disk, and it is read twice; write it to one first")
        }
        let survey = try RowSurvey(path: path, rule: rule, options: options, progress: progress)
        let test: [Int]
        do {
            test = try survey.test(rule, share: share, seed: seed)
        } catch let error as TurnoutError where error.code == .insufficientData {
            throw TurnoutError(.insufficientData, "\(survey.name): \(error.message)")
        }
        var isTest = [Bool](repeating: false, count: survey.lines.count)
        for row in test { isTest[row] = true }
        self.path = path
        self.name = survey.name
        self.rows = zip(survey.lines, isTest).map { (line: $0, isTest: $1) }
        self.testRows = test.count
        self.trainingRows = survey.lines.count - test.count
        self.repeatedRows = survey.prompts.count - Set(survey.prompts).count
        let learnt = Set(zip(survey.prompts, isTest).lazy.filter { !$0.1 }.map(\.0))
        self.sharedRows = test.count { learnt.contains(survey.prompts[$0]) }
        self.skipped = survey.skipped
        var strata: [String: Stratum] = [:]
        if case .stratified = rule {
            for (value, isTest) in zip(survey.values, isTest) {
                strata[value, default: Stratum(name: value)].training += isTest ? 0 : 1
                strata[value, default: Stratum(name: value)].test += isTest ? 1 : 0
            }
        }
        self.strata = strata.values.sorted { $0.name < $1.name }
    }

    /// Writes both parts: every row's own bytes, a line feed behind each, in the order of the file.
    ///
    /// - Throws: ``TurnoutError`` with code `.io`, or `.invalidData` when the file is not what it was.
    public func write(training: String, test: String) throws {
        try WholeFile.write(to: training) { appendToTraining in
            try WholeFile.write(to: test) { appendToTest in
                var buffers = (training: LineBuffer(), test: LineBuffer())
                try forEachRow { line, isTest in
                    if isTest {
                        try buffers.test.add(line, appendToTest)
                    } else {
                        try buffers.training.add(line, appendToTraining)
                    }
                }
                try buffers.training.flush(appendToTraining)
                try buffers.test.flush(appendToTest)
            }
        }
    }

    private func forEachRow(_ body: (Data, Bool) throws -> Void) throws {
        let reader = try LineReader(path: path)
        var next = rows.startIndex
        while next < rows.endIndex, let line = try reader.next() {
            guard reader.number == rows[next].line else { continue }
            try body(line, rows[next].isTest)
            next += 1
        }
        guard next == rows.endIndex else {
            throw TurnoutError(.invalidData, "\(name): the file has changed while it was being read; split it again")
        }
    }
}

/// What is known of the rows of a file after one reading.
private struct RowSurvey {
    let name: String
    var lines: [Int] = []
    /// The hash of each row's prompt.
    var prompts: [UInt64] = []
    /// What each row says in the field that is stratified or grouped by.
    var values: [String] = []
    var times: [Double] = []
    let skipped: OutcomeReader.Skipped

    init(
        path: String, rule: FileSplit.Rule, options: OutcomeReader.Options, progress: ((Int) -> Void)?
    ) throws {
        var options = options
        options.allowsBareText = true
        switch rule {
        case .random: break
        case .stratified(let field), .grouped(let field): options.groupBy = field
        case .latest(let field): options.timeField = field
        }
        let reader = try OutcomeReader(path: path, options: options)
        guard !reader.isCSV else {
            throw TurnoutError(
                .invalidArgument,
                "\(reader.name): CSV, of which rows cannot be copied line by line; write it as JSON lines "
                    + "(in pandas: to_json(…, orient='records', lines=True))")
        }
        while let row = try reader.next() {
            lines.append(row.line)
            prompts.append(TextIdentity.hash(row.prompt))
            if let time = row.time { times.append(time) }
            if let field = options.groupBy {
                guard let value = row.group else {
                    throw TurnoutError(
                        .invalidData,
                        "\(row.place): the row lacks the field '\(field)', which every row needs; add it, or split without it"
                    )
                }
                values.append(value)
            }
            if lines.count % 4096 == 0 { progress?(lines.count) }
        }
        name = reader.name
        skipped = reader.skipped
        try options.checkFields(unseen: reader.unseenFields, files: [reader.name])
    }

    /// The rows to test on.
    func test(_ rule: FileSplit.Rule, share: Double, seed: UInt64) throws -> [Int] {
        switch rule {
        case .grouped: return try Split.grouped(values, share: share, seed: seed).test
        case .latest: return try Split.latest(times, share: share).test
        case .random, .stratified: break
        }
        // Each prompt counts once, with what its first row says.
        var numbers: [UInt64: Int] = [:]
        var classes: [String] = []
        for (row, prompt) in prompts.enumerated() where numbers[prompt] == nil {
            numbers[prompt] = classes.count
            classes.append(values.isEmpty ? "" : values[row])
        }
        let held = Set(try Split.stratified(classes, share: share, seed: seed).test)
        return prompts.indices.filter { numbers[prompts[$0]].map(held.contains) ?? false }
    }
}

/// Lines on their way to a file, written a few hundred kilobytes at a time.
private struct LineBuffer {
    private static let limit = 1 << 18
    private var bytes: [UInt8] = []

    mutating func add(_ line: Data, _ append: (UnsafeRawBufferPointer) throws -> Void) throws {
        bytes.append(contentsOf: line)
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count >= Self.limit { try flush(append) }
    }

    mutating func flush(_ append: (UnsafeRawBufferPointer) throws -> Void) throws {
        try bytes.withUnsafeBytes(append)
        bytes.removeAll(keepingCapacity: true)
    }
}
