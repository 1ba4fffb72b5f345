import TurnoutCore
import TurnoutNumerics

/// A division of rows into a part to train on and a part to test on.
public struct Split: Sendable, Equatable {
    /// Numbers of the rows to train on, ascending.
    public let training: [Int]
    /// Numbers of the rows to test on, ascending.
    public let test: [Int]

    /// The same share of every class is held out, rounded to whole rows, at least one.
    ///
    /// - Parameters:
    ///   - classes: The class of each row.
    ///   - share: The share to hold out, above 0 and below 1.
    ///   - seed: Where random numbers start.
    /// - Returns: The split.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for an impossible share, `.insufficientData` when a class
    ///   has a single row, or when there is none.
    public static func stratified(_ classes: [String], share: Double, seed: UInt64) throws -> Split {
        try check(share, rows: classes.count)
        var random = SeededRandom(seed: seed)
        var test: Set<Int> = []
        for (name, rows) in Dictionary(grouping: classes.indices, by: { classes[$0] }).sorted(by: { $0.key < $1.key }) {
            guard rows.count > 1 else {
                throw TurnoutError(
                    .insufficientData,
                    """
                    class '\(name)' has one row, or rows of one prompt only, which cannot stand on both sides; add rows or \
                    remove the class
                    """)
            }
            let count = wanted(share, of: rows.count)
            test.formUnion(random.permutation(of: rows.count).prefix(count).map { rows[$0] })
        }
        return Split(training: classes.indices.filter { !test.contains($0) }, test: test.sorted())
    }

    /// Whole groups are held out, drawn at random: each whose rows the share still has room for, at least one.
    ///
    /// - Parameters:
    ///   - groups: The group of each row.
    ///   - share: The share of rows to hold out, above 0 and below 1.
    ///   - seed: Where random numbers start.
    /// - Returns: The split.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for an impossible share, `.insufficientData` when there is
    ///   one group only, or none.
    public static func grouped(_ groups: [String], share: Double, seed: UInt64) throws -> Split {
        try check(share, rows: groups.count)
        let sizes = Dictionary(groups.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        guard sizes.count > 1, let smallest = sizes.min(by: { $0.value < $1.value }) else {
            throw TurnoutError(
                .insufficientData, "all \(groups.count) rows are of one group, which cannot stand on both sides")
        }
        var random = SeededRandom(seed: seed)
        var room = wanted(share, of: groups.count)
        var held: Set<String> = []
        for index in random.permutation(of: sizes.count) where sizes[index].value <= room {
            held.insert(sizes[index].key)
            room -= sizes[index].value
        }
        if held.isEmpty { held = [smallest.key] }
        return Split(
            training: groups.indices.filter { !held.contains(groups[$0]) },
            test: groups.indices.filter { held.contains(groups[$0]) })
    }

    /// The latest rows are held out, those of one time together; nothing is random.
    ///
    /// - Parameters:
    ///   - times: The time of each row, finite.
    ///   - share: The share of rows to hold out, above 0 and below 1.
    /// - Returns: The split.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for an impossible share, `.insufficientData` when all rows
    ///   are of one time, or there is none.
    public static func latest(_ times: [Double], share: Double) throws -> Split {
        try check(share, rows: times.count)
        let sorted = times.sorted()
        let cut = sorted[times.count - wanted(share, of: times.count)]
        guard let moment = cut > sorted[0] ? cut : sorted.first(where: { $0 > cut }) else {
            throw TurnoutError(
                .insufficientData, "all \(times.count) rows are of one time, so that none is later than the others")
        }
        return Split(
            training: times.indices.filter { times[$0] < moment }, test: times.indices.filter { times[$0] >= moment })
    }

    /// Whole rows that come nearest to a share, neither none nor all.
    private static func wanted(_ share: Double, of rows: Int) -> Int {
        min(max(Int((share * Double(rows)).rounded()), 1), rows - 1)
    }

    private static func check(_ share: Double, rows: Int) throws {
        guard share > 0, share < 1 else {
            throw TurnoutError(.invalidArgument, "a share of \(share) cannot be held out; choose one between 0 and 1")
        }
        guard rows > 1 else {
            throw TurnoutError(.insufficientData, "\(rows == 0 ? "no rows" : "one row") cannot be split; add some")
        }
    }
}
