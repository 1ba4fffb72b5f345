import TurnoutCore

/// What each row got from the plan and the single model that were chosen without its fold.
struct HeldOutPlans {
    private let outcomes: RoutingAdvisor.Outcomes
    /// Quality and cost of each row under the route, the single model and the best model by quality.
    private let columns: [[Double]]

    private enum Column: Int, CaseIterable { case quality, cost, singleQuality, singleCost, bestQuality }

    init(_ outcomes: RoutingAdvisor.Outcomes, wish: RoutingAdvisor.Wish) {
        let rows = outcomes.folds.foldOfRow.count
        var columns = [[Double]](repeating: [Double](repeating: 0, count: rows), count: Column.allCases.count)
        for fold in 0..<outcomes.folds.count {
            let (held, kept) = outcomes.folds.split(fold)
            let catalogue = PlanCatalogue(outcomes, rows: kept)
            let best = catalogue.bestByQuality
            let single = catalogue.best(.singles, wish)?.models[0] ?? best
            // Where no route serves the wish on the other folds, one would not have routed.
            let route = catalogue.best(.routes, wish) ?? Plan(models: [single], lambda: 0)
            for row in held {
                let model = catalogue.choice(route, row: row)
                columns[Column.quality.rawValue][row] = outcomes.scores[model][row]
                columns[Column.cost.rawValue][row] = outcomes.costs[model][row]
                columns[Column.singleQuality.rawValue][row] = outcomes.scores[single][row]
                columns[Column.singleCost.rawValue][row] = outcomes.costs[single][row]
                columns[Column.bestQuality.rawValue][row] = outcomes.scores[best][row]
            }
        }
        self.outcomes = outcomes
        self.columns = columns
    }

    /// Intervals on the same resamples for all figures.
    func effect(resamples: Int, seed: UInt64, clusters: [Int]?, wish: RoutingAdvisor.Wish) -> RoutingAdvice.Effect {
        let singles = outcomes.models.indices.flatMap { [outcomes.costs[$0], outcomes.scores[$0]] }
        let means = BootstrapMeans(columns + singles, resamples: resamples, seed: seed, clusters: clusters)
        func figure(_ value: @escaping ((Column) -> Double, [Double]) -> Double) -> Interval {
            means.interval { all in value({ all[$0.rawValue] }, Array(all.dropFirst(Column.allCases.count))) }
        }
        var gain: Interval?
        if case .value(let value) = wish {
            gain = figure { of, _ in
                1000 * (value * (of(.quality) - of(.singleQuality)) + of(.singleCost) - of(.cost))
            }
        }
        return RoutingAdvice.Effect(
            quality: figure { of, _ in of(.quality) },
            costPerThousand: figure { of, _ in 1000 * of(.cost) },
            savingPerThousand: figure { of, _ in 1000 * (of(.singleCost) - of(.cost)) },
            savingShare: figure { of, _ in of(.singleCost) > 0 ? 1 - of(.cost) / of(.singleCost) : 0 },
            qualityChange: gain == nil
                ? figure { of, _ in
                    (of(.quality) - of(.bestQuality)) / max(abs(of(.bestQuality)), .leastNormalMagnitude)
                }
                : figure { of, _ in of(.quality) - of(.singleQuality) },
            gainPerThousand: gain,
            overMixing: figure { of, singles in
                let points = stride(from: 0, to: singles.count, by: 2).map {
                    CostQuality(cost: singles[$0], quality: singles[$0 + 1])
                }
                return of(.quality) - CostQualityHull(points).quality(atCost: of(.cost))
            })
    }
}
