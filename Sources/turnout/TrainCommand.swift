import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutHub
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
            A setfit router learns labels from a few texts of each, by tuning a transformer:
            turnout train --router setfit --data labelled.jsonl --encoder sentence-transformers/all-MiniLM-L6-v2 \
            --class-map simple=weak,complex=strong -o fewshot.safetensors
            A classifier router learns who wins from the battles or outcomes of two models, by tuning a transformer:
            turnout train --router classifier --data battles.jsonl --models weak,strong \
            --encoder sentence-transformers/all-MiniLM-L6-v2 -o mine.safetensors
            A hybrid router tunes one too, with --set tune=true.
            A task classifier, for the capability policy, is trained on texts labelled with the names of tasks:
            turnout train --router tasks --data labels.jsonl -o tasks.safetensors
            """)

    @Option(
        help:
            "Kind of router: \(RouterTrainers.all.map { $0.kind }.joined(separator: ", ")), classifier, setfit, difficulty or tasks.",
        completion: .list(
            RouterTrainers.all.map { $0.kind } + [
                ClassifierEstimator.kind, SetFitEstimator.kind, DifficultyRouter.kind, TaskClassifier.kind,
            ]))
    var router = LinearTrainer.kind

    @Option(
        name: .customLong("set"), help: "A setting of the kind of router, as name=value. May be given several times.")
    var settings: [String] = []

    @OptionGroup var source: DataOptions

    @OptionGroup var encoder: EncoderOptions

    @OptionGroup(title: "Difficulty routers and task classifiers") var recipe: RecipeOptions

    @OptionGroup(title: "Routers that tune an encoder (setfit, classifier, hybrid)") var fewShot: FewShotOptions

    @Option(help: "Models to estimate, separated by commas; all models of the data by default.")
    var models: ModelList?

    @Option(name: [.short, .customLong("output")], help: "Where the artifact goes.")
    var output: String

    @Option(help: "Folds of the cross-validation; 5 by default.")
    var folds: Int?

    @Option(help: "Where random numbers start; 0 by default, and 42 for setfit.")
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
        let tunesPair: Bool
        do { tunesPair = try pairTuningOptions() != nil } catch let error as TurnoutError {
            throw ValidationError(error.message)
        }
        switch router {
        case DifficultyRouter.kind: try validateDifficulty()
        case SetFitEstimator.kind: try validateFewShot()
        case TaskClassifier.kind: try validateTaskClassifier()
        default: try tunesPair ? validatePairTuning() : validateOutcomes()
        }
        guard router == SetFitEstimator.kind || !fewShot.isOfLabels else {
            throw ValidationError("--class-map, --predict and --setfit-folder belong to --router setfit")
        }
        guard router == SetFitEstimator.kind || tunesPair || fewShot.isUntouched else {
            throw ValidationError(
                "--checkpoint and --svg belong to --router setfit, classifier, and hybrid with --set tune=true")
        }
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), but must be at least 1") }
    }

    private func validateDifficulty() throws {
        guard recipe.recipe != nil else {
            throw ValidationError("--recipe is missing; a difficulty router is trained by a recipe, see docs/data.md")
        }
        guard source.isUntouched, settings.isEmpty, models == nil, folds == nil, seed == nil, licence == nil else {
            throw ValidationError(
                "with --router difficulty, data and options stand in the recipe; leave out --data and its like")
        }
    }

    private func validateFewShot() throws {
        do { try fewShotOptions() } catch let error as TurnoutError { throw ValidationError(error.message) }
        guard !source.data.isEmpty || recipe.recipe != nil else {
            throw ValidationError("--data is missing; give a file of labelled texts, or a recipe that names one")
        }
        guard recipe.dataDir == nil, !recipe.leaveOneOut, recipe.test == nil, models == nil, folds == nil,
            source.weight.isEmpty, source.excludeSimilarTo.isEmpty, source.groupBy == nil
        else {
            throw ValidationError(
                """
                --models, --folds, --weight, --group-by, --exclude-similar-to, --data-dir, --leave-one-out and --test have no use with \
                --router setfit; --class-map names the models, --set test_size=0.2 holds rows out
                """)
        }
    }

    private func validateOutcomes() throws {
        do { _ = try RouterTrainers.trainer(router, settings: settings) } catch let error as TurnoutError {
            throw ValidationError(error.message)
        }
        try source.require("outcomes")
        guard recipe.isUntouched else {
            throw ValidationError(
                "--recipe belongs to --router difficulty and setfit, --data-dir, --leave-one-out and --test to difficulty"
            )
        }
    }

    private func validateTaskClassifier() throws {
        guard settings.isEmpty, models == nil, encoder.encoder == "static" else {
            throw ValidationError("--set, --models and --encoder do not belong to --router tasks")
        }
        guard !recipe.leaveOneOut, recipe.test == nil else {
            throw ValidationError("--leave-one-out and --test belong to --router difficulty")
        }
        guard (recipe.recipe == nil) != source.data.isEmpty else {
            throw ValidationError("give either --data with labelled texts or --recipe")
        }
        guard recipe.recipe != nil || recipe.dataDir == nil else {
            throw ValidationError("--data-dir says where the files of --recipe lie; leave it out with --data")
        }
        guard recipe.recipe == nil || source.isUntouched && folds == nil && seed == nil && licence == nil else {
            throw ValidationError("with --recipe, data and options stand in the recipe; leave out --data and its like")
        }
        guard source.excludeSimilarTo.isEmpty, source.columns.isUntouchedButForLabels else {
            throw ValidationError("of the columns, only --label-column can be named with --router tasks")
        }
    }

    func run() async throws {
        let started = ContinuousClock.now
        func seconds() -> Double { (ContinuousClock.now - started) / .seconds(1) }
        if router == SetFitEstimator.kind {
            var summary = try await trainFewShot()
            summary.seconds = seconds()
            print(json ? try summary.json() : summary.text())
            return
        }
        var summary = try trained()
        summary.seconds = seconds()
        print(json ? try summary.json() : summary.text())
    }

    private func trained() throws -> TrainingSummary {
        try fewShot.checkOutputs(
            output, inputs: source.inputs + [encoder.encoder] + [recipe.recipe, recipe.test].compactMap { $0 })
        let progress = quiet ? nil : ProgressLine()
        defer { progress?.finish() }
        progress?.report(TrainingProgress(stage: .reading, completed: 0, total: 0))
        switch router {
        case DifficultyRouter.kind:
            return try recipe.train(output: output, threads: threads, createdAt: createdAt, progress)
        case TaskClassifier.kind: return try trainTaskClassifier(progress)
        default: return try pairTuningOptions().map { try trainPair($0, progress) } ?? trainOnOutcomes(progress)
        }
    }

    private func trainTaskClassifier(_ progress: ProgressLine?) throws -> TrainingSummary {
        let trainer = try TaskTrainer(
            recipe: recipe.recipe.map { try TaskRecipe(path: $0) } ?? taskRecipe(), folders: recipe.folders,
            encoder: StaticEncoder.embedded(), threads: threads ?? ProcessInfo.processInfo.activeProcessorCount
        ) { progress?.report($0) }
        let result = try trainer.train(createdAt: createdAt) { progress?.report($0) }
        try result.classifier.save(to: output)
        var summary = TrainingSummary(artifact: output, card: result.classifier.card, rows: result.rows)
        summary.furtherMetrics = (result.heldOut + result.tests).flatMap(TaskReportText.baselines)
        summary.remarks = (result.heldOut.prefix(1) + result.tests).map(TaskReportText.matrix)
        return summary
    }

    /// What stands on the command line, as a recipe.
    private func taskRecipe() throws -> TaskRecipe {
        let weights = source.readerOptions.weights
        return try TaskRecipe(
            sources: source.data.map { path in
                var file = TaskRecipe.Source(file: path, licence: licence, labelColumn: source.columns.labelColumn)
                file.weight = weights[path] ?? weights[URL(filePath: path).lastPathComponent]
                return file
            }, folds: folds ?? 5, seed: seed ?? 0)
    }

    private func trainFewShot() async throws -> FewShotSummary {
        var options = SetFitOptions(createdAt: createdAt)
        var data = FewShotData(
            files: source.data, reader: source.readerOptions, encoder: encoder.encoder, recipe: recipe.recipe)
        var push: FewShotPush?
        if let path = recipe.recipe {
            let recipe = try FewShotRecipe(path: path)
            recipe.fill(&data, &options)
            if recipe.isPushed { push = try FewShotPush(recipe, path: path) }
        }
        try fewShotOptions(&options)
        guard !data.files.isEmpty else {
            throw TurnoutError(.invalidArgument, "the recipe names no dataset_name; add it, or give --data")
        }
        try EncoderOptions.requireTransformer(data.encoder, router: router)
        var summary = try fewShot.train(data, options: options, output: output, progress: quiet ? nil : TuningLine())
        summary.address = try await push?.run(summary.result.folder(), artifact: output, licence: licence, quiet: quiet)
        return summary
    }

    private func fewShotOptions() throws {
        var options = SetFitOptions(createdAt: createdAt)
        try fewShotOptions(&options)
    }

    /// Settings of the command line, which go before those of a recipe.
    private func fewShotOptions(_ options: inout SetFitOptions) throws {
        try options.apply(settings)
        if let seed { options.tuning.seed = seed }
        if let threads { options.threads = threads }
        options.licence = licence
    }

    var createdAt: String { Date.now.ISO8601Format() }

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
        options.models = models?.models ?? []
        if let folds { options.folds = folds }
        options.keepsGroupsTogether = source.groupBy != nil
        if let seed { options.seed = seed }
        options.licence = licence
        if let threads { options.threads = threads }
        return options
    }
}
