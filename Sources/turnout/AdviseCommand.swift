import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutTraining

struct AdviseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advise",
        abstract:
            "Says whether routing is worth it: between which models, what it saves, or which model to use for all.",
        discussion: """
            Example: turnout advise --data outcomes.jsonl --price gpt-5=1.25,10 --price small=0.1,0.4
            Rows need a score of every model, and costs: "cost_usd" in the data, --price with "tokens" in the data, or --cost. \
            Without --value-per-quality, routing must cost less than the cheapest single model that is about as good as the \
            best one; with it, what a unit of score is worth decides. Exit code 1 when routing is not shown to be worth it.
            """)

    @OptionGroup var source: DataOptions

    @Option(help: "Models to choose from, separated by commas; all models of the data by default.")
    var models: ModelList?

    @OptionGroup var costs: CostOptions

    @Option(help: "Dollars that one unit of score on one request is worth, such as 0.02.")
    var valuePerQuality: Double?

    @Option(help: "Share of the best model's quality that may be lost; 0.01 by default, has no use with a value.")
    var maxDrop: Double?

    @Option(help: "Dollars that building and running the router costs, once; beside the labels.")
    var fixedCost = 0.0

    @Option(help: "Dollars to judge one answer.")
    var judgeCost = 0.0

    @OptionGroup var heldOut: HeldOutOptions

    @Option(help: "Threads; the result is the same with any number.")
    var threads: Int?

    @Flag(help: "Prints one JSON object.")
    var json = false

    @Flag(help: "Shows no progress.")
    var quiet = false

    func validate() throws {
        try source.require("outcomes")
        try source.refuseSimilar()
        try heldOut.refuseOdds()
        if valuePerQuality != nil, maxDrop != nil {
            throw ValidationError("--value-per-quality says what a loss of quality costs; leave out --max-drop")
        }
        if let valuePerQuality, !(valuePerQuality > 0 && valuePerQuality.isFinite) {
            throw ValidationError("--value-per-quality is \(valuePerQuality), but must be a positive amount in dollars")
        }
        if let maxDrop, !(0...1).contains(maxDrop) {
            throw ValidationError("--max-drop is \(maxDrop), but must lie between 0 and 1")
        }
        for (name, amount) in [("--fixed-cost", fixedCost), ("--judge-cost", judgeCost)]
        where !(amount >= 0 && amount.isFinite) {
            throw ValidationError("\(name) is \(amount), but must be an amount in dollars, zero or more")
        }
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), but must be at least 1") }
    }

    func run() async throws {
        let progress = quiet ? nil : ProgressLine()
        progress?.report(TrainingProgress(stage: .reading, completed: 0, total: 0))
        let table = try OutcomeTable(paths: source.data, options: source.readerOptions)
        let chosen = models?.models ?? table.models
        let complete = try completeRows(table, chosen)
        let known = try costs.costs()
        // Before the training, so that a missing price is said at once.
        let dollars = try chosen.map { model in try complete.rows.map { try known.dollars(for: $0, on: model) } }
        let (examples, folds, fit) = try heldOut.crossFit(
            complete, models: chosen, groupBy: source.groupBy,
            threads: threads ?? ProcessInfo.processInfo.activeProcessorCount, progress)
        let costOfModel = Dictionary(zip(chosen, dollars), uniquingKeysWith: { first, _ in first })
        progress?.report(TrainingProgress(stage: .measuring, completed: 0, total: 0))
        var advisor = RoutingAdvisor(
            wish: valuePerQuality.map { .value($0) } ?? .cheapest(maxDrop: maxDrop ?? 0.01))
        advisor.seed = heldOut.seed
        let advice = advisor.advise(
            .init(
                models: examples.models, scores: examples.scores.models.map(\.targets),
                costs: examples.models.map { costOfModel[$0] ?? [] }, estimates: fit.outOfFold, folds: folds,
                clusters: source.groupBy == nil ? nil : try Clusters.numbers(of: examples.rows)))
        progress?.finish()
        let summary = AdviceSummary(
            advice, incompleteRows: table.rows.count - complete.rows.count, fixedCost: fixedCost, judgeCost: judgeCost)
        print(json ? try summary.jsonLine() : summary.text())
        if !advice.isWorthIt { throw ExitCode(1) }
    }

    /// The rows that every model has a score on: what one model does where the others were not asked, nobody knows.
    private func completeRows(_ table: OutcomeTable, _ models: [ModelID]) throws -> OutcomeTable {
        let known = Set(table.models)
        if let stranger = models.first(where: { !known.contains($0) }) {
            let names = known.sorted().prefix(12).map { "'\($0)'" }.joined(separator: ", ")
            throw TurnoutError(.invalidArgument, "no row has a score of '\(stranger)'; the data has \(names)")
        }
        guard models.count >= 2 else {
            throw TurnoutError(
                .insufficientData,
                "advice needs scores of at least two models; there \(models.isEmpty ? "are none" : "is one")")
        }
        let rows = table.rows.filter { row in models.allSatisfy { row.scores[$0] != nil } }
        guard rows.count >= 50 else {
            let scored = models.map { model in (table.rows.count { $0.scores[model] != nil }, model) }
            let rarest = scored.min { ($0.0, $0.1) < ($1.0, $1.1) }
            throw TurnoutError(
                .insufficientData,
                """
                only \(rows.count) rows have scores of all \(models.count) models; at least 50 are needed\
                \(rarest.map { " ('\($0.1)' has a score on \($0.0))" } ?? ""). Ask every model the same prompts, or choose \
                fewer with --models
                """)
        }
        return OutcomeTable(rows: rows, files: table.files)
    }
}
