import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting

/// The figures on a router's card, all of rows that were held out.
struct HeldOutReport {
    let examples: TrainingExamples
    /// Out-of-fold estimates; shape `[models][rows]`.
    let estimates: [[Double]]
    /// How two estimates become a win rate.
    let comparison: Comparison
    let resamples: Int
    let seed: UInt64
    let threads: Int

    /// Per model how well it is estimated; for the worst and the best model how well choosing between them works.
    func metrics() throws -> [ArtifactCard.Metric] {
        // Chances to beat other models do not tell a model's right answers from its wrong ones.
        let perModel = comparison != .difference ? [] : try examples.models.indices.compactMap { try accuracy(of: $0) }
        return try pairMetrics() + perModel
    }

    /// AUC of right against wrong; nothing for graded scores.
    private func accuracy(of index: Int) throws -> ArtifactCard.Metric? {
        let head = examples.scores.models[index]
        let targets = head.rows.map { head.targets[$0] }
        guard targets.allSatisfy({ $0 == 0 || $0 == 1 }) else { return nil }
        let auc = try RankAccuracy.auc(
            scores: head.rows.map { estimates[index][$0] }, isPositive: targets.map { $0 == 1 },
            resamples: min(resamples, 200), seed: seed)
        return Self.metric("auc:\(examples.models[index])", auc)
    }

    private func pairMetrics() throws -> [ArtifactCard.Metric] {
        let last = examples.models.count - 1
        guard last > 0 else { return [] }
        let (weak, strong) = (examples.scores.models[0], examples.scores.models[last])
        let common = Set(weak.rows).intersection(strong.rows).sorted()
        guard
            let outcomes = try? PairOutcomes(
                strong: common.map { strong.targets[$0] }, weak: common.map { weak.targets[$0] })
        else { return [] }
        let range = examples.scores.range
        let trained = common.map { row in
            comparison.winRate(
                weak: estimates[0][row], strong: estimates[last][row], width: range.upperBound - range.lowerBound)
        }
        return PairReport.metrics(
            trained: trained, prompts: common.map { examples.rows[$0].prompt }, outcomes: outcomes,
            clusters: clusters(common),
            bootstrap: PairedBootstrap(resamples: resamples, seed: seed), threads: threads)
    }

    /// A number for each group, where rows were grouped: rows of one group are drawn together.
    private func clusters(_ chosen: [Int]) -> [Int]? {
        let groups = chosen.compactMap { examples.rows[$0].group }
        return groups.count == chosen.count ? Clusters.numbers(groups) : nil
    }

    static func metric(_ name: String, _ interval: Interval) -> ArtifactCard.Metric {
        .init(name: name, value: interval.value, low: interval.low, high: interval.high)
    }
}

/// A router between two models beside length, chance and the oracle.
enum PairReport {
    /// `apgr`, `cpt50` and `cpt80` of the router, `apgr_over_length` on the same resamples, and `apgr_length`,
    /// `apgr_random`, `apgr_oracle`.
    static func metrics(
        trained: [Double], prompts: [String], outcomes: PairOutcomes, clusters: [Int]? = nil,
        bootstrap: PairedBootstrap, threads: Int
    ) -> [ArtifactCard.Metric] {
        let results = bootstrap.compare(
            [
                Baselines.length(of: prompts), trained, Baselines.random(count: outcomes.count, seed: bootstrap.seed),
                Baselines.oracle(outcomes),
            ], outcomes: outcomes, clusters: clusters, threads: threads)
        return [
            HeldOutReport.metric("apgr", results[1].apgr), HeldOutReport.metric("cpt50", results[1].cpt50),
            HeldOutReport.metric("cpt80", results[1].cpt80),
            HeldOutReport.metric("apgr_over_length", results[1].apgrOverFirst),
            HeldOutReport.metric("apgr_length", results[0].apgr), HeldOutReport.metric("apgr_random", results[2].apgr),
            HeldOutReport.metric("apgr_oracle", results[3].apgr),
        ]
    }
}
