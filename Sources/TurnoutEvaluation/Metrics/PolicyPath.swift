/// All the ways to run one router, from the cheapest to the most lavish: which query changes model at which setting.
///
/// With two models and a ranking, the setting is the threshold. With any number of models it is λ in
/// `argmax quality - λ · cost` (Hu et al. 2024, "RouterBench", section 3; Somerstep et al. 2025, "CARROT"): as λ falls
/// from infinity to 0, each query climbs the upper hull of (mean cost of the model, estimated quality) from the cheapest
/// model up. The router is told what each model costs on average, and is charged what each call did cost.
///
/// Sorted once: for a bootstrap resample, the points are sums over counts.
struct PolicyPath: Sendable {
    /// Scores and costs of each model on each query; shape `[models][queries]`.
    struct Outcomes: Sendable {
        let scores: [[Double]]
        /// Dollars; zeros where costs are not known.
        let costs: [[Double]]
    }

    /// One query that changes from one model to another.
    private struct Step {
        let threshold: Double
        let query: Int
        let from: Int
        let to: Int
        /// What that adds to cost and quality.
        var change = CostQuality(cost: 0, quality: 0)
    }

    /// The model of each query at the cheapest setting.
    private let start: [Int]
    /// Cost and quality of each query there.
    private let startWorth: [CostQuality]
    private let steps: [Step]
    /// Numbers of the steps after which a point is taken, ascending; at most ``mostPoints``.
    private let cuts: [Int]

    private static let mostPoints = 256

    /// The path of a threshold on a ranking: queries go from one model to another in descending order of score.
    init(scores: [Double], from weak: Int, to strong: Int, outcomes: Outcomes) {
        self.init(
            start: [Int](repeating: weak, count: scores.count),
            steps: scores.enumerated().map { Step(threshold: $1, query: $0, from: weak, to: strong) },
            outcomes: outcomes)
    }

    /// The path of λ on estimates of shape `[models][queries]`.
    ///
    /// - Complexity: O(queries · models · log)
    init(estimates: [[Double]], outcomes: Outcomes) {
        let means = outcomes.costs.map { $0.reduce(0, +) / Double(max($0.count, 1)) }
        // Of models that cost the same, the better one by mean score comes first, and so wins ties.
        let byCost = means.indices.sorted { (means[$0], $1) < (means[$1], $0) }
        let queries = estimates.first?.count ?? 0
        var (start, steps) = ([Int](), [Step]())
        for query in 0..<queries {
            let climbed = Self.climb(byCost, costs: means) { estimates[$0][query] }
            start.append(climbed[0])
            for (from, to) in zip(climbed, climbed.dropFirst()) {
                let slope = (estimates[to][query] - estimates[from][query]) / (means[to] - means[from])
                steps.append(Step(threshold: slope, query: query, from: from, to: to))
            }
        }
        self.init(start: start, steps: steps, outcomes: outcomes)
    }

    private init(start: [Int], steps: [Step], outcomes: Outcomes) {
        func worth(_ model: Int, _ query: Int) -> CostQuality {
            CostQuality(cost: outcomes.costs[model][query], quality: outcomes.scores[model][query])
        }
        var steps = steps.sorted { ($0.threshold, $1.query) > ($1.threshold, $0.query) }
        for index in steps.indices {
            let step = steps[index]
            let (old, new) = (worth(step.from, step.query), worth(step.to, step.query))
            steps[index].change = CostQuality(cost: new.cost - old.cost, quality: new.quality - old.quality)
        }
        let ends = steps.indices.filter { $0 + 1 == steps.count || steps[$0 + 1].threshold != steps[$0].threshold }
        let count = min(ends.count, Self.mostPoints)
        self.start = start
        self.startWorth = start.enumerated().map { worth($1, $0) }
        self.steps = steps
        self.cuts = (0..<count).map { ends[($0 + 1) * ends.count / count - 1] }
    }

    /// The models on the upper hull of (cost, estimate), cheapest first, estimates and costs strictly ascending.
    private static func climb(_ byCost: [Int], costs: [Double], _ estimate: (Int) -> Double) -> [Int] {
        var hull: [Int] = []
        for model in byCost {
            let value = estimate(model)
            if let last = hull.last, value <= estimate(last) { continue }
            if let last = hull.last, costs[last] == costs[model] { hull.removeLast() }
            while hull.count > 1 {
                let (a, b) = (hull[hull.count - 2], hull[hull.count - 1])
                let rises = (estimate(b) - estimate(a)) * (costs[model] - costs[a])
                guard rises <= (value - estimate(a)) * (costs[b] - costs[a]) else { break }
                hull.removeLast()
            }
            hull.append(model)
        }
        return hull
    }

    /// Cost and quality at each cut when query `q` stands `counts[q]` times in the data, the cheapest setting first.
    ///
    /// - Parameters:
    ///   - counts: How often each query stands in the data.
    ///   - shuffled: Whether each model keeps its share of queries, but gets them at random: a control of equal cost.
    ///   - means: Mean cost and quality of each model on the same data.
    /// - Returns: At most 257 points, of which the last is the most lavish setting.
    func points(counts: [UInt32], shuffled: Bool, means: [CostQuality]) -> [CostQuality] {
        var (count, sum) = (0.0, CostQuality(cost: 0, quality: 0))
        func add(_ change: CostQuality, _ weight: Double) {
            sum.cost += weight * change.cost
            sum.quality += weight * change.quality
        }
        for query in start.indices where counts[query] > 0 {
            count += Double(counts[query])
            add(shuffled ? means[start[query]] : startWorth[query], Double(counts[query]))
        }
        var points = [CostQuality(cost: sum.cost / count, quality: sum.quality / count)]
        points.reserveCapacity(cuts.count + 1)
        var position = 0
        for cut in cuts {
            while position <= cut {
                let step = steps[position]
                position += 1
                let weight = Double(counts[step.query])
                guard weight > 0 else { continue }
                if shuffled {
                    add(means[step.to], weight)
                    add(means[step.from], -weight)
                } else {
                    add(step.change, weight)
                }
            }
            points.append(CostQuality(cost: sum.cost / count, quality: sum.quality / count))
        }
        return points
    }

    /// The model of each query at the most lavish setting: the one with the best estimate.
    var best: [Int] {
        var models = start
        for step in steps { models[step.query] = step.to }
        return models
    }
}
