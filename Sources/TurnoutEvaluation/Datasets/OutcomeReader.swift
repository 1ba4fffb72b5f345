import Foundation
import TurnoutCore

/// Reads outcomes, battles and labelled texts from a file, one row at a time.
///
/// JSON lines or CSV with a header, plain or gzip; `docs/data.md` describes both. Battles are returned as outcomes
/// of their two models. Memory is bounded by the longest row.
public final class OutcomeReader {
    /// What to read and what to do about rows that cannot be read.
    public struct Options: Sendable {
        /// How columns are called, where they differ from the usual names.
        public var columns = ColumnNames()
        /// The field whose value becomes ``OutcomeRow/group``, such as `category`.
        public var groupBy: String?
        /// Rows in which any of these fields is true are left out, such as `contaminated`.
        public var exclude: [String] = []
        /// Whether rows that cannot be read are counted and skipped; otherwise the first one is an error.
        public var skipBadRows = false

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
    }

    /// What was passed over so far.
    public private(set) var skipped = Skipped()
    private let source: Source
    private let parser: RowParser
    private let options: Options
    private let name: String

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
        self.parser = RowParser(columns: options.columns, groupBy: options.groupBy, exclude: options.exclude)
        let isCSV = lowered.hasSuffix(".csv") || lowered.hasSuffix(".csv.gz")
        self.source = try isCSV ? .csv(CSVReader(path: path)) : .jsonLines(LineReader(path: path))
    }

    /// The next row, or `nil` after the last one.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData`: the file, the line, what is wrong and how to mend it.
    public func next() throws -> OutcomeRow? {
        while true {
            do {
                guard let object = try object() else { return nil }
                if let row = try parser.row(object.value, line: object.line) { return row }
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
            throw BadRow(reason: "not a JSON object; expected one object a line, or a file name ending in .csv")
        }
        guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any] else {
            throw BadRow(reason: "not valid JSON; each line must hold one complete object, and numbers must be finite")
        }
        return object
    }
}
