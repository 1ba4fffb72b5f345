import TurnoutCore

/// Compares routers with each other and with baselines on the same prompts.
///
/// Every figure is computed again on each of many resamples of the prompts, the same ones for all: thresholds, the gap
/// between models, costs and hulls included. Baselines always stand beside: chance, prompt length, the best model by
/// itself, the hull of single models, the first router's choices shuffled, and the oracle that knows the outcomes.
public struct Evaluator: Sendable {
    /// How much is computed.
    public struct Options: Sendable {
        /// Bootstrap resamples behind the intervals, at least 20.
        public var resamples = 1000
        /// Where random numbers start.
        public var seed: UInt64 = 0
        /// The most threads to use; the result is the same with any number.
        public var threads = 1

        /// All defaults.
        public init() {}
    }

    /// How much is computed.
    public var options: Options

    /// Takes the options.
    public init(options: Options = Options()) { self.options = options }

    /// Compares.
    ///
    /// - Parameters:
    ///   - routers: What each says of the prompts, at least one; names must differ.
    ///   - data: The prompts and what came true.
    ///   - progress: Is told how many parts of the work are done and how many there are.
    /// - Returns: Figures with intervals, differences, a verdict.
    /// - Throws: ``TurnoutError``: `.invalidArgument` for two routers of one name or too few resamples,
    ///   `.insufficientData` for two models without a gap.
    /// - Complexity: O(routers · (n log n + resamples · n · models))
    public func evaluate(
        _ routers: [RouterPredictions], on data: EvaluationData, progress: (@Sendable (Int, Int) -> Void)? = nil
    ) throws -> EvaluationResult {
        guard !routers.isEmpty, Set(routers.map(\.name)).count == routers.count else {
            throw TurnoutError(
                .invalidArgument, "there must be at least one router and no two of one name; leave out the second one")
        }
        guard options.resamples >= 20 else {
            throw TurnoutError(.invalidArgument, "\(options.resamples) resamples make no interval; give at least 20")
        }
        let field = try ContestantField(data: data, routers: routers)
        let resampling = Resampling(
            resamples: options.resamples, seed: options.seed, clusters: data.clusters, threads: options.threads)
        let full = field.measure(counts: [UInt32](repeating: 1, count: data.rows.count))
        let drawn = resampling.map(count: data.rows.count, progress: progress) { field.measure(counts: $0) }
        return ResultBuilder(data: data, routers: routers, field: field, full: full, drawn: drawn).result()
    }
}

/// Everything that is measured on one resample.
struct Draw: Sendable {
    /// Cost and quality of each model by itself.
    let models: [CostQuality]
    /// One for each contestant.
    let contestants: [ContestantFigures]
}

/// All routers and baselines on one set of prompts.
struct ContestantField: Sendable {
    let data: EvaluationData
    let pair: PairOutcomes?
    /// Routers first, then ``baselines``.
    let contestants: [Contestant]
    let routerCount: Int
    /// What routers are compared by.
    let yardstick: EvaluationResult.Measure
    /// Dollars a prompt at which curves are read; empty where costs are not known.
    let budgets: [Double]
    private let outcomes: PolicyPath.Outcomes

    init(data: EvaluationData, routers: [RouterPredictions]) throws {
        let last = data.models.count - 1
        let pair = last == 1 ? try PairOutcomes(strong: data.scores[1], weak: data.scores[0]) : data.pair
        let noCosts = data.scores.map { [Double](repeating: 0, count: $0.count) }
        let outcomes = PolicyPath.Outcomes(scores: data.scores, costs: data.costs ?? noCosts)
        let means = outcomes.costs.map { $0.reduce(0, +) / Double(max($0.count, 1)) }
        let (low, high) = (means.min() ?? 0, means.max() ?? 0)
        let asContestants = routers.map { Self.contestant($0, data: data, pair: pair, outcomes: outcomes) }
        self.data = data
        self.pair = pair
        self.outcomes = outcomes
        self.yardstick = last == 1 ? .apgr : data.costs == nil ? .quality : .area
        self.budgets = data.costs == nil ? [] : (0...40).map { low + (high - low) * Double($0) / 40 }
        self.routerCount = routers.count
        self.contestants = asContestants + Self.baselines(data, pair, outcomes, first: asContestants[0])
    }

    /// Measures all contestants when query `q` stands `counts[q]` times in the data.
    func measure(counts: [UInt32]) -> Draw {
        let models = modelMeans(counts)
        return Draw(
            models: models,
            contestants: contestants.map { contestant in
                let points = contestant.points(counts: counts, models: models)
                var figures = ContestantFigures(last: points[points.count - 1])
                switch contestant.ranking {
                case .scored(let ranking):
                    figures.pair = RankingFigures(ranking, counts: counts)
                    figures.tenBin = TenBinFigures(ranking, counts: counts)
                case .chance: figures.pair = .chance
                case .none: break
                }
                if !budgets.isEmpty {
                    figures.frontier = FrontierFigures(CostQualityHull(points), budgets: budgets, models: models)
                }
                if !contestant.calibration.isEmpty {
                    let errors = contestant.calibration.map {
                        $0.table.expectedError(residuals: $0.residuals, counts: counts)
                    }
                    figures.calibrationError = errors.reduce(0, +) / Double(errors.count)
                }
                return figures
            })
    }

