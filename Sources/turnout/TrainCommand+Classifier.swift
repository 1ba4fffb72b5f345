import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutHub
import TurnoutRouting
import TurnoutTraining

/// `train --router classifier`.
extension TrainCommand {
    /// What RouteLLM's classifier reads of a prompt at most.
    private static let mostTokens = 512

    func validateClassifier() throws {
        do { _ = try classifierOptions() } catch let error as TurnoutError { throw ValidationError(error.message) }
        try source.require("outcomes or battles")
        guard recipe.isUntouched, folds == nil, source.groupBy == nil else {
            throw ValidationError(
                """
                --recipe, --data-dir, --leave-one-out, --test, --folds and --group-by have no use with --router \
                classifier, which holds a tenth of the prompts out
                """)
        }
    }

    func trainClassifier(_ reading: ProgressLine?) throws -> TrainingSummary {
        try requireTransformer(encoder.encoder)
        var options = try classifierOptions()
        options.encoderName = encoder.encoder
        options.checkpoint = fewShot.checkpointPlan
        let transformer = try tunedTransformer(threads: options.threads)
        let table = try source.table(encoder: transformer, threads: options.threads)
        reading?.finish()
        let progress = quiet ? nil : TuningLine()
        let result = try ClassifierTraining(transformer, options: options).train(table) { progress?.report($0) }
        progress?.finish()
        try RouterArtifact.save(result.router, to: output)
        try fewShot.finish(losses: result.losses)
        var summary = TrainingSummary(
            artifact: output, card: result.router.card, rows: result.plan.training + result.plan.heldOut,
            skipped: table.files.map(\.skipped))
        summary.remarks = [
            String(
                format: "%d steps, loss %.4f to %.4f", result.losses.count, result.losses.first ?? 0,
                result.losses.last ?? 0)
        ]
        return summary
    }

    private func classifierOptions() throws -> ClassifierTraining.Options {
        var options = ClassifierTraining.Options(createdAt: createdAt)
        try options.apply(settings)
        options.models = models?.models ?? []
        if let seed { options.tuning.seed = seed }
        if let threads { options.threads = threads }
        options.licence = licence
        return options
    }

    /// The encoder, which reads what its own files say, and 512 tokens at most.
    private func tunedTransformer(threads: Int) throws -> TransformerEncoder {
        func load(_ length: Int?) throws -> TransformerEncoder {
            try EncoderLocator.ofProcess(options: .init(threads: threads, maximumLength: length))
                .transformer(named: encoder.encoder)
        }
        let transformer = try load(nil)
        return transformer.maximumLength > Self.mostTokens ? try load(Self.mostTokens) : transformer
    }
}
