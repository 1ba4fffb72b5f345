import Foundation
public import TurnoutCore

/// Rows of one or more files, each prompt once.
///
/// Rows whose prompts are the same by ``TextIdentity`` become one: each model's scores are averaged, everything else
/// is taken from the first. Without that the same question would stand in training and test folds at once.
public struct OutcomeTable: Sendable {
    /// One file that was read.
    public struct File: Sendable, Equatable {
        /// Name without its folder.
        public var name: String
        /// SHA-256 of its bytes.
        public var sha256: String
        /// Rows that were the first with their prompt.
        public var rows: Int
        /// Rows that repeated a prompt.
        public var duplicates: Int
        /// Rows that were passed over.
        public var skipped: OutcomeReader.Skipped
    }

    /// Distinct prompts in the order of their first appearance.
    public var rows: [OutcomeRow]
    /// The files, in the order given.
    public var files: [File]

    /// Takes rows as they stand, without looking for duplicates.
    public init(rows: [OutcomeRow], files: [File] = []) {
        self.rows = rows
        self.files = files
    }

    /// Reads files.
    ///
    /// - Parameters:
    ///   - paths: One or more files.
    ///   - options: Column names, grouping, exclusions.
    /// - Throws: ``TurnoutError`` with code `.io`, `.invalidData`, or `.insufficientData` when a file has no rows.
    public init(
        paths: [String], options: OutcomeReader.Options = .init()
    ) throws {
        var merger = Merger()
        self.files = []
        for path in paths {
            let reader = try OutcomeReader(path: path, options: options)
            let (before, readBefore) = (merger.rows.count, merger.read)
            while let row = try reader.next() { merger.add(row) }
            let rows = merger.rows.count - before
            let name = URL(fileURLWithPath: path).lastPathComponent
            guard merger.read > readBefore else {
                throw TurnoutError(.insufficientData, Self.emptyMessage(name: name, skipped: reader.skipped))
            }
            files.append(
                File(
                    name: name, sha256: try FileFingerprint.sha256(path: path), rows: rows,
                    duplicates: merger.read - readBefore - rows, skipped: reader.skipped))
        }
        self.rows = merger.finished()
    }

    /// The models that have a score anywhere, by name.
    public var models: [ModelID] { Set(rows.flatMap(\.scores.keys)).sorted() }

    private static func emptyMessage(name: String, skipped: OutcomeReader.Skipped) -> String {
        guard skipped.bad + skipped.excluded > 0 else {
            return "\(name): no rows; give one JSON object a line, or CSV with a header and at least one record"
        }
        let reason = skipped.reasons.first.map { ", first: \($0)" } ?? ""
        return
            "\(name): no usable rows; \(skipped.bad) could not be read and \(skipped.excluded) were excluded\(reason)"
    }
}

/// Gathers rows and averages the scores of those with the same prompt.
private struct Merger {
    private(set) var rows: [OutcomeRow] = []
    private(set) var read = 0
    private var rowOfText: [String: Int] = [:]
    /// How many scores were added up, for rows and models that have more than one.
    private var counts: [Int: [ModelID: Int]] = [:]

    mutating func add(_ row: OutcomeRow) {
        read += 1
        let key = TextIdentity.normalised(row.prompt)
        guard let index = rowOfText[key] else {
            rowOfText[key] = rows.count
            rows.append(row)
            return
        }
        for (model, score) in row.scores {
            if let sum = rows[index].scores[model] {
                rows[index].scores[model] = sum + score
                counts[index, default: [:]][model, default: 1] += 1
            } else {
                rows[index].scores[model] = score
            }
        }
        if rows[index].label == nil { rows[index].label = row.label }
        rows[index].samples.merge(row.samples) { $0 + $1 }
    }

    func finished() -> [OutcomeRow] {
        var result = rows
        for (index, models) in counts {
            for (model, count) in models { result[index].scores[model]? /= Double(count) }
        }
        return result
    }
}
