import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutHub
import TurnoutRouting
import TurnoutTraining

/// How a router that tunes a transformer is trained: a `setfit` router on labelled texts, others on outcomes.
struct FewShotOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The model of each label, the weakest first; by default labels are the names of models.",
            valueName: "simple=weak,complex=strong"))
    var classMap: String?

    @Option(help: "Keeps the state here, so that the same command takes the run up again after a crash.")
    var checkpoint: String?

    @Option(help: "Steps between two writings of the checkpoint.")
    var checkpointEvery = 100

    @Option(help: "Draws the loss of each step into this file.")
    var svg: String?

    @Option(help: "A text whose label is predicted once the router is trained. May be given several times.")
    var predict: [String] = []

    @Option(help: "Also writes the folder of a SetFit model, which Python opens; it must not exist yet.")
    var setfitFolder: String?

    /// Whether none of them was given.
    var isUntouched: Bool { checkpoint == nil && svg == nil && !isOfLabels }

    /// Whether one was given that is of use with labelled texts only.
    var isOfLabels: Bool { classMap != nil || !predict.isEmpty || setfitFolder != nil }

    /// Where the state is kept, if anywhere.
    var checkpointPlan: CheckpointPlan? {
        checkpoint.map { CheckpointPlan(path: $0, everySteps: checkpointEvery) }
    }

    /// Makes sure, before anything is trained, that all that comes of it can be written.
    func checkOutputs(_ output: String, inputs: [String]) throws {
        if let setfitFolder, FileManager.default.fileExists(atPath: setfitFolder) {
            throw TurnoutError(
                .io, "'\(setfitFolder)' is there already; give --setfit-folder another name, or remove it")
        }
        // A path of Foundation's does not end in a slash.
        let folder = setfitFolder.map { URL(filePath: $0).path }
        try OutputFiles.check(
            ["--output": output, "--checkpoint": checkpoint, "--svg": svg, "--setfit-folder": folder], inputs: inputs)
    }

    /// Draws the loss where that was asked for, and removes the checkpoint of a run that has ended.
    func finish(losses: [Double]) throws {
        if let svg { try WholeFile.write(Array(LossChart.svg(losses).utf8), to: svg) }
        if let checkpoint { try? FileManager.default.removeItem(atPath: checkpoint) }
    }

    func validate() throws {
        guard checkpointEvery > 0 else {
            throw ValidationError("--checkpoint-every is \(checkpointEvery), but must be at least 1")
        }
        if let classMap { _ = try Self.parse(classMap) }
    }

    /// Trains and saves.
    ///
    /// - Parameters:
    ///   - data: Files, columns, encoder and test share, from options or a recipe.
    ///   - options: Settings, set.
    ///   - output: Where the router goes.
    ///   - progress: Is told of plan and steps; `nil` for quiet.
    /// - Returns: What to say of it.
    /// - Throws: `TurnoutError` as training and saving do.
    func train(
        _ data: FewShotData, options: SetFitOptions, output: String, progress: TuningLine?
    ) throws -> FewShotSummary {
        var options = options
        if let classMap { options.classMap = try Self.parse(classMap) }
        options.encoderName = data.encoder
        options.checkpoint = checkpointPlan
        try checkOutputs(output, inputs: data.files + [data.recipe].compactMap { $0 })
        let table = try data.table()
        let encoder = try EncoderLocator.ofProcess(options: .init(threads: options.threads)).transformer(
            named: data.encoder)
        let result = try SetFitTraining(encoder, options: options).train(table) { progress?.report($0) }
        progress?.finish()
        try RouterArtifact.save(result.router, to: output)
        if let setfitFolder { try result.folder().write(to: setfitFolder) }
        try finish(losses: result.losses)
        return FewShotSummary(
            artifact: output, result: result, skipped: table.files.map(\.skipped),
            predictions: predict.map { ($0, result.probabilities($0)) })
    }

    private static func parse(_ text: String) throws -> [(className: String, model: ModelID)] {
        let map = try pairs(text)
        guard Set(map.map(\.className)).count == map.count else {
            throw ValidationError("--class-map names a label twice; each label has one model")
        }
        return map
    }

    private static func pairs(_ text: String) throws -> [(className: String, model: ModelID)] {
        try text.split(separator: ",").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
                throw ValidationError("--class-map has '\(pair)', but must be LABEL=MODEL,LABEL=MODEL, weakest first")
            }
            return (parts[0], ModelID(parts[1]))
        }
    }
}

/// What a `setfit` router learns from: named by options, or by a recipe.
struct FewShotData {
    var files: [String]
    var reader: OutcomeReader.Options
    var encoder: String
    /// The recipe's file; `nil` without one.
    var recipe: String?

    func table() throws -> OutcomeTable { try OutcomeTable(paths: files, options: reader) }
}
