public import TurnoutCore
import TurnoutNumerics

/// How often each of some models did better than each other, ties half a win each way.
public struct WinMatrix: Sendable, Equatable {
    /// The models, in the order of rows and columns.
    public let models: [ModelID]
    /// Weighted wins, row over column; element (i, j) at `i * models.count + j`.
    public private(set) var wins: [Double]
    private let index: [ModelID: Int]

    /// A matrix without wins.
    public init(models: [ModelID]) {
        self.models = models
        self.wins = [Double](repeating: 0, count: models.count * models.count)
        self.index = Dictionary(zip(models, 0...), uniquingKeysWith: { first, _ in first })
    }

    /// The comparisons of all rows, each counting as much as its row.
    public init(rows: [OutcomeRow], models: [ModelID]) {
        self.init(models: models)
        for row in rows { for battle in row.comparisons { add(battle, weight: row.weight) } }
    }

    /// A matrix of known wins; `wins.count` is the square of `models.count`.
    init(models: [ModelID], wins: [Double]) {
        self.init(models: models)
        self.wins = wins
    }

    /// Counts a battle; one with a model that is not in the matrix is passed over.
    public mutating func add(_ battle: Battle, weight: Double = 1) {
        guard let a = index[battle.modelA], let b = index[battle.modelB] else { return }
        wins[a * models.count + b] += weight * battle.shareOfA
        wins[b * models.count + a] += weight * (1 - battle.shareOfA)
    }

    /// Bradley–Terry ratings of the models.
    ///
    /// - Parameter prior: Ties that are imagined between any two models that met; 0 for maximum likelihood. A positive
    ///   number keeps the ratings finite for a model that only won or only lost.
    /// - Returns: One rating for each model, in nats, with mean zero.
    /// - Throws: ``TurnoutError`` with code `.insufficientData` when models cannot be compared; it names them.
    /// - Complexity: O(models³) a Newton step
    public func ratings(prior: Double = 0) throws -> [Double] {
        do {
            return try BradleyTerry.ratings(wins: wins, count: models.count, prior: prior)
        } catch {
            throw TurnoutError(.insufficientData, sentence(error))
        }
    }

    private func sentence(_ failure: BradleyTerry.Failure) -> String {
        switch failure {
        case .disconnected(let components):
            let sets = components.prefix(4).map { "{\(names($0))}" }.joined(separator: ", ")
            return """
                the models fall into \(components.count) sets that never met: \(sets)\(components.count > 4 ? ", …" : ""); \
                add comparisons between the sets, or rate them one by one
                """
        case .neverWon(let losers):
            return """
                \(names(losers)) never won or tied against the other models, so that no finite rating fits; add battles, leave \
                these models out, or rate with a prior
                """
        case .invalidWins:
            return "a rating needs at least one model and wins that are finite and not negative"
        }
    }

    private func names(_ indices: [Int]) -> String {
        indices.prefix(6).map { models[$0].name }.joined(separator: ", ") + (indices.count > 6 ? ", …" : "")
    }
}
