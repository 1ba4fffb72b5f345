import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

struct CascadeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cascade",
        abstract: "Says whether asking a cheap model first, and a dearer one when a verifier objects, beats routing.",
        discussion: """
            Example: turnout cascade --data outcomes.jsonl --cost weak=0.2 --cost strong=10 --verify-cost 0.3
            Compared at equal mean cost: routing (one model a prompt), a plain cascade (cheapest first), and cascade \
            routing (both in one). Intervals are of 95 %; with --group-by, whole groups are held out and drawn. Where the data have no verifier's scores, one is simulated.
            Exit code 1 when the cheapest model before the dearest is not shown to cost less than the dearest alone.
            """)

    @OptionGroup var source: DataOptions

    @Option(help: "Models, separated by commas; all models of the data by default, 20 at most.")
    var models: ModelList?

    @OptionGroup var prices: CostOptions

    @Option(help: "What judging a thousand answers costs, in dollars.")
    var verifyCost = 0.0

    @Option(help: "How well the simulated verifier tells right answers from wrong ones, above 0.5 and below 1.")
    var verifierAUC = 0.8

    @OptionGroup(title: "What is known before anybody is asked") var heldOut: HeldOutOptions

    @Option(help: "Bootstrap resamples behind the intervals.")
    var resamples = 500

    @OptionGroup var threads: ThreadOptions

    @Flag(help: "Prints one JSON object.")
    var json = false

    @Flag(help: "Shows no progress.")
    var quiet = false

    func validate() throws {
        try source.require("outcomes")
        try heldOut.refuseOdds()
        guard verifierAUC > 0.5, verifierAUC < 1 else {
            throw ValidationError("--verifier-auc is \(verifierAUC), but must be above 0.5 and below 1")
        }
        guard verifyCost >= 0, verifyCost.isFinite else {
            throw ValidationError("--verify-cost is \(verifyCost), but must not be negative")
        }
        guard 20...100_000 ~= resamples else {
            throw ValidationError("--resamples is \(resamples), but must lie between 20 and 100000")
        }
    }

    func run() async throws {
        let progress = quiet ? nil : ProgressLine()
        let report = try report(progress)
        progress?.finish()
        print(json ? try report.jsonLine() : report.text())
        if !report.pays { throw ExitCode(1) }
    }

    private func report(_ progress: ProgressLine?) throws -> CascadeReport {
        progress?.report(TrainingProgress(stage: .reading, completed: 0, total: 0))
        let table = try source.table(encoder: heldOut.encoder.load(), threads: threads.count)
        let (examples, _, fit) = try heldOut.crossFit(
            table, models: models?.models ?? [], groupBy: source.groupBy, threads: threads.count, progress)
        progress?.report(TrainingProgress(stage: .measuring, completed: 0, total: 0))
        let outcomes = try CascadeOutcomes(
            rows: examples.rows, models: examples.models, estimates: fit.outOfFold,
            costs: try prices.costs(), verifierAUC: verifierAUC, seed: heldOut.seed,
            keepsGroupsTogether: source.groupBy != nil)
        let data = try outcomes.data(verifyCost: verifyCost / 1000)
        let comparison = try CascadeComparison(data, resamples: resamples, seed: heldOut.seed, threads: threads.count)
        return CascadeReport(
            data: data, points: comparison.points(), escalations: comparison.escalations(),
            simulatedAUC: outcomes.isSimulated ? verifierAUC : nil)
    }
}
