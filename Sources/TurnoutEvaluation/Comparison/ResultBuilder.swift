import TurnoutCore

/// Makes intervals, differences and a verdict of what was measured on all data and on each resample.
struct ResultBuilder {
    let data: EvaluationData
    let routers: [RouterPredictions]
    let field: ContestantField
    let full: Draw
    let drawn: [Draw]

    func result() -> EvaluationResult {
        let models = data.models.indices.map { model in
            EvaluationResult.Model(
                model: data.models[model], quality: interval { $0.models[model].quality },
                cost: field.budgets.isEmpty ? nil : interval { $0.models[model].cost })
        }
        let entries = field.contestants.indices.map(entry)
        let differences = self.differences()
        let names = routers.map(\.name)
        let bestFirst = names.indices.sorted { (figure(full, $0), $1) > (figure(full, $1), $0) }.map { names[$0] }
        var notes = data.notes
        let lost = drawn.count { $0.contestants.contains { $0.pair?.apgr.isNaN == true } }
        if lost > 0 {
            notes.append(
                "In \(lost) of \(drawn.count) resamples the best model was no better than the worst; they are left out of APGR and CPT."
            )
        }
        return EvaluationResult(
            count: data.rows.count, groups: data.clusters.map { Set($0).count }, resamples: drawn.count, models: models,
            hasPair: field.pair != nil, routers: Array(entries.prefix(routers.count)),
            baselines: Array(entries.dropFirst(routers.count)), measure: field.yardstick, differences: differences,
            verdict: Verdict.make(
                differences, bestFirst: bestFirst, models: models, chance: chanceName,
                length: field.yardstick == .quality ? nil : BaselineName.length),
            notes: notes, mistakes: routers.map { Mistakes.worst(of: $0, on: data) })
    }

    // MARK: - Intervals

    private func interval(_ figure: (Draw) -> Double) -> Interval {
        Percentiles.interval(of: drawn.map(figure), around: figure(full))
    }

    private func optional(_ figure: (Draw) -> Double?) -> Interval? {
        figure(full).map { value in Percentiles.interval(of: drawn.compactMap(figure), around: value) }
    }

    // MARK: - Entries

    private func entry(_ index: Int) -> EvaluationResult.Entry {
        let contestant = field.contestants[index]
        let router = index < routers.count ? routers[index] : nil
        let mixes: Bool = if case .singles = contestant.way { true } else { false }
        // A hull has no one most lavish setting, and of a pair that is the strong model for everyone.
        let hasChoice = data.models.count > 2 && !mixes || contestant.name == BaselineName.bestSingle
        return EvaluationResult.Entry(
            name: contestant.name, pair: pair(index), frontier: frontier(index),
            quality: hasChoice ? interval { $0.contestants[index].last.quality } : nil,
            cost: hasChoice && !field.budgets.isEmpty ? interval { $0.contestants[index].last.cost } : nil,
            shares: hasChoice ? shares(contestant) : [:],
            calibration: calibration(index), microsPerDecision: router?.microsPerDecision)
    }

    private func pair(_ index: Int) -> EvaluationResult.Pair? {
        guard let figures = full.contestants[index].pair else { return nil }
        func of(_ figure: (RankingFigures) -> Double) -> Interval {
            interval { $0.contestants[index].pair.map(figure) ?? .nan }
        }
        var apgr = of(\.apgr)
        if case .chance = field.contestants[index].ranking, let outcomes = field.pair {
            // Not an interval of an estimate but the range in which a random order falls.
            let width = 1.959964 * Baselines.randomDeviation(outcomes)
            apgr = Interval(value: 0.5, low: 0.5 - width, high: 0.5 + width)
        }
        return EvaluationResult.Pair(
            apgr: apgr,
            callShares: RankingFigures.targets.indices.map { target in
                .init(target: RankingFigures.targets[target], share: of { $0.callShares[target] })
            },
            curve: RankingFigures.shares.indices.map { share in
                .init(strongShare: RankingFigures.shares[share], recovered: of { $0.recovered[share] })
            },
            tenBin: figures.apgr.isNaN ? nil : tenBin(index))
    }

