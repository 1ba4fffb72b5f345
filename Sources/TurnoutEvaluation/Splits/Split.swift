import TurnoutCore
import TurnoutNumerics

/// A division of rows into a part to train on and a part to test on.
public struct Split: Sendable, Equatable {
    /// Numbers of the rows to train on, ascending.
    public let training: [Int]
    /// Numbers of the rows to test on, ascending.
    public let test: [Int]

    /// A random part of the rows is held out.
    ///
    /// - Parameters:
    ///   - rows: How many rows there are.
    ///   - share: The share to hold out, above 0 and below 1; rounded to whole rows.
    ///   - seed: Where random numbers start.
    /// - Returns: The split.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for an impossible share, `.insufficientData` when one
    ///   side would be empty.
    public static func random(rows: Int, share: Double, seed: UInt64) throws -> Split {
        try check(share)
        var random = SeededRandom(seed: seed)
        return try make(rows: rows, test: Set(random.permutation(of: rows).prefix(size(share, of: rows))))
    }

    /// The same share of every class is held out, rounded to whole rows, at least one.
    ///
    /// - Parameters:
    ///   - classes: The class of each row.
    ///   - share: The share to hold out, above 0 and below 1.
    ///   - seed: Where random numbers start.
    /// - Returns: The split.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for an impossible share, `.insufficientData` when a class
    ///   has a single row.
    public static func stratified(_ classes: [String], share: Double, seed: UInt64) throws -> Split {
        try check(share)
        var random = SeededRandom(seed: seed)
        var test: Set<Int> = []
        for (name, rows) in Dictionary(grouping: classes.indices, by: { classes[$0] }).sorted(by: { $0.key < $1.key }) {
            guard rows.count > 1 else {
                throw TurnoutError(
                    .insufficientData,
                    "class '\(name)' has one row, which cannot stand on both sides; add rows or remove the class")
            }
            let count = min(max(size(share, of: rows.count), 1), rows.count - 1)
            test.formUnion(random.permutation(of: rows.count).prefix(count).map { rows[$0] })
        }
        return try make(rows: classes.count, test: test)
    }

    /// Whole groups are held out, drawn at random until the share is reached.
    ///
    /// - Parameters:
    ///   - groups: The group of each row.
    ///   - share: The least share of rows to hold out, above 0 and below 1.
    ///   - seed: Where random numbers start.
    /// - Returns: The split.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for an impossible share, `.insufficientData` when fewer
    ///   than two groups or so large ones leave nothing to train on.
    public static func grouped(_ groups: [String], share: Double, seed: UInt64) throws -> Split {
        try check(share)
        let rowsOfGroup = Dictionary(grouping: groups.indices, by: { groups[$0] })
        let names = rowsOfGroup.keys.sorted()
        var random = SeededRandom(seed: seed)
        let wanted = size(share, of: groups.count)
        var test: Set<Int> = []
        for position in random.permutation(of: names.count) where test.count < wanted {
            let rows = rowsOfGroup[names[position], default: []]
            if test.count + rows.count < groups.count { test.formUnion(rows) }
        }
        return try make(rows: groups.count, test: test)
    }

    /// The newest rows are held out: what a router will meet is newer than what it learnt from.
    ///
    /// Rows of the same moment are never apart; the held-out part grows until that is so.
    ///
    /// - Parameters:
    ///   - times: When each row was asked; ``OutcomeRow/time``.
    ///   - share: The least share of rows to hold out, above 0 and below 1.
    /// - Returns: The split.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for an impossible share, `.insufficientData` when all rows
    ///   that could be trained on are of the same moment.
    public static func newest(_ times: [Double], share: Double) throws -> Split {
        try check(share)
        let ordered = times.sorted()
        guard let cut = ordered.suffix(size(share, of: times.count)).first else {
            return try make(rows: times.count, test: [])
        }
        return try make(rows: times.count, test: Set(times.indices.filter { times[$0] >= cut }))
    }

    // MARK: - Parts

    private static func size(_ share: Double, of rows: Int) -> Int { Int((share * Double(rows)).rounded()) }

    private static func check(_ share: Double) throws {
        guard share > 0, share < 1 else {
            throw TurnoutError(.invalidArgument, "a share of \(share) cannot be held out; choose one between 0 and 1")
        }
    }

    private static func make(rows: Int, test: Set<Int>) throws -> Split {
        guard !test.isEmpty, test.count < rows else {
            throw TurnoutError(
                .insufficientData,
                "\(rows) rows cannot be split: one side would be empty; add rows, groups or moments, or change the share"
            )
        }
        return Split(training: (0..<rows).filter { !test.contains($0) }, test: test.sorted())
    }
}
