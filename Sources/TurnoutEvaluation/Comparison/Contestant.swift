/// A router or a baseline, ready to be measured on any resample.
struct Contestant: Sendable {
    /// How it orders prompts between the worst and the best model.
    enum Ranking: Sendable {
        case scored(RankedGains)
        /// Any order is as likely as any other: what is expected of it.
        case chance
        case none
    }

    /// How it spends money, or chooses where money is unknown.
    enum Way: Sendable {
        case path(PolicyPath)
        /// The models of a path dealt out at random in the same shares.
        case shuffled(PolicyPath)
        /// Each model by itself, mixed at random at best.
        case singles
        /// All models alike, or the cheapest one.
        case evenMix
        /// The model with the best mean score.
        case bestSingle
    }

    let name: String
    let ranking: Ranking
    let way: Way
    /// For each model a table of estimates against outcomes, and estimates minus outcomes.
    var calibration: [(table: CalibrationTable, residuals: [Double])] = []

    /// Cost and quality of all the ways to run it, the last one being the most lavish.
    func points(counts: [UInt32], models: [CostQuality]) -> [CostQuality] {
        switch way {
        case .path(let path): return path.points(counts: counts, shuffled: false, means: models)
        case .shuffled(let path): return path.points(counts: counts, shuffled: true, means: models)
        case .singles: return models
        case .bestSingle: return [models[models.count - 1]]
        case .evenMix:
            let count = Double(models.count)
            let cheapest = models.min { $0.cost < $1.cost } ?? models[0]
            let mix = models.reduce(CostQuality(cost: 0, quality: 0)) {
                CostQuality(cost: $0.cost + $1.cost / count, quality: $0.quality + $1.quality / count)
            }
            return [cheapest, mix]
        }
    }
}

/// What one contestant is worth on one resample.
struct ContestantFigures: Sendable {
    var pair: RankingFigures?
    var tenBin: TenBinFigures?
    var frontier: FrontierFigures?
    /// Cost and quality of the most lavish setting.
    var last: CostQuality
    /// Expected calibration error, the mean over models.
    var calibrationError: Double?
}

/// What the hull of one contestant is worth on one resample.
struct FrontierFigures: Sendable {
    /// Parts of the way from the cheapest model's quality to the best one's.
    static let targets = [0.5, 0.8, 0.95, 1]

    /// Mean quality over the budgets.
    let area: Double
    /// Quality at each budget.
    let quality: [Double]
    /// Cost of each of ``targets``; not a number where it is not reached.
    let costs: [Double]

    init(_ hull: CostQualityHull, budgets: [Double], models: [CostQuality]) {
        area = hull.meanQuality(from: budgets[0], to: budgets[budgets.count - 1])
        quality = budgets.map { hull.quality(atCost: $0) }
        costs = Self.qualities(models).map { hull.cost(atQuality: $0) ?? .nan }
    }

    /// The qualities that ``targets`` stand for.
    static func qualities(_ models: [CostQuality]) -> [Double] {
        let cheapest = models.min { $0.cost < $1.cost } ?? models[0]
        let best = models[models.count - 1].quality
        return targets.map { cheapest.quality + $0 * (best - cheapest.quality) }
    }
}
