public import TurnoutCore

/// Prompts on which every one of some models was scored: what routers are compared on.
public struct EvaluationData: Sendable {
    /// Which models, and what is known beside the rows.
    public struct Options: Sendable {
        /// The models to choose between; all models of the data when empty.
        public var models: [ModelID] = []
        /// The weak model of a pair, by default the worst of the others.
        public var weak: ModelID?
        /// The strong model of a pair, by default the best of the others.
        public var strong: ModelID?
        /// What calls cost beside what the rows say.
        public var costs = RequestCosts()
        /// Whether rows of one group are drawn together; the reader's `groupBy` says what the group is.
        public var keepsGroupsTogether = false

        /// All models, costs as the rows say, no groups.
        public init() {}
    }

    /// The least number of prompts that intervals are made of.
    public static let leastRows = 20

    /// From the worst mean score to the best; of a pair, the weak one and the strong one.
    public let models: [ModelID]
    /// Rows that have a score of every model.
    public let rows: [OutcomeRow]
    /// Shape `[models][rows]`.
    public let scores: [[Double]]
    /// Dollars of each call, shape `[models][rows]`; `nil` unless all are known.
    public let costs: [[Double]]?
    /// A number for each group of rows that are drawn together, where there are groups.
    public let clusters: [Int]?
    /// What a reader of the figures should know of the data.
    public let notes: [String]

    /// Chooses models and rows.
    ///
    /// - Parameters:
    ///   - rows: Prompts and scores, duplicates merged.
    ///   - options: Which models, prices, groups.
    /// - Throws: ``TurnoutError``: `.invalidArgument` for models that the data does not have, `.insufficientData` for
    ///   fewer than two models or too few rows that have all of them, `.invalidData` for a row without a group.
    public init(rows: [OutcomeRow], options: Options = Options()) throws {
        let table = OutcomeTable(rows: rows)
        let chosen = try Self.chosenModels(table, options)
        let rows = table.scoringBattles(among: chosen).rows
        let complete = rows.filter { row in chosen.allSatisfy { row.scores[$0]?.isFinite == true } }
        guard complete.count >= Self.leastRows else {
            throw TurnoutError(.insufficientData, Self.tooFewMessage(rows, complete: complete.count, chosen))
        }
        let ladder = ModelLadder.worstFirst(chosen, rows: complete)
        self.models = options.weak == nil && options.strong == nil ? ladder : chosen
        self.rows = complete
        self.scores = models.map { model in complete.map { $0.scores[model] ?? 0 } }
        let known = try CallCosts(rows: complete, models: models, costs: options.costs)
        self.costs = known.dollars
        self.clusters = options.keepsGroupsTogether ? try Clusters.numbers(of: complete) : nil
        var notes = [known.note].compactMap { $0 }
        if complete.count < rows.count {
            let left = rows.count - complete.count
            notes.append("\(left) of \(rows.count) prompts were left out: they lack a score of \(models.count) models.")
        }
        self.notes = notes
    }

    /// The scores of the first and the last model, where the last is better.
    public var pair: PairOutcomes? { try? PairOutcomes(strong: scores[scores.count - 1], weak: scores[0]) }

    // MARK: - Checks

    /// The pair, weak first, where one was asked for; else all that may be chosen.
    private static func chosenModels(_ table: OutcomeTable, _ options: Options) throws -> [ModelID] {
        let known = Set(table.models)
        guard !known.isEmpty else {
            throw TurnoutError(
                .insufficientData, "no row has scores; evaluation needs outcomes or battles, see docs/data.md")
        }
        let named = options.models + [options.weak, options.strong].compactMap { $0 }
        for model in named where !known.contains(model) {
            let names = known.sorted().prefix(12).map { "'\($0)'" }.joined(separator: ", ")
            throw TurnoutError(.invalidArgument, "no row has a score of '\(model)'; the data has \(names)")
        }
        for model in (options.costs.prices.keys.sorted() + options.costs.flat.keys.sorted())
        where !known.contains(model) {
            throw TurnoutError(.invalidArgument, "there is a price of '\(model)', of which no row has a score")
        }
        guard Set(options.models).count == options.models.count else {
            throw TurnoutError(.invalidArgument, "a model is listed twice in --models")
        }
        let chosen = options.models.isEmpty ? known.sorted() : options.models
        guard options.weak != nil || options.strong != nil else {
            guard chosen.count > 1 else {
                throw TurnoutError(
                    .insufficientData,
                    "there are scores of one model only, '\(chosen[0])': there is nothing to choose between")
            }
            return chosen
        }
        return try pair(chosen, rows: table.scoringBattles(among: chosen).rows, options)
    }

    private static func pair(_ chosen: [ModelID], rows: [OutcomeRow], _ options: Options) throws -> [ModelID] {
        let ladder = ModelLadder.worstFirst(chosen, rows: rows)
        guard let weak = options.weak ?? ladder.first(where: { $0 != options.strong }),
            let strong = options.strong ?? ladder.last(where: { $0 != options.weak }), weak != strong
        else {
            throw TurnoutError(
                .invalidArgument, "a pair needs two models; --weak and --strong must name different ones")
        }
        let scores = [strong, weak].map { model in
            rows.filter { $0.scores[weak] != nil && $0.scores[strong] != nil }.compactMap { $0.scores[model] }
        }
        if scores[0].count >= leastRows { _ = try PairOutcomes(strong: scores[0], weak: scores[1]) }
        return [weak, strong]
    }

    private static func tooFewMessage(_ rows: [OutcomeRow], complete: Int, _ models: [ModelID]) -> String {
        let counts = models.map { model in (rows.count { $0.scores[model] != nil }, model) }
        let rarest = counts.min { ($0.0, $0.1) < ($1.0, $1.1) }
        let hint =
            rarest.map { $0.0 < rows.count ? "; '\($0.1)' has scores on only \($0.0) of \(rows.count)" : "" } ?? ""
        return """
            \(complete) prompts have a score of all \(models.count) models, and \(leastRows) are the least that an interval \
            can be made of\(hint); add rows, or choose fewer models with --models
            """
    }
}

/// The order in which models are tried: by mean score.
public enum ModelLadder {
    /// Models from the worst mean score to the best, over the rows that have one; equals by name.
    public static func worstFirst(_ models: [ModelID], rows: [OutcomeRow]) -> [ModelID] {
        let means = models.map { model -> (Double, ModelID) in
            let values = rows.compactMap { $0.scores[model] }
            return (values.reduce(0, +) / Double(max(values.count, 1)), model)
        }
        return means.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.1)
    }
}

/// Dollars of each call, where those of all calls are known.
private struct CallCosts {
    /// Shape `[models][rows]`; `nil` unless all are known.
    var dollars: [[Double]]?
    /// Why they are not known, where some are.
    var note: String?

    init(rows: [OutcomeRow], models: [ModelID], costs: RequestCosts) throws {
        guard !costs.flat.isEmpty || !costs.prices.isEmpty || rows.contains(where: { !$0.costs.isEmpty }) else {
            return
        }
        var (known, missing, reason) = ([[Double]](), 0, "")
        for model in models {
            known.append([])
            for row in rows {
                do {
                    known[known.count - 1].append(try costs.dollars(for: row, on: model))
                } catch let error as TurnoutError where error.code == .insufficientData {
                    if missing == 0 { reason = error.message }
                    missing += 1
                }
            }
        }
        if missing == 0 {
            dollars = known
        } else {
            note = "No dollars are shown: the cost of \(missing) calls is not known. First \(reason)."
        }
    }
}
