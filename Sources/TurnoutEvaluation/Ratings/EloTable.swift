public import TurnoutCore
import TurnoutNumerics

/// Models by strength, in tiers, as the similarity-weighted router uses them.
public struct EloTable: Sendable, Equatable {
    /// One model.
    public struct Entry: Sendable, Equatable {
        /// The model.
        public let model: ModelID
        /// Bradley–Terry rating in nats; mean zero over the models.
        public let rating: Double
        /// 400 / ln 10 · rating + 1000.
        public let elo: Double
        /// The 95 % interval of ``elo``, where one could be made.
        public let interval: Interval?
        /// 0 for the strongest tier.
        public let tier: Int
    }

    /// The strongest first; equals by name.
    public let entries: [Entry]
    /// Ties that were imagined between models that met; 0 unless the likelihood has no maximum without.
    public let prior: Double

    /// Rates models and cuts them into tiers.
    ///
    /// - Parameters:
    ///   - wins: Who beat whom.
    ///   - tiers: How many tiers; 10 in RouteLLM.
    ///   - blocks: The same comparisons dealt out to several matrices, each prompt to one of them. Ratings that leave one
    ///     out at a time give the interval (delete-a-group jackknife, Student's t). Without blocks the interval is empty.
    /// - Throws: ``TurnoutError`` with code `.insufficientData` when sets of models never met.
    /// - Complexity: O(blocks · models³)
    public init(_ wins: WinMatrix, tiers: Int = 10, blocks: [WinMatrix] = []) throws {
        var prior = 0.0
        var ratings: [Double]
        do {
            ratings = try wins.ratings()
        } catch {
            // Somebody only won or only lost: half a win each way makes their rating finite.
            prior = 1
            ratings = try wins.ratings(prior: prior)
        }
        let errors = Self.errors(of: wins, blocks: blocks, prior: prior)
        let tierOfModel = Tiers.assign(ratings, count: tiers)
        self.prior = prior
        self.entries = wins.models.indices
            .sorted { (ratings[$1], wins.models[$0]) < (ratings[$0], wins.models[$1]) }
            .map { i in
                let elo = BradleyTerry.elo(ratings[i])
                let reach = errors.map { BradleyTerry.elo($0[i]) - 1000 }
                return Entry(
                    model: wins.models[i], rating: ratings[i], elo: elo,
                    interval: reach.map { Interval(value: elo, low: elo - $0, high: elo + $0) }, tier: tierOfModel[i])
            }
    }

    /// Half widths of 95 % intervals in nats; `nil` when a model cannot be rated without one of the blocks.
    private static func errors(of wins: WinMatrix, blocks: [WinMatrix], prior: Double) -> [Double]? {
        let filled = blocks.filter { block in block.wins.contains { $0 > 0 } }
        guard filled.count > 1 else { return nil }
        var left: [[Double]] = []
        for block in filled {
            let rest = WinMatrix(
                models: wins.models, wins: zip(wins.wins, block.wins).map { $0 - $1 > 1e-9 * $0 ? $0 - $1 : 0 })
            guard let ratings = try? rest.ratings(prior: prior) else { return nil }
            left.append(ratings)
        }
        let count = Double(left.count)
        return wins.models.indices.map { i in
            let mean = left.reduce(0) { $0 + $1[i] } / count
            let sum = left.reduce(0) { $0 + ($1[i] - mean) * ($1[i] - mean) }
            return StudentT.upperQuantile(degreesOfFreedom: count - 1) * ((count - 1) / count * sum).squareRoot()
        }
    }
}
