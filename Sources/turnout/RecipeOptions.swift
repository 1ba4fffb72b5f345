import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

/// How a difficulty router or a task classifier is trained by a recipe, on the files it names.
struct RecipeOptions: ParsableArguments {
    @Option(help: "Recipe: a JSON file that names data, licences and options.")
    var recipe: String?

    @Option(help: "Folder of the recipe's data files, beside the recipe's own.")
    var dataDir: String?

    @Flag(help: "Also trains without each source of two models in turn and measures on it; slower.")
    var leaveOneOut = false

    @Option(
        help: "Labelled texts, never trained on, which the router is tested on: AUC of --hard-label against the rest.")
    var test: String?

    @Option(help: "The label of --test that should score high.")
    var hardLabel = "complex"

    /// Whether none of them was given.
    var isUntouched: Bool { recipe == nil && dataDir == nil && !leaveOneOut && test == nil }

    /// Where the files that a recipe names are looked for; empty without a recipe.
    var folders: [String] {
        guard let recipe else { return [] }
        return [dataDir, URL(filePath: recipe).deletingLastPathComponent().path].compactMap { $0 }
    }

    func train(output: String, threads: Int?, createdAt: String, _ progress: ProgressLine?) throws -> TrainingSummary {
        guard let recipe else { throw TurnoutError(.invalidArgument, "--recipe is missing") }
        let trainer = try DifficultyTrainer(
            recipe: TrainingRecipe(path: recipe), folders: folders,
            encoder: StaticEncoder.embedded(), threads: threads ?? ProcessInfo.processInfo.activeProcessorCount
        ) { progress?.report($0) }
        let transfer = leaveOneOut ? try trainer.leaveOneSourceOut { progress?.report($0) } : []
        let metrics = transfer.flatMap { figures in
            figures.metrics.map { metric in
                var named = metric
                named.name = "\(figures.file) left out (\(figures.removal.rawValue)) \(metric.name)"
                return named
            }
        }
        let result = try trainer.train(createdAt: createdAt, metrics: metrics) { progress?.report($0) }
        try RouterArtifact.save(result.router, to: output)
        return TrainingSummary(
            artifact: output, card: result.router.card, rows: result.rows,
            furtherMetrics: try test.map { try order(of: result.router, on: $0) } ?? [])
    }

    /// AUC of the router and of length, over all texts and for each value of `language`, where the file has it.
    private func order(of router: DifficultyRouter, on path: String) throws -> [ArtifactCard.Metric] {
        var options = OutcomeReader.Options()
        options.groupBy = "language"
        let rows = try OutcomeTable(paths: [path], options: options).rows
        let groups = Dictionary(grouping: rows) { $0.group ?? "" }.sorted { $0.key < $1.key }
        let sets = [("all", rows)] + (groups.count > 1 ? groups.map { ($0.key, $0.value) } : [])
        return try sets.flatMap { name, rows in
            let auc = try LabelledOrder.auc(of: router, rows: rows, hardLabel: hardLabel)
            return [("auc", auc.router), ("auc_length", auc.length)].map { figure, value in
                ArtifactCard.Metric(name: "\(figure) \(name)", value: value.value, low: value.low, high: value.high)
            }
        }
    }
}