    private func tenBin(_ index: Int) -> [Interval]? {
        guard let figures = full.contestants[index].tenBin, !figures.apgr.isNaN else { return nil }
        func of(_ figure: (TenBinFigures) -> Double) -> Interval {
            interval { $0.contestants[index].tenBin.map(figure) ?? .nan }
        }
        return [of(\.apgr)] + TenBinFigures.targets.indices.map { target in of { $0.callShares[target] } }
    }

    private func frontier(_ index: Int) -> EvaluationResult.Frontier? {
        guard full.contestants[index].frontier != nil, field.contestants[index].name != BaselineName.bestSingle else {
            return nil
        }
        func of(_ figure: (FrontierFigures) -> Double) -> Interval {
            interval { $0.contestants[index].frontier.map(figure) ?? .nan }
        }
        let qualities = FrontierFigures.qualities(full.models)
        let ones = [UInt32](repeating: 1, count: data.rows.count)
        return EvaluationResult.Frontier(
            area: of(\.area),
            curve: field.budgets.indices.map { budget in
                .init(cost: field.budgets[budget], quality: of { $0.quality[budget] })
            },
            prices: FrontierFigures.targets.indices.map { target in
                let reached = drawn.count { $0.contestants[index].frontier?.costs[target].isFinite == true }
                let cost = of { $0.costs[target] }
                return .init(
                    target: FrontierFigures.targets[target], quality: qualities[target],
                    cost: cost.value.isFinite ? cost : nil, reached: Double(reached) / Double(max(drawn.count, 1)))
            },
            hull: CostQualityHull(field.contestants[index].points(counts: ones, models: full.models)).points)
    }

    private func shares(_ contestant: Contestant) -> [ModelID: Double] {
        let chosen: [Int] =
            switch contestant.way {
            case .path(let path), .shuffled(let path): path.best
            case .bestSingle: [data.models.count - 1]
            case .singles, .evenMix: Array(data.models.indices)
            }
        let one = 1 / Double(max(chosen.count, 1))
        return Dictionary(chosen.map { (data.models[$0], one) }, uniquingKeysWith: +)
    }

    private func calibration(_ index: Int) -> EvaluationResult.Calibration? {
        let tables = field.contestants[index].calibration.map(\.table)
        guard let error = optional({ $0.contestants[index].calibrationError }) else { return nil }
        return EvaluationResult.Calibration(
            error: error,
            errorByChance: tables.reduce(0) { $0 + $1.errorByChance } / Double(tables.count),
            tables: zip(data.models, tables).map { (model: $0, table: $1) })
    }

    // MARK: - Differences

    private var chanceName: String {
        switch field.yardstick {
        case .apgr: BaselineName.random
        case .area: BaselineName.hull
        case .quality: BaselineName.bestSingle
        }
    }

    private func figure(_ draw: Draw, _ contestant: Int) -> Double {
        let figures = draw.contestants[contestant]
        return switch field.yardstick {
        case .apgr: figures.pair?.apgr ?? .nan
        case .area: figures.frontier?.area ?? .nan
        case .quality: figures.last.quality
        }
    }

    /// Each router over chance and over length, then over the routers after it.
    private func differences() -> [EvaluationResult.Difference] {
        let baselines = [chanceName] + (field.yardstick == .quality ? [] : [BaselineName.length])
        let against = field.contestants.indices.filter {
            $0 >= field.routerCount && baselines.contains(field.contestants[$0].name)
        }
        let pairs = (0..<field.routerCount).flatMap { router in
            (against + Array((router + 1)..<max(field.routerCount, router + 1))).map { (router, $0) }
        }
        let measured = pairs.map { a, b -> (Interval, Double) in
            let values = drawn.map { figure($0, a) - figure($0, b) }
            let difference = figure(full, a) - figure(full, b)
            return (
                Percentiles.interval(of: values, around: difference),
                HolmCorrection.pValue(difference: difference, resampled: values)
            )
        }
        let adjusted = HolmCorrection.adjusted(measured.map(\.1))
        return pairs.indices.map { index in
            EvaluationResult.Difference(
                router: field.contestants[pairs[index].0].name, over: field.contestants[pairs[index].1].name,
                difference: measured[index].0, p: measured[index].1, adjustedP: adjusted[index])
        }
    }
}