    private func modelMeans(_ counts: [UInt32]) -> [CostQuality] {
        let total = counts.reduce(0.0) { $0 + Double($1) }
        func mean(_ values: [Double]) -> Double {
            var sum = 0.0
            for query in values.indices { sum += Double(counts[query]) * values[query] }
            return sum / total
        }
        return data.models.indices.map {
            CostQuality(cost: budgets.isEmpty ? 0 : mean(outcomes.costs[$0]), quality: mean(outcomes.scores[$0]))
        }
    }

    // MARK: - Who takes part

    private static func contestant(
        _ router: RouterPredictions, data: EvaluationData, pair: PairOutcomes?, outcomes: PolicyPath.Outcomes
    ) -> Contestant {
        precondition(
            router.estimates.count == data.models.count && router.pairScores.count == data.rows.count,
            "\(router.name): estimates do not fit \(data.models.count) models and \(data.rows.count) prompts")
        let path =
            data.models.count == 2
            ? PolicyPath(scores: router.pairScores, from: 0, to: 1, outcomes: outcomes)
            : PolicyPath(estimates: router.estimates, outcomes: outcomes)
        return Contestant(
            name: router.name, ranking: ranking(router.pairScores, pair), way: .path(path),
            calibration: !isOnScale(router, data)
                ? []
                : zip(router.estimates, data.scores).map { estimates, scores in
                    (CalibrationTable(predictions: estimates, outcomes: scores), zip(estimates, scores).map { $0 - $1 })
                })
    }

    /// Whether estimates are of the scores themselves: a probability says nothing of how near a grade of 1 to 10 is.
    private static func isOnScale(_ router: RouterPredictions, _ data: EvaluationData) -> Bool {
        func areShares(_ values: [[Double]]) -> Bool { values.allSatisfy { $0.allSatisfy { (0...1).contains($0) } } }
        return router.areScores && (areShares(data.scores) || !areShares(router.estimates))
    }

    private static func baselines(
        _ data: EvaluationData, _ pair: PairOutcomes?, _ outcomes: PolicyPath.Outcomes, first: Contestant
    ) -> [Contestant] {
        let length = Baselines.length(of: data.rows.map(\.prompt))
        let last = data.models.count - 1
        let means = outcomes.costs.map { $0.reduce(0, +) }
        let cheapest = last == 1 ? 0 : means.indices.min { (means[$0], $0) < (means[$1], $1) } ?? 0
        let byLength = PolicyPath(scores: length, from: cheapest, to: last, outcomes: outcomes)
        let knowing =
            last == 1
            ? PolicyPath(
                scores: zip(data.scores[1], data.scores[0]).map { $0 - $1 }, from: 0, to: 1, outcomes: outcomes)
            : PolicyPath(estimates: data.scores, outcomes: outcomes)
        let shuffled: Contestant.Way =
            if case .path(let path) = first.way { .shuffled(path) } else { .singles }
        let chance: Contestant.Ranking = pair == nil ? .none : .chance
        return [
            Contestant(name: BaselineName.random, ranking: chance, way: last == 1 ? .singles : .evenMix),
            Contestant(name: BaselineName.length, ranking: ranking(length, pair), way: .path(byLength)),
            Contestant(name: BaselineName.bestSingle, ranking: .none, way: .bestSingle),
            Contestant(name: BaselineName.hull, ranking: chance, way: .singles),
            Contestant(name: BaselineName.shuffled, ranking: chance, way: shuffled),
            Contestant(
                name: BaselineName.oracle, ranking: ranking(pair.map(Baselines.oracle) ?? [], pair), way: .path(knowing)
            ),
        ]
    }

    private static func ranking(_ scores: [Double], _ pair: PairOutcomes?) -> Contestant.Ranking {
        pair.map { .scored(RankedGains(scores: scores, outcomes: $0)) } ?? .none
    }
}

/// What the baselines are called, in reports and in JSON.
public enum BaselineName {
    /// A choice without a look at the prompt: of two models any share of strong calls, of more all alike.
    public static let random = "random"
    /// The longest prompts to the best model, the others to the cheapest (of a pair, the weak one).
    public static let length = "length"
    /// Always the model with the best mean score.
    public static let bestSingle = "best_single"
    /// The best that mixing single models at random buys.
    public static let hull = "hull"
    /// The models of the first router in the same shares, dealt out at random: a control of equal cost.
    public static let shuffled = "shuffled"
    /// Knows the outcomes: as far as any router could go.
    public static let oracle = "oracle"
}
