import TurnoutCore

/// Describes rows that come one at a time.
///
/// Memory does not grow with the rows but for the hashes of distinct prompts, 16 to 32 bytes each; it grows with the
/// square of the number of models, of which there may be 512.
struct DatasetSurvey: Sendable {
    private static let mostModels = 512
    /// Into how many parts prompts are dealt, for intervals of ratings.
    private static let blockCount = 20

    private var result = DatasetDescription()
    private var prompts: Set<UInt64> = []
    private var characters = QuantileSketch()
    private var categories = Tally()
    private var labels = Tally()
    private var groups = Tally()
    private var indexOfModel: [ModelID: Int] = [:]
    private var models: [(id: ModelID, figures: ModelFigures)] = []
    /// Pairs i < j at j (j - 1) / 2 + i.
    private var pairs: [PairFigures] = []
    /// For each part of the prompts, wins of both models of each pair.
    private var blocks = [[SIMD2<Double>]](repeating: [], count: blockCount)

    /// Begins with the rows of a file.
    mutating func begin(file name: String) { result.files.append(.init(name: name)) }

    /// Takes a row of the file last begun.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData` for more models than can be told apart.
    /// - Complexity: O(length of the prompt + models²)
    mutating func add(_ row: OutcomeRow) throws {
        let hash = TextIdentity.hash(row.prompt)
        result.files[result.files.count - 1].rows += 1
        if !prompts.insert(hash).inserted { result.files[result.files.count - 1].repeated += 1 }
        characters.add(Double(row.prompt.unicodeScalars.count))
        row.category.map { categories.add($0) }
        row.label.map { labels.add($0) }
        row.group.map { groups.add($0) }
        if row.label != nil { result.labelled += 1 }
        if !row.scores.isEmpty { result.outcomes += 1 }
        result.battles += row.battles.count
        let block = Int(hash % UInt64(Self.blockCount))
        try addScores(row, block: block)
        for battle in row.battles {
            try compare(
                number(battle.modelA, row), number(battle.modelB, row), shareOfA: battle.shareOfA, block: block)
        }
        for (model, cost) in row.costs.sorted(by: { $0.key < $1.key }) {
            try models[number(model, row)].figures.cost.add(cost)
        }
        for (model, tokens) in row.tokens.sorted(by: { $0.key < $1.key }) {
            let index = try number(model, row)
            models[index].figures.input.add(Double(tokens.input))
            models[index].figures.output.add(Double(tokens.output))
        }
        for (model, seconds) in row.latencies.sorted(by: { $0.key < $1.key }) {
            try models[number(model, row)].figures.latency.add(seconds)
        }
    }

    /// Ends the file last begun with what was passed over in it.
    ///
    /// - Throws: ``TurnoutError`` with code `.insufficientData` when it had no rows.
    mutating func end(skipped: OutcomeReader.Skipped) throws {
        guard let last = result.files.indices.last else { return }
        guard result.files[last].rows > 0 else {
            throw TurnoutError(
                .insufficientData, OutcomeTable.emptyMessage(name: result.files[last].name, skipped: skipped))
        }
        result.files[last].bad = skipped.bad
        result.files[last].excluded = skipped.excluded
        result.files[last].reasons = skipped.reasons
    }

    /// The description of all rows so far.
    func description() -> DatasetDescription {
        var result = result
        result.distinctPrompts = prompts.count
        result.characters = .init(characters)
        (result.categories, result.labels, result.groups) = (categories.sorted, labels.sorted, groups.sorted)
        let order = models.indices.sorted { (strength($1), models[$0].id) < (strength($0), models[$1].id) }
        result.models = order.map { models[$0].figures.description(of: models[$0].id, outcomes: result.outcomes) }
        for (position, i) in order.enumerated() {
            for j in order.dropFirst(position + 1) {
                let pair = pairs[Self.index(of: i, j)]
                if pair.isCompared { result.pairs.append(pair.description(models[i].id, models[j].id, turned: i > j)) }
            }
        }
        result.oracleGain = order.first.flatMap { models[$0].figures.shortfall.interval }
        rate(&result)
        let needs = DatasetNeeds(result)
        result.warnings += needs.warnings
        result.uses = needs.uses
        return result
    }

    // MARK: - Taking rows

    private mutating func number(_ model: ModelID, _ row: OutcomeRow) throws -> Int {
        if let known = indexOfModel[model] { return known }
        guard models.count < Self.mostModels else {
            throw TurnoutError(
                .invalidData,
                """
                \(row.place): more than \(Self.mostModels) different models; look whether 'model_a', 'model_b' or the keys of \
                'scores' are names of models
                """)
        }
        indexOfModel[model] = models.count
        models.append((model, ModelFigures()))
        let count = models.count * (models.count - 1) / 2
        pairs += [PairFigures](repeating: PairFigures(), count: count - pairs.count)
        for block in blocks.indices {
            blocks[block] += [SIMD2<Double>](repeating: .zero, count: count - blocks[block].count)
        }
        return models.count - 1
    }

