import Synchronization
package import TurnoutCore
package import TurnoutRouting

/// The latest decisions by id, in memory.
///
/// When it is full, the oldest makes room.
package final class DecisionLog: Sendable {
    /// A decision, or the fact that there was none to be made.
    ///
    /// Receipts are written only when somebody asks.
    package enum Entry: Sendable {
        /// A route decided.
        case decided(Decision, Decider, micros: Double)
        /// The model was asked for by name.
        case named(ModelID)

        /// The receipt under an id.
        package func receipt(id: String) -> DecisionReceipt {
            switch self {
            case .decided(let decision, let decider, let micros):
                DecisionReceipt(decision, by: decider, id: id, micros: micros)
            case .named(let model): DecisionReceipt(named: model, id: id)
            }
        }
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var attempts: [String: [AttemptRecord]] = [:]
        var order: [String] = []
        var oldest = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: Decisions that are kept. Default: 4,096.
    package init(capacity: Int = 4096) {
        self.capacity = max(capacity, 1)
    }

    /// Keeps a decision.
    package func record(_ entry: Entry, id: String) {
        state.withLock { state in
            if state.order.count < capacity {
                state.order.append(id)
            } else {
                state.entries[state.order[state.oldest]] = nil
                state.attempts[state.order[state.oldest]] = nil
                state.order[state.oldest] = id
                state.oldest = (state.oldest + 1) % capacity
            }
            state.entries[id] = entry
        }
    }

    /// Keeps what became of the attempts at a decision, as long as the decision itself is kept.
    package func record(_ attempts: [AttemptRecord], id: String) {
        state.withLock { state in
            if state.entries[id] != nil { state.attempts[id] = attempts }
        }
    }

    /// What became of the attempts; `nil` while they are under way, and when there were none.
    package func attempts(id: String) -> [AttemptRecord]? {
        state.withLock { $0.attempts[id] }
    }

    /// The decision with an id, unless it is unknown or has made room for a later one.
    package func entry(id: String) -> Entry? {
        state.withLock { $0.entries[id] }
    }
}
