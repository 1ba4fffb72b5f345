import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting
import TurnoutServer
import TurnoutTraining

/// Which router is looked at, and between which two models.
struct RouterPairOptions: ParsableArguments {
    @Option(help: "Router: 'default' for the embedded one, or the path of an artifact.")
    var router: String?

    @Option(help: "The weak model, as the data call it; the first of the router's models by default.")
    var weak: String?

    @Option(help: "The strong model, as the data call it; the last of the router's models by default.")
    var strong: String?

    @Option(help: "Threads; the result is the same with any number.")
    var threads: Int?

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads), but must be at least 1") }
    }

    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    /// The name of the router.
    func routerName() throws -> String {
        guard let router else {
            throw TurnoutError(
                .invalidArgument, "--router is missing; give the path of an artifact, or 'default' for the embedded one"
            )
        }
        return router
    }

    func load() throws -> any Router { try Configuration.loadRouter(named: routerName()) }

    /// The two models.
    func pair(of card: ArtifactCard) throws -> (weak: ModelID, strong: ModelID) {
        guard let weak = weak.map({ ModelID($0) }) ?? card.models.first,
            let strong = strong.map({ ModelID($0) }) ?? card.models.last
        else {
            throw TurnoutError(
                .invalidArgument,
                "--weak or --strong is missing; this router ranks for any models, so name the two that are meant")
        }
        guard weak != strong else {
            throw TurnoutError(.invalidArgument, "--weak and --strong are both '\(weak)'; name two models")
        }
        return (weak, strong)
    }

    /// The two models without a router: as named, or the worse and the better of two that the data have.
    func pair(in table: OutcomeTable) throws -> (weak: ModelID, strong: ModelID) {
        if let weak, let strong { return (ModelID(weak), ModelID(strong)) }
        let models = table.models
        guard models.count == 2 else {
            let names = models.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
            throw TurnoutError(
                .invalidArgument,
                "--weak or --strong is missing; the data have \(models.count) models: \(names)")
        }
        let means = models.map { model in
            let scores = table.rows.compactMap { $0.scores[model] }
            return scores.reduce(0, +) / Double(scores.count)
        }
        return means[0] <= means[1] ? (models[0], models[1]) : (models[1], models[0])
    }

    /// The router's score of each row.
    func scores(
        _ rows: [OutcomeRow], router: any Router, pair: (weak: ModelID, strong: ModelID), _ progress: ProgressLine?
    ) throws -> [Double] {
        try RouterScores.make(
            rows.map(\.prompt), router: router, weak: pair.weak, strong: pair.strong, threads: threadCount
        ) { done, total in
            progress?.report(TrainingProgress(stage: .encoding, completed: done, total: total))
        }
    }
}

/// Where an artifact with a new card goes.
struct ArtifactOutputOptions: ParsableArguments {
    @Option(name: [.short, .customLong("output")], help: "Where the artifact with the result goes.")
    var output: String?

    @Flag(help: "Stores the result in the artifact itself.")
    var inPlace = false

    func validate() throws {
        if output != nil, inPlace { throw ValidationError("-o and --in-place exclude each other; give one of them") }
    }

    /// The path to write to; `nil` when nothing is stored.
    func path(for router: String) throws -> String? {
        guard inPlace else { return output }
        guard router != "default" else {
            throw TurnoutError(.invalidArgument, "the embedded router cannot be changed in place; give -o FILE")
        }
        return router
    }
}
