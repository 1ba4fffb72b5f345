import TurnoutCore
import TurnoutNumerics

/// AUC: the probability that a random positive is scored above a random negative, ties counting half.
///
/// Equal to the Mann–Whitney statistic; ½ is chance. Hanley and McNeil 1982.
public enum RankAccuracy {
    /// AUC with a bootstrap interval.
    ///
    /// - Parameters:
    ///   - scores: One for each item; not NaN.
    ///   - isPositive: Which items should be scored high.
    ///   - resamples: Bootstrap resamples; each class is drawn by itself, so that its size stays.
    ///   - seed: Where the random numbers start.
    /// - Returns: The AUC with its 95 % interval.
    /// - Throws: ``TurnoutError`` with code `.insufficientData` unless both classes are there.
    /// - Complexity: O(n log n + resamples · n)
    public static func auc(
        scores: [Double], isPositive: [Bool], resamples: Int = 1000, seed: UInt64 = 0
    ) throws -> Interval {
        precondition(scores.count == isPositive.count, "\(scores.count) scores for \(isPositive.count) items")
        let positives = isPositive.indices.filter { isPositive[$0] }
        let negatives = isPositive.indices.filter { !isPositive[$0] }
        guard !positives.isEmpty, !negatives.isEmpty else {
            throw TurnoutError(.insufficientData, "AUC needs items of both kinds; all \(scores.count) are of one")
        }
        let order = scores.indices.sorted { scores[$0] < scores[$1] }
        var counts = [Double](repeating: 1, count: scores.count)
        let value = area(order: order, scores: scores, isPositive: isPositive, counts: counts)
        var random = SeededRandom(seed: seed)
        let drawn = (0..<resamples).map { _ in
            for i in counts.indices { counts[i] = 0 }
            for kind in [positives, negatives] { for _ in kind { counts[kind[random.next(below: kind.count)]] += 1 } }
            return area(order: order, scores: scores, isPositive: isPositive, counts: counts)
        }
        return Percentiles.interval(of: drawn, around: value)
    }

    private static func area(order: [Int], scores: [Double], isPositive: [Bool], counts: [Double]) -> Double {
        var (below, won, positives, negatives) = (0.0, 0.0, 0.0, 0.0)
        var start = 0
        while start < order.count {
            var end = start
            var (tiedPositives, tiedNegatives) = (0.0, 0.0)
            while end < order.count, scores[order[end]] == scores[order[start]] {
                if isPositive[order[end]] {
                    tiedPositives += counts[order[end]]
                } else {
                    tiedNegatives += counts[order[end]]
                }
                end += 1
            }
            won += tiedPositives * (below + tiedNegatives / 2)
            below += tiedNegatives
            positives += tiedPositives
            negatives += tiedNegatives
            start = end
        }
        return won / (positives * negatives)
    }
}
