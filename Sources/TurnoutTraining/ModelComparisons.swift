import TurnoutCore
import TurnoutEvaluation

/// Which of two models did better on a prompt: what routers that learn from battles are trained on.
///
/// Stored as columns, since twenty-nine models make 406 comparisons on each prompt.
struct ModelComparisons: Sendable {
    /// The comparisons of each row: row r has numbers `start[r]..<start[r + 1]`.
    private(set) var start: [Int] = [0]
    /// The first model of each, as a place in the examples' list.
    private(set) var first: [Int32] = []
    /// The second model of each, another one.
    private(set) var second: [Int32] = []
    /// What the first one got of the one win there is to share: 1, ½ for a tie, or 0.
    private(set) var share: [Float] = []
    /// What each comparison on a row counts for.
    ///
    /// A battle counts as much as its row. Comparisons of scores count together as half the models that take part: those
    /// between many models on one prompt are not independent.
    private(set) var weight: [Float] = []

    /// Takes the battles of a row, where it has any; otherwise every two models with a score, the higher one winning and
    /// equal ones tied.
    init(_ scores: ScoreTable, rows: [OutcomeRow], models: [ModelID]) {
        let places = Dictionary(zip(models, 0...), uniquingKeysWith: { first, _ in first })
        let scored = scores.models.map { model in
            var known = [Bool](repeating: false, count: rows.count)
            for row in model.rows { known[row] = true }
            return known
        }
        for (index, row) in rows.enumerated() {
            if row.battles.isEmpty {
                let present = models.indices.filter { scored[$0][index] }
                compare(present, scores: present.map { scores.models[$0].targets[index] })
                weight.append(Float(row.weight) / Float(max(present.count - 1, 1)))
            } else {
                for battle in row.battles {
                    guard let a = places[battle.modelA], let b = places[battle.modelB] else { continue }
                    add(a, b, share: Float(battle.shareOfA))
                }
                weight.append(Float(row.weight))
            }
            start.append(first.count)
        }
    }

    private mutating func compare(_ models: [Int], scores: [Double]) {
        for i in models.indices {
            for j in models.indices.dropFirst(i + 1) {
                add(models[i], models[j], share: scores[i] == scores[j] ? 0.5 : scores[i] > scores[j] ? 1 : 0)
            }
        }
    }

    private mutating func add(_ a: Int, _ b: Int, share: Float) {
        first.append(Int32(a))
        second.append(Int32(b))
        self.share.append(share)
    }

    /// The share of its comparisons on a row that each model won; shape `[models][rows]`, nothing where it has none.
    func winShares(models: Int) -> [[Double?]] {
        var result = [[Double?]](repeating: [Double?](repeating: nil, count: start.count - 1), count: models)
        for row in 0..<start.count - 1 {
            var won = [Double](repeating: 0, count: models)
            var fought = won
            for index in start[row]..<start[row + 1] {
                let (a, b) = (Int(first[index]), Int(second[index]))
                won[a] += Double(share[index])
                won[b] += 1 - Double(share[index])
                fought[a] += 1
                fought[b] += 1
            }
            for model in 0..<models where fought[model] > 0 { result[model][row] = won[model] / fought[model] }
        }
        return result
    }
}
