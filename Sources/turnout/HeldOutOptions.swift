import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

/// How estimates are made by routers that had not seen the rows: cross-validation on the data themselves.
struct HeldOutOptions: ParsableArguments {
    @Option(help: "Kind of router: \(RouterTrainers.all.map { $0.kind }.joined(separator: ", ")).")
    var train = LinearTrainer.kind

    @Option(
        name: .customLong("set"), help: "A setting of the kind of router, as name=value. May be given several times.")
    var settings: [String] = []

    @OptionGroup var encoder: EncoderOptions

    @Option(help: "Folds of the cross-validation.")
    var folds = 5

    @Option(help: "Where random numbers start.")
    var seed: UInt64 = 0

    func validate() throws {
        do { _ = try RouterTrainers.trainer(train, settings: settings) } catch let error as TurnoutError {
            throw ValidationError(error.message)
        }
        guard folds >= 2 else { throw ValidationError("--folds is \(folds), but cross-validation needs at least two") }
    }

    /// Refuses kinds whose estimates are no scores, where scores are traded for dollars.
    func refuseOdds() throws {
        guard RouterTrainers.comparison(of: train) == .difference else {
            throw ValidationError(
                "a \(train) router does not estimate how good answers are; choose linear, knn or ensemble"
            )
        }
    }

    /// The examples of some models, their folds, and what fits that had not seen a row say of it.
    func crossFit(
        _ table: OutcomeTable, models: [ModelID], groupBy: String?, threads: Int, _ progress: ProgressLine?
    ) throws -> (examples: TrainingExamples, folds: Folds, fit: CrossFit) {
        var options = RouterTraining.Options(encoder: try encoder.load(), createdAt: "")
        options.models = models
        options.folds = folds
        options.keepsGroupsTogether = groupBy != nil
        options.seed = seed
        options.threads = threads
        let training = RouterTraining(try RouterTrainers.trainer(train, settings: settings), options: options)
        let examples = try training.examples(of: table) { progress?.report($0) }
        let folds = try training.makeFolds(examples.rows)
        return (examples, folds, try training.crossFit(examples, folds: folds) { progress?.report($0) })
    }

    /// The win rate of the strong model on each row, by a fit that had not seen it.
    func winRates(
        _ table: OutcomeTable, _ pair: (weak: ModelID, strong: ModelID), groupBy: String?, threads: Int,
        _ progress: ProgressLine?
    ) throws -> [Double] {
        let (examples, _, fit) = try crossFit(
            table, models: [pair.weak, pair.strong], groupBy: groupBy, threads: threads, progress)
        let range = examples.scores.range
        let estimates = [pair.weak, pair.strong].map { model in
            zip(examples.models, fit.outOfFold).first { $0.0 == model }?.1 ?? []
        }
        return zip(estimates[0], estimates[1]).map {
            type(of: fit.estimator).comparison.winRate(
                weak: $0, strong: $1, width: range.upperBound - range.lowerBound)
        }
    }
}
