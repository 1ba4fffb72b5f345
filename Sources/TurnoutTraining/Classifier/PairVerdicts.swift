import TurnoutCore
import TurnoutEvaluation
import TurnoutNumerics

/// Prompts on which two models were compared, and what came of it.
struct PairVerdicts {
    /// The rows with a comparison of both, in the order of the table.
    let rows: [OutcomeRow]
    /// The weak model and the strong one.
    let models: [ModelID]
    /// The shares of each row's comparisons that the strong model won, that were ties, and that the weak one won.
    ///
    /// Shape `[rows, 3]`.
    let targets: Matrix

    /// The fewest rows that are held out.
    static let leastHeldOut = 20
    /// The fewest rows in all.
    private static let least = 2 * leastHeldOut

    /// Compares scores, or takes the battles of rows that have any.
    ///
    /// - Parameters:
    ///   - table: Prompts, each once.
    ///   - asked: The two models; those of the data when empty. The one with the lower mean score is the weak one.
    /// - Throws: `TurnoutError` with code `.invalidArgument` for an unknown model, `.unsupported` for other than two models
    ///   or for rows of different weights, `.insufficientData` for too few rows or when all comparisons end alike.
    init(_ table: OutcomeTable, models asked: [ModelID]) throws {
        let known = Set(table.models)
        let table = table.scoringBattles(among: asked.isEmpty ? known.sorted() : asked)
        let models = try RouterTraining.chosenModels(asked, of: table, known: known)
        guard models.count == 2 else {
            throw TurnoutError(
                .unsupported,
                """
                a classifier router chooses between two models, and these are \(models.count); name a weak and a strong \
                one with --models
                """)
        }
        guard Set(table.rows.map(\.weight)).count < 2 else {
            throw TurnoutError(.unsupported, "a classifier router counts every row the same; leave out --weight")
        }
        let scores = ScoreTable(targets: models.map { model in table.rows.map { $0.scores[model] } })
        let comparisons = ModelComparisons(scores, rows: table.rows, models: models)
        let shares = table.rows.indices.map { Self.shares(comparisons, row: $0) }
        let kept = shares.indices.filter { shares[$0] != nil }
        guard kept.count >= Self.least else {
            throw TurnoutError(
                .insufficientData,
                """
                '\(models[0])' and '\(models[1])' were compared on \(kept.count) prompts; at least \(Self.least) are \
                needed, of which \(Self.leastHeldOut) are held out
                """)
        }
        self.rows = kept.map { table.rows[$0] }
        self.models = models
        self.targets = Matrix(rows: kept.count, columns: 3, storage: kept.flatMap { shares[$0] ?? [] })
    }

    /// Strong wins, ties and weak wins among a row's comparisons; `nil` where it has none.
    private static func shares(_ comparisons: ModelComparisons, row: Int) -> [Float]? {
        let own = comparisons.start[row]..<comparisons.start[row + 1]
        guard !own.isEmpty else { return nil }
        var shares: [Float] = [0, 0, 0]
        for index in own {
            let won = comparisons.first[index] == 1 ? comparisons.share[index] : 1 - comparisons.share[index]
            shares[won == 1 ? 0 : won == 0 ? 2 : 1] += 1 / Float(own.count)
        }
        return shares
    }

    /// A tenth of the rows, at least 20 of them, drawn at random, and the others.
    ///
    /// - Throws: `TurnoutError` with code `.insufficientData` when all comparisons that are left to learn from end alike.
    func split(seed: UInt64) throws -> (training: [Int], heldOut: [Int]) {
        var random = SeededRandom(seed: seed)
        let order = random.permutation(of: rows.count)
        let count = max(Self.leastHeldOut, rows.count / 10)
        let (heldOut, training) = (Array(order[..<count]), order[count...].sorted())
        guard (0..<3).count(where: { outcome in training.contains { targets[$0, outcome] > 0 } }) > 1 else {
            throw TurnoutError(
                .insufficientData,
                """
                all comparisons of '\(models[0])' and '\(models[1])' end alike: there is nothing to tell prompts apart \
                by; add rows that end otherwise
                """)
        }
        return (training, heldOut)
    }
}
