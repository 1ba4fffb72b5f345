import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract:
            "Says what policies would have done with prompts whose outcomes are known, and what it would have cost.",
        discussion: """
            Example: turnout replay --data outcomes.jsonl --policy target_quality=0.95 --policy cheapest_above=0.6
            Example: turnout replay --data outcomes.jsonl --policy lambda=20 --group-by subject --svg policies.svg
            The choices are those that the gateway would make. The router's estimate of each prompt comes from a fit that \
            had not seen it. Each policy is shown at its setting; then its parameter goes through all settings, and the \
            dollars are shown at which 95 % and 99 % of the best single model's quality are kept.
            A model with a --price whose tokens the rows lack is charged for an estimate: of the prompt by its family's \
            tokenizer, of the answer by "output_chars" in the row, 4.4 to a token.
            """)

    @OptionGroup var source: DataOptions

    @Option(
        help: """
            Policy as it stands in a request's header: \(PolicyFamily.names.map { "\($0)=N" }.joined(separator: ", ")), \
            with latency=… or capability=by_size. May be given several times.
            """)
    var policy: [String] = []

    @Option(
        help: """
            Dollars for a thousand prompts, to be spent evenly over each of two days on which they come in many ways. May be \
            given several times.
            """)
    var budget: [Double] = []

    @Option(help: "Models to choose between, separated by commas; all models of the data by default.")
    var models: String?

    @OptionGroup var costs: CostOptions

    @OptionGroup var heldOut: HeldOutOptions

    @Option(help: "Bootstrap resamples behind the intervals.")
    var resamples = 500

    @OptionGroup var threads: ThreadOptions

    @Option(help: "Writes the curves as an SVG picture.")
    var svg: String?

    @Flag(help: "Prints one JSON object.")
    var json = false

    @Flag(help: "Shows no progress.")
    var quiet = false

    func validate() throws {
        guard !source.data.isEmpty else {
            throw ValidationError("--data is missing; give at least one file of outcomes")
        }
        guard 20...100_000 ~= resamples else {
            throw ValidationError("--resamples is \(resamples), but must lie between 20 and 100000")
        }
        for dollars in budget where !(1e-9...1e9 ~= dollars) {
            throw ValidationError("--budget is \(dollars), but must be dollars for a thousand prompts, more than zero")
        }
        guard svg == nil || budget.isEmpty || !policy.isEmpty else {
            throw ValidationError("--svg draws policies; give a --policy with it")
        }
        try heldOut.refuseOdds()
        do { _ = try policies() } catch let error as TurnoutError { throw ValidationError(error.message) }
    }

    /// Those that were asked for; one of each family without any.
    private func policies() throws -> [Policy] {
        let given = try policy.map { try Policy(text: $0) }
        return given.isEmpty && budget.isEmpty
            ? [Policy(.targetQuality(0.95)), Policy(.cheapestAbove(0.5)), .strongShare(0.5)] : given
    }

    func run() async throws {
        try OutputFiles.check(["--svg": svg], inputs: source.inputs)
        let progress = quiet ? nil : ProgressLine()
        let report = try report(progress)
        progress?.finish()
        if let svg, let picture = report.svg { try WholeFile.write(Array(picture.utf8), to: svg) }
        print(json ? try report.json() : report.text)
    }

    private func report(_ progress: ProgressLine?) throws -> ReplayReport {
        let replay = try replay(progress)
        let policies = try policies()
        var options = PolicyReplay.Options()
        (options.resamples, options.seed, options.threads) = (resamples, heldOut.seed, threads.count)
        let result =
            policies.isEmpty
            ? nil
            : try replay.measure(policies, options: options) { done, total in
                progress?.report(TrainingProgress(stage: .measuring, completed: done, total: total))
            }
        let spending = BudgetReplay(replay, seed: heldOut.seed)
        let runs = try budget.flatMap { dollars in
            try BudgetReplay.Order.allCases.flatMap { order in
                try BudgetReplay.Arrivals.allCases.flatMap { arrivals in
                    try spending.run(
                        budget: dollars * Double(replay.data.rows.count) / 1000, order: order, arrivals: arrivals)
                }
            }
        }
        return ReplayReport(result, budgets: runs)
    }

    private func replay(_ progress: ProgressLine?) throws -> PolicyReplay {
        progress?.report(TrainingProgress(stage: .reading, completed: 0, total: 0))
        let encoder = try heldOut.encoder.load()
        var table = try source.table(encoder: encoder, threads: threads.count)
        var options = EvaluationData.Options()
        options.models = models?.split(separator: ",").map { ModelID(String($0)) } ?? []
        options.costs = try costs.costs()
        options.keepsGroupsTogether = source.groupBy != nil
        table.estimateTokens(of: options.costs.prices.keys)
        let data = try EvaluationData(rows: table.rows, options: options)
        var training = RouterTraining.Options(encoder: encoder, createdAt: "")
        (training.folds, training.seed, training.threads) = (heldOut.folds, heldOut.seed, threads.count)
        training.keepsGroupsTogether = source.groupBy != nil
        let trainer = try RouterTrainers.trainer(heldOut.train, settings: heldOut.settings)
        let predictions = try TrainedPredictions([trainer], options: training)
            .crossValidated(table, data: data, clock: ContinuousClock()) { progress?.report($0) }
        return try PolicyReplay(data: data, predictions: predictions[0], prices: options.costs.prices)
    }
}
