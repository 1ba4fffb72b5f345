import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

struct HybridCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hybrid",
        abstract: "Shows what quality a hybrid router loses for each share of prompts that the small model answers.",
        discussion: """
            Example: turnout hybrid --data outcomes.jsonl --models small,large --svg drop.svg
            Trains on half of the prompts with each of the three kinds of label, chooses a threshold for --max-drop on a \
            quarter, and tells on the last quarter whether it keeps its promise. Intervals are of 95 %.
            With --set tune=true each router tunes the transformer of --encoder, as 'turnout train' does.
            Exit code 1 when no kind of label keeps it with anything sent to the small model.
            """)

    @OptionGroup var source: DataOptions

    @OptionGroup var encoder: EncoderOptions

    @Option(
        name: .customLong("set"),
        help: "A setting of a hybrid router that tunes its encoder, as name=value. May be given several times.")
    var settings: [String] = []

    @Option(help: "The small and the large model, separated by a comma; both models of the data by default.")
    var models: String?

    @Option(
        help: ArgumentHelp(
            "Another pair on which the router might be used. May be given several times.", valueName: "small,large"))
    var correlate: [String] = []

    @Option(help: "The quality drop that thresholds promise, in percent.")
    var maxDrop = 1.0

    @Option(help: "Where the picture goes.")
    var svg: String?

    @Option(help: "Bootstrap resamples behind the intervals.")
    var resamples = 1000

    @Option(help: "Where random numbers start.")
    var seed: UInt64 = 0

    @OptionGroup var threads: ThreadOptions

    @Flag(help: "Prints one JSON object.")
    var json = false

    @Flag(help: "Shows no progress.")
    var quiet = false

    func validate() throws {
        guard !source.data.isEmpty else {
            throw ValidationError("--data is missing; give at least one file of outcomes")
        }
        guard source.groupBy == nil else {
            throw ValidationError("--group-by has no use here: rows are dealt out one by one")
        }
        guard maxDrop >= 0, maxDrop.isFinite else {
            throw ValidationError("--max-drop is \(maxDrop), but must not be negative")
        }
        do { _ = try tuningOptions() } catch let error as TurnoutError { throw ValidationError(error.message) }
        guard 20...100_000 ~= resamples else {
            throw ValidationError("--resamples is \(resamples), but must lie between 20 and 100000")
        }
        for pair in correlate where Self.names(pair).count != 2 {
            throw ValidationError("--correlate is '\(pair)'; expected two models, separated by a comma")
        }
    }

    func run() async throws {
        try OutputFiles.check(["--svg": svg], inputs: source.inputs + [encoder.encoder])
        let progress = quiet ? nil : ProgressLine()
        let report = try report(progress)
        progress?.finish()
        if let svg { try WholeFile.write(Array(report.svg().utf8), to: svg) }
        print(json ? try report.json() : report.text())
        if !report.keepsPromise { throw ExitCode(1) }
    }

    /// How each router tunes the encoder; `nil` where it stays as it is.
    private func tuningOptions() throws -> PairTuning.Options? {
        guard !settings.contains(where: { $0.hasPrefix("labels=") }) else {
            throw ValidationError("--set labels has no use here: a router is trained on each kind of label")
        }
        guard var options = try PairTuning.Options(router: HybridEstimator.kind, settings: settings, createdAt: "")
        else {
            guard settings.isEmpty || settings == ["tune=false"] else {
                throw ValidationError("--set is for routers that tune their encoder; add --set tune=true")
            }
            return nil
        }
        (options.tuning.seed, options.threads) = (seed, threads.count)
        return options
    }

    private func report(_ progress: ProgressLine?) throws -> HybridReport {
        progress?.report(TrainingProgress(stage: .reading, completed: 0, total: 0))
        let pairs = correlate.map(Self.names).map { (small: $0[0], large: $0[1]) }
        guard let tuning = try tuningOptions() else {
            let encoder = try encoder.load()
            let table = try source.table(encoder: encoder, threads: threads.count)
            return try HybridExperiment(options: options(encoder), mostDrop: maxDrop)
                .run(table, others: pairs, progress: { progress?.report($0) })
        }
        let encoder = try encoder.transformer(toTuneFor: HybridEstimator.kind, threads: threads.count)
        let table = try source.table(encoder: encoder, threads: threads.count)
        progress?.finish()
        let line = quiet ? nil : TuningLine()
        defer { line?.finish() }
        return try HybridExperiment(
            options: options(encoder), tuning: PairTuning(encoder, options: tuning), mostDrop: maxDrop
        ).run(table, others: pairs, report: { line?.report($1, of: "\($0.rawValue) labels") })
    }

    private func options(_ encoder: any TextEncoder) -> RouterTraining.Options {
        var options = RouterTraining.Options(encoder: encoder, createdAt: "")
        options.models = models.map(Self.names) ?? []
        (options.seed, options.threads, options.resamples) = (seed, threads.count, resamples)
        return options
    }

    private static func names(_ text: String) -> [ModelID] { text.split(separator: ",").map { ModelID(String($0)) } }
}
