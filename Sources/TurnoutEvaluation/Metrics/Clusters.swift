public import TurnoutCore

/// Rows that are drawn together in resamples: a number for each row, the same for all rows of a group.
public enum Clusters {
    /// Groups are numbered by name.
    public static func numbers(_ groups: [String]) -> [Int] {
        let numbers = Dictionary(zip(Set(groups).sorted(), 0...), uniquingKeysWith: { first, _ in first })
        return groups.map { numbers[$0, default: 0] }
    }

    /// The numbers of rows that have a group each.
    ///
    /// - Throws: ``TurnoutError``: `.invalidData` for a row without a group, `.insufficientData` when all are of one.
    public static func numbers(of rows: [OutcomeRow]) throws -> [Int] {
        let groups = try OutcomeTable.groups(of: rows)
        guard Set(groups).count > 1 else {
            throw TurnoutError(
                .insufficientData,
                "all rows have the same value in the field named with --group-by; groups cannot be held out then")
        }
        return numbers(groups)
    }
}
