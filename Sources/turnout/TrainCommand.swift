import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains a router on outcomes: prompts, and how well each model answered them.",
        discussion: """
            Example: turnout train --router linear --data outcomes.jsonl --models weak,strong -o mine.safetensors
            The figures that it prints, and stores in the artifact's card, are of rows that were held out, with 95 % \
            intervals, beside prompt length, chance and the oracle.
            A difficulty router, such as the embedded default, is trained by a recipe that names its files:
            turnout train --router difficulty --recipe Recipes/default-router.json --data-dir data -o default.safetensors
            """)

    @Option(
        help: "Kind of router: \(RouterTrainers.all.map { $0.kind }.joined(separator: ", ")) or difficulty.",
        completion: .list(RouterTrainers.all.map { $0.kind } + [DifficultyRouter.kind]))
    var router = LinearTrainer.kind

    @Option(
        name: .customLong("set"), help: "A setting of the kind of router, as name=value. May be given several times.")
    var settings: [String] = []

    @OptionGroup var source: DataOptions

    @OptionGroup var encoder: EncoderOptions

    @OptionGroup(title: "Difficulty routers") var recipe: RecipeOptions

    @Option(help: "Models to estimate, separated by commas; all models of the data by default.")
    var models: String?

    @Option(name: [.short, .customLong("output")], help: "Where the artifact goes.")
    var output: String

    @Option(help: "Folds of the cross-validation; 5 by default.")
    var folds: Int?

    @Option(help: "Where random numbers start; 0 by default.")
    var seed: UInt64?

    @Option(help: "Threads; the result is the same with any number.")
    var threads: Int?

    @Option(help: "Licence of the data (an SPDX identifier), for the card.")
    var licence: String?

    @Flag(help: "Prints one JSON object.")
    var json = false

    @Flag(help: "Shows no progress.")
    var quiet = false

    func validate() throws {
        if router == DifficultyRouter.kind {
            guard recipe.recipe != nil else {
                throw ValidationError(
                    "--recipe is missing; a difficulty router is trained by a recipe, see docs/data.md")
            }
            guard source.isUntouched, settings.isEmpty, models == nil, folds == nil, seed == nil, licence == nil else {
                throw ValidationError(
                    "with --router difficulty, data and options stand in the recipe; leave out --data and its like")
            }
        } else {
            do { _ = try RouterTrainers.trainer(router, settings: settings) } catch let error as TurnoutError {
                throw ValidationError(error.message)
            }
            guard !source.data.isEmpty else {
                throw ValidationError("--data is missing; give at least one file of outcomes")
            }
            guard recipe.isUntouched else {
                throw ValidationError("--recipe, --data-dir, --leave-one-out and --test belong to --router difficulty")
            }
        }
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), but must be at least 1") }
    }

    func run() async throws {
        let started = ContinuousClock.now
        var summary = try trained()
        summary.seconds = (ContinuousClock.now - started) / .seconds(1)
        print(json ? try summary.json() : summary.text())
    }

    private func trained() throws -> TrainingSummary {
        let progress = quiet ? nil : ProgressLine()
        defer { progress?.finish() }
        progress?.report(TrainingProgress(stage: .reading, completed: 0, total: 0))
        return router == DifficultyRouter.kind
            ? try recipe.train(output: output, threads: threads, createdAt: createdAt, progress)
            : try trainOnOutcomes(progress)
    }

    private var createdAt: String { Date.now.ISO8601Format() }

    private func trainOnOutcomes(_ progress: ProgressLine?) throws -> TrainingSummary {
        let options = try trainingOptions()
        let table = try source.table(encoder: options.encoder, threads: threads)
        let training = RouterTraining(try RouterTrainers.trainer(router, settings: settings), options: options)
        let result = try training.train(table) { progress?.report($0) }
        try RouterArtifact.save(result.router, to: output)
        return TrainingSummary(
            artifact: output, card: result.router.card, rows: result.examples.rows.count,
            skipped: table.files.map(\.skipped))
    }

    private func trainingOptions() throws -> RouterTraining.Options {
        var options = RouterTraining.Options(encoder: try encoder.load(), createdAt: createdAt)
        options.models = models?.split(separator: ",").map { ModelID(String($0)) } ?? []
        if let folds { options.folds = folds }
        options.keepsGroupsTogether = source.groupBy != nil
        if let seed { options.seed = seed }
        options.licence = licence
        if let threads { options.threads = threads }
        return options
    }
}
