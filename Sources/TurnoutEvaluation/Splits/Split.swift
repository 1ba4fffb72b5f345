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
        guard share > 0, share < 1 else {
            throw TurnoutError(.invalidArgument, "a share of \(share) cannot be held out; choose one between 0 and 1")
        }
        guard !classes.isEmpty else { throw TurnoutError(.insufficientData, "no rows cannot be split; add some") }
        var random = SeededRandom(seed: seed)
        var test: Set<Int> = []
        for (name, rows) in Dictionary(grouping: classes.indices, by: { classes[$0] }).sorted(by: { $0.key < $1.key }) {
            guard rows.count > 1 else {
                throw TurnoutError(
                    .insufficientData,
                    "class '\(name)' has one row, which cannot stand on both sides; add rows or remove the class")
            }
            let wanted = Int((share * Double(rows.count)).rounded())
            let count = min(max(wanted, 1), rows.count - 1)
            test.formUnion(random.permutation(of: rows.count).prefix(count).map { rows[$0] })
        }
        return Split(training: classes.indices.filter { !test.contains($0) }, test: test.sorted())
    }
}
