import TurnoutCore
import TurnoutNumerics

/// A division of rows into test folds: every row is in exactly one.
public struct Folds: Sendable, Equatable {
    /// The fold of each row, in `0..<count`.
    public let foldOfRow: [Int]
    /// How many folds.
    public let count: Int

    /// The rows of one fold and those of all others, ascending.
    ///
    /// - Complexity: O(rows)
    public func split(_ fold: Int) -> (held: [Int], kept: [Int]) {
        var (held, kept) = ([Int](), [Int]())
        for (row, own) in foldOfRow.enumerated() {
            if own == fold { held.append(row) } else { kept.append(row) }
        }
        return (held, kept)
    }

    /// Random folds whose sizes differ by one at most.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for fewer than two folds, `.insufficientData` for
    ///   fewer rows than folds.
    public static func random(rows: Int, folds: Int, seed: UInt64) throws -> Folds {
        try check(folds: folds, available: rows, what: "rows")
        var random = SeededRandom(seed: seed)
        var result = [Int](repeating: 0, count: rows)
        for (position, row) in random.permutation(of: rows).enumerated() { result[row] = position % folds }
        return Folds(foldOfRow: result, count: folds)
    }

    /// Folds in which rows of one group are never apart, as even as greedy filling makes them.
    ///
    /// Groups are placed from the largest down, each into the smallest fold so far: the rule of scikit-learn's
    /// `GroupKFold`. Groups of equal size are taken by name, equally small folds by number; nothing is random.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for fewer than two folds, `.insufficientData` for
    ///   fewer groups than folds.
    public static func grouped(_ groups: [String], folds: Int) throws -> Folds {
        let sizes = Dictionary(groups.map { ($0, 1) }, uniquingKeysWith: +)
        try check(folds: folds, available: sizes.count, what: "different groups")
        var filled = [Int](repeating: 0, count: folds)
        var foldOfGroup: [String: Int] = [:]
        for (group, size) in sizes.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            let smallest = filled.indices.min { (filled[$0], $0) < (filled[$1], $1) } ?? 0
            foldOfGroup[group] = smallest
            filled[smallest] += size
        }
        return Folds(foldOfRow: groups.map { foldOfGroup[$0, default: 0] }, count: folds)
    }

    private static func check(folds: Int, available: Int, what: String) throws {
        guard folds >= 2 else {
            throw TurnoutError(.invalidArgument, "\(folds) folds: cross-validation needs at least two")
        }
        guard available >= folds else {
            throw TurnoutError(
                .insufficientData,
                "\(available) \(what) do not fill \(folds) folds; use --folds \(max(available, 2)) or more data")
        }
    }
}
