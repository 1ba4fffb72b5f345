import TurnoutCore

/// Rows from before a moment, to learn from, and those from then on, to test on.
///
/// What a router will meet is newer than what it learnt from.
public struct TimeSplit: Sendable {
    /// Rows from before the moment.
    public let earlier: [OutcomeRow]
    /// Rows of the moment and after.
    public let later: [OutcomeRow]

    /// Divides rows.
    ///
    /// - Parameters:
    ///   - rows: Each with its time; the reader's `timeField` says where that stands.
    ///   - moment: On the scale of ``OutcomeRow/time``.
    /// - Throws: ``TurnoutError`` with code `.insufficientData` when one side is empty, `.invalidData` for a row without
    ///   a time.
    public init(_ rows: [OutcomeRow], at moment: Double) throws {
        var (earlier, later) = ([OutcomeRow](), [OutcomeRow]())
        for row in rows {
            guard let time = row.time else {
                throw TurnoutError(.invalidData, "\(row.place): the row has no time; a split by time needs one of each")
            }
            if time < moment { earlier.append(row) } else { later.append(row) }
        }
        guard !earlier.isEmpty, !later.isEmpty else {
            let (side, remedy) = earlier.isEmpty ? ("of that time or later", "later") : ("earlier than that", "earlier")
            throw TurnoutError(
                .insufficientData, "all \(rows.count) prompts are \(side); choose a time \(remedy) than --test-after")
        }
        self.earlier = earlier
        self.later = later
    }
}
