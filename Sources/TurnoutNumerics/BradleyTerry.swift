import Foundation

/// Ratings of players from their wins over each other.
///
/// Player i beats player j with probability sigmoid(ξᵢ − ξⱼ) (Bradley and Terry 1952). The ratings maximise
/// Σ w(i, j) log sigmoid(ξᵢ − ξⱼ), w(i, j) being how often i beat j, ties half each way, in whatever weights. They exist
/// exactly if every set of players has both won and lost against the others (Ford 1957); otherwise some ratings are
/// infinite, or sets that never met cannot be compared.
package enum BradleyTerry {
    /// Why there are no ratings.
    package enum Failure: Error, Equatable {
        /// These sets of players never met each other; each is in ascending order.
        case disconnected([[Int]])
        /// These players never won, not even half, against the rest.
        case neverWon([Int])
        /// A number of wins is negative or not finite, or the matrix is not square.
        case invalidWins
    }

    /// Fits ratings by Newton's method.
    ///
    /// - Parameters:
    ///   - wins: How often i beat j at `i * count + j`, ties half each way; not negative, the diagonal is not read.
    ///   - count: The number of players, at least 1.
    ///   - prior: Ties that are imagined between any two players that met. Zero for maximum likelihood; a positive number
    ///     keeps the ratings finite for players who only won or only lost.
    ///   - start: Where to begin, such as the ratings of a similar matrix; zeros unless given.
    /// - Returns: One rating for each player, in nats, with mean zero.
    /// - Throws: ``Failure``
    /// - Complexity: O(`count`³ / 3) a step; five to ten steps.
    package static func ratings(
        wins: [Double], count: Int, prior: Double = 0, start: [Double]? = nil
    ) throws(Failure) -> [Double] {
        guard count > 0, wins.count == count * count, prior >= 0, wins.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
            throw .invalidWins
        }
        let wins = withPrior(wins, count: count, prior: prior)
        try check(wins, count: count)
        var ratings = start ?? [Double](repeating: 0, count: count)
        var value = logLikelihood(wins, ratings)
        for _ in 0..<200 {
            let (gradient, information) = derivatives(wins, ratings)
            guard let step = Cholesky(information)?.solve(gradient) else { break }
            var length = 1.0
            var moved = ratings
            var newValue = value
            repeat {  // far from the optimum a whole step may overshoot
                for i in 0..<count { moved[i] = ratings[i] + length * step[i] }
                newValue = logLikelihood(wins, moved)
                length /= 2
            } while newValue < value - 1e-12 * abs(value) && length > 1e-6
            (ratings, value) = (moved, newValue)
            if step.allSatisfy({ abs($0) < 1e-9 }) { break }
        }
        let mean = ratings.reduce(0, +) / Double(count)
        return ratings.map { $0 - mean }
    }

    /// A rating as players of chess know it: 400 / ln 10 · ξ + 1000.
    package static func elo(_ rating: Double) -> Double { 400 / log(10) * rating + 1000 }

    // MARK: - Whether ratings exist

    private static func check(_ wins: [Double], count: Int) throws(Failure) {
        let components = components(count) { wins[$0 * count + $1] > 0 || wins[$1 * count + $0] > 0 }
        guard components.count == 1 else { throw .disconnected(components) }
        // Whoever player 0 beat, directly or through others, never won against anybody outside.
        let below = reached(from: 0, count) { wins[$0 * count + $1] > 0 }
        guard below.count == count else { throw .neverWon(below) }
        // Who did not beat player 0 in that way never won against those who did.
        let above = reached(from: 0, count) { wins[$1 * count + $0] > 0 }
        guard above.count == count else {
            throw .neverWon((0..<count).filter { !above.contains($0) })
        }
    }

    private static func components(_ count: Int, joined: (Int, Int) -> Bool) -> [[Int]] {
        var left = Set(0..<count)
        var result: [[Int]] = []
        while let first = left.min() {
            let component = reached(from: first, count, by: joined)
            left.subtract(component)
            result.append(component)
        }
        return result
    }

    /// The players that can be reached from one, itself included, in ascending order.
    private static func reached(from start: Int, _ count: Int, by edge: (Int, Int) -> Bool) -> [Int] {
        var seen = [Bool](repeating: false, count: count)
        seen[start] = true
        var waiting = [start]
        while let i = waiting.popLast() {
            for j in 0..<count where !seen[j] && i != j && edge(i, j) {
                seen[j] = true
                waiting.append(j)
            }
        }
        return seen.indices.filter { seen[$0] }
    }

    // MARK: - The likelihood

    private static func withPrior(_ wins: [Double], count: Int, prior: Double) -> [Double] {
        guard prior > 0 else { return wins }
        var result = wins
        for i in 0..<count {
            for j in 0..<count where i != j && wins[i * count + j] + wins[j * count + i] > 0 {
                result[i * count + j] += prior / 2
            }
        }
        return result
    }

    private static func logLikelihood(_ wins: [Double], _ ratings: [Double]) -> Double {
        let count = ratings.count
        var total = 0.0
        for i in 0..<count {
            for j in 0..<count where i != j && wins[i * count + j] > 0 {
                let gap = ratings[i] - ratings[j]
                total += wins[i * count + j] * (min(gap, 0) - log1p(exp(-abs(gap))))
            }
        }
        return total
    }

    /// Gradient and information matrix.
    ///
    /// Ratings are only determined up to a constant. Adding a multiple of 11ᵀ to the information makes it definite and,
    /// the gradient having mean zero, leaves Newton's step as it is, with mean zero.
    private static func derivatives(_ wins: [Double], _ ratings: [Double]) -> ([Double], SymmetricMatrix) {
        let count = ratings.count
        var gradient = [Double](repeating: 0, count: count)
        var information = SymmetricMatrix(order: count)
        var trace = 0.0
        for i in 0..<count {
            for j in i + 1..<max(count, i + 1) {
                let games = wins[i * count + j] + wins[j * count + i]
                guard games > 0 else { continue }
                let expected = 1 / (1 + exp(ratings[j] - ratings[i]))
                let surplus = wins[i * count + j] - games * expected
                gradient[i] += surplus
                gradient[j] -= surplus
                let weight = games * expected * (1 - expected)
                information[i, i] += weight
                information[j, j] += weight
                information[i, j] -= weight
                information[j, i] -= weight
                trace += 2 * weight
            }
        }
        let level = trace > 0 ? trace / Double(count * count) : 1
        for index in information.storage.indices { information.storage[index] += level }
        return (gradient, information)
    }
}
