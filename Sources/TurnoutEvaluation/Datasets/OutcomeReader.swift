import Foundation
import TurnoutCore

/// Reads outcomes, battles and labelled texts from a file, one row at a time.
///
/// JSON lines or CSV with a header, plain or gzip; `docs/data.md` describes both. Memory is bounded by the longest
/// row.
public final class OutcomeReader {
    /// What to read and what to do about rows that cannot be read.
    public struct Options: Sendable {
        /// How columns are called, where they differ from the usual names.
        public var columns = ColumnNames()
        /// The field whose value becomes ``OutcomeRow/group``, such as `category`.
        public var groupBy: String?
        /// The field whose value becomes ``OutcomeRow/time``: a date or a number that every row then must have.
        public var timeField: String?
        /// Rows in which any of these fields is true are left out, such as `contaminated`.
        public var exclude: [String] = []
        /// What the rows of a file count for in training, by its path as given or its name; 1 where a file is not listed.
        ///
        /// Golden or judge labels are few beside battles of an arena; a weight lets the union learn from them.
        public var weights: [String: Double] = [:]
        /// Whether rows that cannot be read are counted and skipped; otherwise the first one is an error.
        public var skipBadRows = false
        /// Whether rows may hold a text and nothing else, as where only scores of a router are looked at.
        public var allowsBareText = false

        /// All defaults: usual names, nothing grouped or excluded, the first bad row is an error.
        public init() {}
    }

    /// What was passed over so far.
    public struct Skipped: Sendable, Equatable {
        /// Rows that could not be read.
        public var bad = 0
        /// Why, for the first few of them.
        public var reasons: [String] = []
        /// Rows left out because a field in ``Options/exclude`` is true.
        public var excluded = 0
        /// Rows left out of a table because a text to be tested on is too much like theirs.
        public var similar = 0
    }

    /// What was passed over so far.
    public private(set) var skipped = Skipped()
    private let source: Source
    private let parser: RowParser
    private let options: Options
    let name: String
    private let weight: Double
    /// Fields that the options name and no row has had so far.
    private(set) var unseenFields: Set<String>

    private enum Source {
        case jsonLines(LineReader)
        case csv(CSVReader)
    }

    /// Opens a file; `.csv` and `.csv.gz` are comma-separated, everything else is JSON lines.
    ///
    /// - Throws: ``TurnoutError`` with code `.io` or `.invalidData`.
    public init(path: String, options: Options = Options()) throws {
        let lowered = path.lowercased()
        self.name = URL(fileURLWithPath: path).lastPathComponent
        self.options = options
        self.parser = RowParser(
            columns: options.columns, groupBy: options.groupBy, timeField: options.timeField, exclude: options.exclude,
            allowsBareText: options.allowsBareText)
        self.weight = options.weights[path] ?? options.weights[name] ?? 1
        self.unseenFields = Set(options.exclude + options.columns.scores.keys)
        let isCSV = lowered.hasSuffix(".csv") || lowered.hasSuffix(".csv.gz")
        self.source = try isCSV ? .csv(CSVReader(path: path)) : .jsonLines(LineReader(path: path))
    }

    /// Whether the file is comma-separated.
    var isCSV: Bool {
        if case .csv = source { true } else { false }
    }

    /// The next row, or `nil` after the last one.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData`: the file, the line, what is wrong and how to mend it.
    public func next() throws -> OutcomeRow? {
        while true {
            do {
                guard let object = try object() else { return nil }
                if !unseenFields.isEmpty { unseenFields = unseenFields.filter { object.value[$0] == nil } }
                if var row = try parser.row(object.value, line: object.line) {
                    row.file = name
                    row.weight = weight
                    return row
                }
                skipped.excluded += 1
            } catch let bad as BadRow {
                let message = "\(name), line \(line): \(bad.reason)"
                guard options.skipBadRows else {
                    throw TurnoutError(
                        .invalidData, message + "; --skip-bad-rows passes over such rows and counts them")
                }
                skipped.bad += 1
                if skipped.reasons.count < 5 { skipped.reasons.append(message) }
            }
        }
    }

    private var line: Int {
        switch source {
        case .jsonLines(let reader): reader.number
        case .csv(let reader): reader.number
        }
    }

    private func object() throws -> (value: [String: Any], line: Int)? {
        switch source {
        case .csv(let reader):
            return try reader.next().map { ($0, reader.number) }
        case .jsonLines(let reader):
            while let line = try reader.next() {
                guard let start = line.first(where: { $0 != 0x20 && $0 != 0x09 }) else { continue }
                return (try parse(line, startingWith: start), reader.number)
            }
            return nil
        }
    }

    private func parse(_ line: Data, startingWith first: UInt8) throws -> [String: Any] {
        guard first != UInt8(ascii: "[") else {
            throw BadRow(reason: "a JSON array; write one object a line instead (jq -c '.[]')")
        }
        guard first == UInt8(ascii: "{") else {
            guard String(validating: line, as: UTF8.self) != nil, !line.contains(0) else {
                throw BadRow(reason: "not UTF-8 text; convert the file (iconv -t UTF-8)")
            }
            throw BadRow(reason: "not a JSON object; expected one object a line, or a file name ending in .csv")
        }
        guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any] else {
            guard String(validating: line, as: UTF8.self) != nil else {
                throw BadRow(reason: "not UTF-8; convert the file (iconv -t UTF-8)")
            }
            throw BadRow(reason: "not valid JSON; each line must hold one complete object, and numbers must be finite")
        }
        return object
    }
}
