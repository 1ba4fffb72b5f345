public import TurnoutCore

/// Two models answered the same prompt, and one was preferred, or neither.
public struct Battle: Sendable, Hashable {
    /// How a battle ended.
    public enum Outcome: String, Sendable, Hashable, Codable {
        /// The first model was preferred.
        case a
        /// The second model was preferred.
        case b
        /// Neither was.
        case tie
    }

    /// The first model.
    public var modelA: ModelID
    /// The second model, another one.
    public var modelB: ModelID
    /// How it ended.
    public var outcome: Outcome

    /// Sets models and outcome.
    public init(_ modelA: ModelID, _ modelB: ModelID, _ outcome: Outcome) {
        self.modelA = modelA
        self.modelB = modelB
        self.outcome = outcome
    }

    /// What the first model got of the one win there is to share: 1, ½ for a tie, or 0.
    public var shareOfA: Double {
        switch outcome {
        case .a: 1
        case .b: 0
        case .tie: 0.5
        }
    }
}

extension OutcomeRow {
    /// Which model did better than which on this prompt.
    ///
    /// The row's battles, where it has any: models that never met are then not compared. Otherwise every pair of models
    /// with a score, the first by name as `modelA`; the higher score wins, equal scores tie.
    ///
    /// - Complexity: O(battles), or O(models²).
    public var comparisons: [Battle] {
        guard battles.isEmpty else { return battles }
        let scored = scores.sorted { $0.key < $1.key }
        return scored.indices.flatMap { i in
            scored.indices.dropFirst(i + 1).map { j in
                let (a, b) = (scored[i], scored[j])
                return Battle(a.key, b.key, a.value == b.value ? .tie : a.value > b.value ? .a : .b)
            }
        }
    }
}

extension OutcomeTable {
    /// The same rows, where those that only have battles get scores: the share of its battles that a model won, ties
    /// counting half.
    ///
    /// For trainers that learn each model's score by itself. Only battles between two of `models` count, so that
    /// nobody is scored by opponents that are not asked about; with two models the scores are those of their own
    /// meetings. With more, models in a row need not have met each other: what compares models with each other should
    /// use ``OutcomeRow/comparisons``.
    ///
    /// - Parameter models: The models asked about.
    /// - Returns: The table with as many rows as before.
    public func scoringBattles(among models: [ModelID]) -> OutcomeTable {
        let asked = Set(models)
        var result = self
        for index in rows.indices where rows[index].scores.isEmpty {
            var shares: [ModelID: (won: Double, fought: Double)] = [:]
            for battle in rows[index].battles where asked.contains(battle.modelA) && asked.contains(battle.modelB) {
                for (model, won) in [(battle.modelA, battle.shareOfA), (battle.modelB, 1 - battle.shareOfA)] {
                    let share = shares[model] ?? (0, 0)
                    shares[model] = (share.won + won, share.fought + 1)
                }
            }
            result.rows[index].scores = shares.mapValues { $0.won / $0.fought }
        }
        return result
    }
}