    private mutating func addScores(_ row: OutcomeRow, block: Int) throws {
        let scores = try row.scores.sorted { $0.key < $1.key }.map { (model: try number($0.key, row), score: $0.value) }
        let best = scores.lazy.map(\.score).max() ?? 0
        for (position, a) in scores.enumerated() {
            models[a.model].figures.quality.add(a.score)
            if a.score != 0 && a.score != 1 { models[a.model].figures.isRightOrWrong = false }
            if scores.count > 1 { models[a.model].figures.shortfall.add(best - a.score) }
            for b in scores.dropFirst(position + 1) {
                let (low, high) = a.model < b.model ? (a, b) : (b, a)
                pairs[Self.index(of: low.model, high.model)].gap.add(low.score - high.score)
                guard row.battles.isEmpty else { continue }
                compare(
                    a.model, b.model, shareOfA: a.score == b.score ? 0.5 : a.score > b.score ? 1 : 0, block: block)
            }
        }
    }

    private mutating func compare(_ a: Int, _ b: Int, shareOfA: Double, block: Int) {
        let pair = Self.index(of: a, b)
        let shareOfFirst = a < b ? shareOfA : 1 - shareOfA
        pairs[pair].count(shareOfFirst)
        blocks[block][pair] += SIMD2(shareOfFirst, 1 - shareOfFirst)
        models[a].figures.won += shareOfA
        models[b].figures.won += 1 - shareOfA
        models[a].figures.compared += 1
        models[b].figures.compared += 1
    }

    private static func index(of i: Int, _ j: Int) -> Int { max(i, j) * (max(i, j) - 1) / 2 + min(i, j) }

    // MARK: - Describing

    /// What models are ordered by: mean score, or share of battles won where nobody has scores.
    private func strength(_ index: Int) -> Double {
        let figures = models[index].figures
        if result.outcomes > 0 { return figures.quality.count > 0 ? figures.quality.mean : -.infinity }
        return figures.winShare ?? -.infinity
    }

    private func rate(_ result: inout DatasetDescription) {
        guard models.count > 1 else { return }
        let ids = models.map(\.id)
        let parts = blocks.map { WinMatrix(models: ids, wins: square($0)) }
        let all = blocks.dropFirst().reduce(blocks[0]) { zip($0, $1).map { $0 + $1 } }
        do {
            let table = try EloTable(WinMatrix(models: ids, wins: square(all)), blocks: parts)
            result.ratingPrior = table.prior
            result.ratings = table.entries.map {
                .init(model: $0.model, elo: $0.elo, interval: $0.interval, tier: $0.tier)
            }
        } catch {
            result.warnings.append("no Elo ratings: \(error)")
        }
    }

    private func square(_ wins: [SIMD2<Double>]) -> [Double] {
        var result = [Double](repeating: 0, count: models.count * models.count)
        for j in models.indices {
            for i in 0..<j {
                result[i * models.count + j] = wins[Self.index(of: i, j)].x
                result[j * models.count + i] = wins[Self.index(of: i, j)].y
            }
        }
        return result
    }
}

/// What is gathered of one model.
private struct ModelFigures: Sendable {
    var quality = RunningMean()
    var isRightOrWrong = true
    /// The best score on the row minus its own, where there are several.
    var shortfall = RunningMean()
    var cost = RunningMean()
    var input = RunningMean()
    var output = RunningMean()
    var latency = QuantileSketch()
    var won = 0.0
    var compared = 0

    var winShare: Double? { compared > 0 ? won / Double(compared) : nil }

    func description(of model: ModelID, outcomes: Int) -> DatasetDescription.Model {
        .init(
            model: model, scored: quality.count, missing: outcomes - quality.count, quality: quality.interval,
            range: quality.count > 0 ? [quality.least, quality.greatest] : [], isRightOrWrong: isRightOrWrong,
            comparisons: compared, winShare: winShare, costUsd: cost.interval, inputTokens: input.interval,
            outputTokens: output.interval, latency: .init(latency))
    }
}

/// What is gathered of two models.
private struct PairFigures: Sendable {
    private var wins = SIMD2<Int>.zero
    private var ties = 0
    /// Score of the first minus score of the second.
    var gap = RunningMean()

    var isCompared: Bool { wins.x + wins.y + ties > 0 || gap.count > 0 }

    mutating func count(_ shareOfFirst: Double) {
        switch shareOfFirst {
        case 1: wins.x += 1
        case 0: wins.y += 1
        default: ties += 1
        }
    }

    /// Of the pair as `a` sees it; `turned` says that `a` is the second of it.
    func description(_ a: ModelID, _ b: ModelID, turned: Bool) -> DatasetDescription.Pair {
        let deviation =
            gap.count > 1 && gap.mean != 0
            ? (gap.variance / (12 * Double(gap.count))).squareRoot() / abs(gap.mean) : nil
        return .init(
            modelA: a, modelB: b, winsA: turned ? wins.y : wins.x, winsB: turned ? wins.x : wins.y, ties: ties,
            gap: gap.interval.map { turned ? Interval(value: -$0.value, low: -$0.high, high: -$0.low) : $0 },
            apgrDeviation: deviation)
    }
}
