import Foundation
public import TurnoutCore

/// Rows of one or more files, each prompt once.
///
/// Rows whose prompts are the same by ``TextIdentity`` become one: each model's scores are averaged by the weight of
/// their rows, battles are all kept, the weight is the largest, the time is the earliest, everything else is taken from
/// the first. Without that the same question would stand in training and test folds at once.
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
    /// Prompts that have another label in an earlier row, which is the one that counts; `nil` where there are none, and
    /// where duplicates are not looked for.
    public private(set) var contradiction: Contradiction?

    /// A prompt with two labels.
    public struct Contradiction: Sendable, Equatable {
        /// Where its two labels stand.
        public let places: [String]
        /// The two labels.
        public let labels: [String]
        /// Rows that contradict an earlier one, this one among them.
        public internal(set) var rows = 1
    }

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
    ///   - mergesDuplicates: Whether rows with the same prompt become one. Without it they stay as they are, as where
    ///     they tell how often a prompt comes.
    /// - Throws: ``TurnoutError`` with code `.io`, `.invalidData`, `.insufficientData` when a file has no rows, or
    ///   `.invalidArgument` when the options name a field that no row has, or a file that is not read.
    public init(
        paths: [String], options: OutcomeReader.Options = .init(), mergesDuplicates: Bool = true
    ) throws {
        try options.checkWeights(paths: paths)
        var merger = Merger(keepsDuplicates: !mergesDuplicates)
        var unseen: Set<String>?
        self.files = []
        for path in paths {
            let reader = try OutcomeReader(path: path, options: options)
            defer { unseen = unseen?.intersection(reader.unseenFields) ?? reader.unseenFields }
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
        try options.checkFields(unseen: unseen ?? [], files: files.map(\.name))
        self.rows = merger.finished()
        self.contradiction = merger.contradiction
    }

    /// The models that have a score or a battle anywhere, by name.
    public var models: [ModelID] {
        var found: Set<ModelID> = []
        for row in rows {
            found.formUnion(row.scores.keys)
            for battle in row.battles { found.formUnion([battle.modelA, battle.modelB]) }
        }
        return found.sorted()
    }

    /// The group of each row, in order.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData` for a row without one: file, line, what to do.
    public static func groups(of rows: [OutcomeRow]) throws -> [String] {
        try rows.map { row in
            guard let group = row.group else {
                throw TurnoutError(
                    .invalidData,
                    "\(row.place): the row lacks the field named with --group-by; add it, or leave such rows out")
            }
            return group
        }
    }

    /// Refuses prompts that have two labels.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData` for the first of them: both files and lines, and both labels.
    public func refuseContradictingLabels() throws {
        guard let found = contradiction else { return }
        let others = found.rows > 1 ? " (\(found.rows) such rows in all)" : ""
        throw TurnoutError(
            .invalidData,
            """
            \(found.places[1]): the same text has the label '\(found.labels[1])' here and '\(found.labels[0])' in \
            \(found.places[0])\(others); keep one label for each text
            """)
    }

    static func emptyMessage(name: String, skipped: OutcomeReader.Skipped) -> String {
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
    let keepsDuplicates: Bool
    private(set) var rows: [OutcomeRow] = []
    private(set) var read = 0
    private(set) var contradiction: OutcomeTable.Contradiction?
    private var rowOfText: [String: Int] = [:]
    /// Where the label of a row stands that has it from a later one.
    private var placeOfLabel: [Int: String] = [:]
    /// Weighted sums of scores and their weights, for rows and models that have more than one.
    private var sums: [Int: [ModelID: (score: Double, weight: Double)]] = [:]
    /// The weight of rows that a later one outweighs; the row keeps its own until all sums are made.
    private var heaviest: [Int: Double] = [:]

    init(keepsDuplicates: Bool) { self.keepsDuplicates = keepsDuplicates }

    mutating func add(_ row: OutcomeRow) {
        read += 1
        guard !keepsDuplicates else { return rows.append(row) }
        let key = TextIdentity.normalised(row.prompt)
        guard let index = rowOfText[key] else {
            rowOfText[key] = rows.count
            rows.append(row)
            return
        }
        for (model, score) in row.scores {
            if let first = rows[index].scores[model] {
                let weight = rows[index].weight
                let sum = sums[index]?[model] ?? (first * weight, weight)
                sums[index, default: [:]][model] = (sum.score + score * row.weight, sum.weight + row.weight)
            } else {
                rows[index].scores[model] = score
                // Its weight need not be the one the merged row will have.
                sums[index, default: [:]][model] = (score * row.weight, row.weight)
            }
        }
        if row.weight > max(rows[index].weight, heaviest[index] ?? 0) { heaviest[index] = row.weight }
        merge(row.label, of: row, into: index)
        if let time = row.time, let first = rows[index].time { rows[index].time = min(first, time) }
        rows[index].battles += row.battles
        rows[index].samples.merge(row.samples) { $0 + $1 }
        rows[index].costs.merge(row.costs) { first, _ in first }
        rows[index].tokens.merge(row.tokens) { first, _ in first }
        rows[index].latencies.merge(row.latencies) { first, _ in first }
        rows[index].answerLengths.merge(row.answerLengths) { first, _ in first }
        rows[index].verdicts.merge(row.verdicts) { first, _ in first }
    }

    private mutating func merge(_ label: String?, of row: OutcomeRow, into index: Int) {
        guard let label else { return }
        guard let first = rows[index].label else {
            (rows[index].label, placeOfLabel[index]) = (label, row.place)
            return
        }
        guard label != first else { return }
        if contradiction == nil {
            contradiction = .init(
                places: [placeOfLabel[index] ?? rows[index].place, row.place], labels: [first, label])
        } else {
            contradiction?.rows += 1
        }
    }

    func finished() -> [OutcomeRow] {
        var result = rows
        for (index, models) in sums {
            for (model, sum) in models { result[index].scores[model] = sum.score / sum.weight }
        }
        for (index, weight) in heaviest { result[index].weight = weight }
        return result
    }
}
