import TurnoutCore
public import TurnoutRouting

extension PolicyReplay {
    /// How a replay is measured.
    public struct Options: Sendable {
        /// Bootstrap resamples behind the intervals.
        public var resamples = 500
        /// Where random numbers start.
        public var seed: UInt64 = 0
        /// The most threads to use.
        public var threads = 1

        /// 500 resamples on one thread.
        public init() {}
    }

    /// Measures policies at their settings and over all settings, beside baselines.
    ///
    /// All figures are computed afresh in each resample: quality, dollars, the target itself and the setting that reaches
    /// it. Settings may be mixed at random, as may single models (``CostQualityHull``), so that policies are compared
    /// with the hull of singles on equal terms.
    ///
    /// - Parameters:
    ///   - policies: At least one; no budgets, which have a replay of their own.
    ///   - options: Resamples, seed, threads.
    ///   - progress: Is told how many parts are done and how many there are.
    /// - Returns: Figures of the policies in the order given, of their families and of the baselines.
    /// - Throws: ``TurnoutError`` when a policy means nothing here.
    public func measure(
        _ policies: [Policy], options: Options = Options(), progress: (@Sendable (Int, Int) -> Void)? = nil
    ) throws -> ReplayResult {
        var families: [PolicyFamily] = []
        for policy in policies {
            guard let name = PolicyFamily.name(of: policy), !families.contains(where: { $0.name == name }),
                let family = PolicyFamily(name, like: policy, on: self)
            else { continue }
            families.append(family)
        }
        let count = policies.count + families.reduce(0) { $0 + $1.policies.count }
        var done = 0
        func outcomes(_ policy: Policy) throws -> ChoiceOutcomes {
            defer {
                done += 1
                progress?(done, count)
            }
            return ChoiceOutcomes(try choices(policy, threads: options.threads), of: self)
        }
        let settings = try policies.map { (name: "\($0)", outcomes: try outcomes($0)) }
        let sweeps = try families.map { (name: $0.name, outcomes: try $0.policies.map(outcomes)) }
        return ReplayMeasurement(replay: self, settings: settings, sweeps: sweeps, options: options).result()
    }
}

/// The choices of one policy, and what came of them.
struct ChoiceOutcomes: Sendable {
    /// The model of each prompt.
    let choices: [Int]
    let scores: [Double]
    let dollars: [Double]

    init(_ choices: [Int], of replay: PolicyReplay) {
        self.choices = choices
        self.scores = choices.enumerated().map { replay.data.scores[$1][$0] }
        self.dollars = choices.enumerated().map { replay.costs[$1][$0] }
    }

    /// Mean cost and quality when each prompt stands in the data as often as it is counted.
    func mean(_ counts: [Double]) -> CostQuality {
        var (total, cost, quality) = (0.0, 0.0, 0.0)
        for row in counts.indices {
            total += counts[row]
            cost += counts[row] * dollars[row]
            quality += counts[row] * scores[row]
        }
        return CostQuality(cost: cost / total, quality: quality / total)
    }

    /// The same when the models keep their shares but get their prompts at random.
    func shuffled(_ counts: [Double], singles: [CostQuality]) -> CostQuality {
        var (total, shares) = (0.0, [Double](repeating: 0, count: singles.count))
        for row in counts.indices {
            total += counts[row]
            shares[choices[row]] += counts[row]
        }
        return zip(shares, singles).reduce(CostQuality(cost: 0, quality: 0)) { sum, model in
            CostQuality(
                cost: sum.cost + model.0 / total * model.1.cost,
                quality: sum.quality + model.0 / total * model.1.quality)
        }
    }
}

/// All policies and baselines on the same resamples.
private struct ReplayMeasurement: Sendable {
    /// What one policy or model is worth on a resample.
    struct Point: Sendable {
        let mean: CostQuality
        let shuffled: CostQuality
    }

    /// What a family or baseline is worth on a resample.
    struct Frontier: Sendable {
        /// Dollars of each target; not a number where it is not reached.
        var costs: [Double] = []
        /// The same over the cost of the best single model.
        var shares: [Double] = []
        /// The part kept on prompts that the resample left out.
        var kept: [Double] = []
        var quality: [Double] = []
    }

    struct Draw: Sendable {
        var points: [Point] = []
        var frontiers: [Frontier] = []
    }

    let replay: PolicyReplay
    let settings: [(name: String, outcomes: ChoiceOutcomes)]
    /// Families.
    let sweeps: [(name: String, outcomes: [ChoiceOutcomes])]
    let singles: [ChoiceOutcomes]
    let oracle: PolicyPath
    let budgets: [Double]
    let options: PolicyReplay.Options

    init(
        replay: PolicyReplay, settings: [(name: String, outcomes: ChoiceOutcomes)],
        sweeps: [(name: String, outcomes: [ChoiceOutcomes])], options: PolicyReplay.Options
    ) {
        let data = replay.data
        let means = replay.costs.map { $0.reduce(0, +) / Double($0.count) }
        let (low, high) = (means.min() ?? 0, means.max() ?? 0)
        self.replay = replay
        self.settings = settings
        self.sweeps = sweeps
        self.singles = data.models.indices.map {
            ChoiceOutcomes([Int](repeating: $0, count: data.rows.count), of: replay)
        }
        self.oracle = PolicyPath(estimates: data.scores, outcomes: .init(scores: data.scores, costs: replay.costs))
        self.budgets = (0...40).map { low + (high - low) * Double($0) / 40 }
        self.options = options
    }

