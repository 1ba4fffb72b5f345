import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

/// `train --router classifier`, and `train --router hybrid --set tune=true`.
extension TrainCommand {
    /// How an encoder is tuned for two models; `nil` where none is.
    func pairTuningOptions() throws -> PairTuning.Options? {
        guard var options = try PairTuning.Options(router: router, settings: settings, createdAt: createdAt) else {
            return nil
        }
        options.models = models?.models ?? []
        if let seed { options.tuning.seed = seed }
        if let threads { options.threads = threads }
        options.licence = licence
        return options
    }

    func validatePairTuning() throws {
        try source.require("outcomes or battles")
        guard recipe.isUntouched, folds == nil, source.groupBy == nil else {
            throw ValidationError(
                """
                --recipe, --data-dir, --leave-one-out, --test, --folds and --group-by have no use with a router that tunes \
                an encoder, for which plain tenths of the prompts are held out
                """)
        }
    }

    func trainPair(_ options: PairTuning.Options, _ reading: ProgressLine?) throws -> TrainingSummary {
        var options = options
        options.encoderName = encoder.encoder
        options.checkpoint = fewShot.checkpointPlan
        let transformer = try encoder.transformer(toTuneFor: router, threads: options.threads)
        let table = try source.table(encoder: transformer, threads: options.threads)
        reading?.finish()
        let progress = quiet ? nil : TuningLine()
        let result = try PairTuning(transformer, options: options).train(table) { progress?.report($0) }
        progress?.finish()
        try RouterArtifact.save(result.router, to: output)
        try fewShot.finish(losses: result.losses)
        let plan = result.plan
        var summary = TrainingSummary(
            artifact: output, card: result.router.card, rows: plan.training + plan.validation + plan.test,
            skipped: table.files.map(\.skipped))
        let kept = result.bestEpoch.map { ", epoch \($0) kept" } ?? ""
        summary.remarks = [
            String(
                format: "%d steps, loss %.4f to %.4f%@", result.losses.count, result.losses.first ?? 0,
                result.losses.last ?? 0, kept)
        ]
        return summary
    }
}