    func result() -> ReplayResult {
        let data = replay.data
        let resampling = Resampling(
            resamples: options.resamples, seed: options.seed, clusters: data.clusters, threads: options.threads)
        let drawn = resampling.map(count: data.rows.count) { draw($0) }
        let full = draw([UInt32](repeating: 1, count: data.rows.count))
        func interval(_ figure: (Draw) -> Double) -> Interval {
            Percentiles.interval(of: drawn.map(figure), around: figure(full))
        }
        let named = zip(data.models, singles).map { (name: $0.name, outcomes: $1) } + settings
        let points = named.indices.map { index in
            ReplayResult.Setting(
                name: named[index].name, quality: interval { $0.points[index].mean.quality },
                cost: interval { $0.points[index].mean.cost },
                overRandom: interval { $0.points[index].mean.quality - $0.points[index].shuffled.quality },
                shares: shares(named[index].outcomes))
        }
        let names = sweeps.map { ($0.name, false) } + baselines.map { ($0, true) }
        let frontiers = names.enumerated().map { index, name in
            ReplayResult.Sweep(
                name: name.0, isBaseline: name.1,
                prices: ReplayResult.targets.indices.map { price(index, $0, drawn, full) },
                curve: budgets.enumerated().map { number, budget in
                    (budget, interval { $0.frontiers[index].quality[number] })
                })
        }
        return ReplayResult(
            count: data.rows.count, groups: data.clusters.map { Set($0).count }, resamples: options.resamples,
            models: Array(points.prefix(data.models.count)), settings: Array(points.dropFirst(data.models.count)),
            sweeps: frontiers, notes: data.notes)
    }

    /// In the order of their frontiers, after the families.
    private var baselines: [String] { (sweeps.isEmpty ? [] : ["shuffled"]) + ["hull", "oracle"] }

    private func shares(_ outcomes: ChoiceOutcomes) -> [(model: ModelID, share: Double)] {
        let models = replay.data.models
        let counts = Dictionary(outcomes.choices.map { ($0, 1) }, uniquingKeysWith: +)
        return counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
            .map { (models[$0.key], Double($0.value) / Double(outcomes.choices.count)) }
    }

    private func price(_ sweep: Int, _ target: Int, _ drawn: [Draw], _ full: Draw) -> ReplayResult.Price {
        func interval(_ figure: (Frontier) -> [Double]) -> Interval? {
            let value = figure(full.frontiers[sweep])[target]
            return value.isFinite
                ? Percentiles.interval(of: drawn.map { figure($0.frontiers[sweep])[target] }, around: value) : nil
        }
        let kept = drawn.map { $0.frontiers[sweep].kept[target] }.filter(\.isFinite)
        let reached = drawn.count { $0.frontiers[sweep].costs[target].isFinite }
        return ReplayResult.Price(
            target: ReplayResult.targets[target], cost: interval(\.costs), shareOfBest: interval(\.shares),
            reached: Double(reached) / Double(max(drawn.count, 1)),
            keptUnseen: kept.count * 2 < drawn.count
                ? nil : Percentiles.interval(of: kept, around: kept.reduce(0, +) / Double(kept.count)))
    }

    // MARK: - One resample

    private func draw(_ drawn: [UInt32]) -> Draw {
        let counts = drawn.map(Double.init)
        let unseen = drawn.map { $0 == 0 ? 1.0 : 0 }
        let models = singles.map { $0.mean(counts) }
        let unseenBest = singles[singles.count - 1].mean(unseen).quality
        var result = Draw()
        result.points = (singles + settings.map(\.outcomes)).map {
            Point(mean: $0.mean(counts), shuffled: $0.shuffled(counts, singles: models))
        }
        func frontier(_ points: [CostQuality], _ outcomes: [ChoiceOutcomes]) -> Frontier {
            self.frontier(points, best: models[models.count - 1]) { setting in
                outcomes.isEmpty ? .nan : outcomes[setting].mean(unseen).quality / unseenBest
            }
        }
        result.frontiers = sweeps.map { sweep in frontier(sweep.outcomes.map { $0.mean(counts) }, sweep.outcomes) }
        if let first = sweeps.first {
            result.frontiers.append(frontier(first.outcomes.map { $0.shuffled(counts, singles: models) }, []))
        }
        result.frontiers += [
            frontier(models, singles), frontier(oracle.points(counts: drawn, shuffled: false, means: models), []),
        ]
        return result
    }

    /// What a family or baseline is worth on a resample; `kept` is the part of the best model's quality that a setting keeps
    /// on prompts left out.
    private func frontier(_ points: [CostQuality], best: CostQuality, kept: (Int) -> Double) -> Frontier {
        let hull = CostQualityHull(points)
        var result = Frontier(quality: budgets.map { hull.quality(atCost: $0) })
        for target in ReplayResult.targets {
            let quality = target * best.quality
            let cost = hull.cost(atQuality: quality) ?? .nan
            result.costs.append(cost)
            result.shares.append(cost / best.cost)
            let cheapest = points.indices.filter { points[$0].quality >= quality - 1e-12 }
                .min { points[$0].cost < points[$1].cost }
            result.kept.append(cheapest.map(kept) ?? .nan)
        }
        return result
    }
}
