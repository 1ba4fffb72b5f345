import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutRouting
import TurnoutServer
import TurnoutTraining

struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract:
            "Compares routers on outcomes, with intervals, beside what needs no router, and says whether to route.",
        discussion: """
            Example: turnout evaluate --data outcomes.jsonl --router mine.safetensors --router default --report mine.html
            Example: turnout evaluate --data outcomes.jsonl --train linear --folds 10 --group-by subject
            With --train, every prompt is judged by a fit that had not seen it: other folds of --data, or, with --test, \
            all of --data without the prompts and questions of the test file.
            Two models are compared as a pair. With more, the report is of all of them; --weak or --strong picks a pair.
            """)

    @OptionGroup var source: DataOptions

    @Option(help: "Router to compare: 'default' or the path of an artifact. May be given several times.")
    var router: [String] = []

    @Option(
        help: ArgumentHelp(
            "Kind of router to train and compare: \(RouterTrainers.all.map { $0.kind }.joined(separator: ", ")).",
            discussion: "May be given several times."))
    var train: [String] = []

    @Option(
        name: .customLong("set"), help: "A setting of the kind to train, as name=value. May be given several times.")
    var settings: [String] = []

    @Option(help: "Outcomes to compare on, when --train learns from --data. May be given several times.")
    var test: [String] = []

    @OptionGroup var encoder: EncoderOptions

    @Option(help: "Models to choose between, separated by commas; all models of the data by default.")
    var models: String?

    @Option(help: "The weak model of a pair; the worst by mean score if only --strong is given.")
    var weak: String?

    @Option(help: "The strong model of a pair; the best by mean score if only --weak is given.")
    var strong: String?

    @OptionGroup var costs: CostOptions

    @Option(help: "Folds of the cross-validation of --train; 5 by default.")
    var folds: Int?

    @Option(help: "Bootstrap resamples behind the intervals.")
    var resamples = 1000

    @Option(help: "Where random numbers start.")
    var seed: UInt64 = 0

    @Option(help: "Threads; the result is the same with any number.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Writes a report: one HTML page that needs nothing beside it.")
    var report: String?

    @Option(help: "Writes the curve as an SVG picture.")
    var svg: String?

    @Flag(help: "Shows the prompts of the worst mistakes in the report.")
    var showPrompts = false

    @Flag(help: "Prints one JSON object.")
    var json = false

    @Flag(help: "Shows no progress.")
    var quiet = false

    func validate() throws {
        guard !source.data.isEmpty else {
            throw ValidationError("--data is missing; give at least one file of outcomes")
        }
        guard test.isEmpty || !train.isEmpty else {
            throw ValidationError("--test is for routers that --train learns from --data; to test others, give --data")
        }
        guard test.isEmpty || folds == nil else {
            throw ValidationError("--folds has no use with --test: the whole of --data is learnt from")
        }
        guard settings.isEmpty || train.count == 1 else {
            throw ValidationError("--set belongs to one kind of router; give one --train with it")
        }
        guard !showPrompts || report != nil else {
            throw ValidationError("--show-prompts is for the report; give --report FILE.html with it")
        }
        guard threads >= 1 else { throw ValidationError("--threads is \(threads), but must be at least 1") }
        guard resamples >= 20, resamples <= 100_000 else {
            throw ValidationError("--resamples is \(resamples), but must lie between 20 and 100000")
        }
    }

    func run() async throws {
        let progress = quiet ? nil : ProgressLine()
        let (data, result) = try evaluated(progress)
        progress?.finish()
        let pages = EvaluationPage(result, data: data, title: title, showsPrompts: showPrompts)
        if let report { try WholeFile.write(Array(pages.html.utf8), to: report) }
        if let svg { try WholeFile.write(Array(pages.curve.utf8), to: svg) }
        print(
            json
                ? String(decoding: try EvaluationJSON(result).data(), as: UTF8.self)
                : EvaluationText(result).text)
    }

    private var title: String {
        (test.isEmpty ? source.data : test).map { URL(filePath: $0).lastPathComponent }.joined(separator: ", ")
    }

    // MARK: - Steps

    private func evaluated(_ progress: ProgressLine?) throws -> (EvaluationData, EvaluationResult) {
        progress?.report(TrainingProgress(stage: .reading, completed: 0, total: 0))
        let encoder = try encoder.load()
        let trainers = try train.map { try RouterTrainers.trainer($0, settings: settings) }
        let table =
            test.isEmpty
            ? try source.table(encoder: encoder, threads: threads)
            : try OutcomeTable(paths: test, options: source.columns.readerOptions)
        let data = try EvaluationData(rows: table.rows, options: dataOptions())
        var (routers, notes) = try stored(data, table: table)
        if !trainers.isEmpty {
            let (trained, further) = try learned(trainers, by: encoder, data, table, progress)
            routers += trained
            notes += further
        }
        var options = Evaluator.Options()
        (options.resamples, options.seed, options.threads) = (resamples, seed, threads)
        var result = try Evaluator(options: options).evaluate(routers, on: data) { done, total in
            progress?.report(TrainingProgress(stage: .measuring, completed: done, total: total))
        }
        result.notes += notes
        return (data, result)
    }

    private func dataOptions() throws -> EvaluationData.Options {
        var options = EvaluationData.Options()
        options.models = models?.split(separator: ",").map { ModelID(String($0)) } ?? []
        options.weak = weak.map { ModelID($0) }
        options.strong = strong.map { ModelID($0) }
        options.costs = try costs.costs()
        options.keepsGroupsTogether = source.groupBy != nil
        return options
    }

    /// Routers from artifacts, the embedded one when nothing else was asked for.
    private func stored(_ data: EvaluationData, table: OutcomeTable) throws -> ([RouterPredictions], [String]) {
        let names = router.isEmpty && train.isEmpty ? ["default"] : router
        let hashes = Set(table.files.map(\.sha256)).subtracting([""])
        let stems = names.map { URL(filePath: $0).deletingPathExtension().lastPathComponent }
        var notes: [String] = []
        let predictions = try names.map { path in
            let loaded = try Configuration.loadRouter(named: path)
            let stem = URL(filePath: path).deletingPathExtension().lastPathComponent
            let name = (stems + train).filter { $0 == stem }.count > 1 ? path : stem
            if let source = loaded.card.sources.first(where: { hashes.contains($0.sha256) }) {
                notes.append("\(name) was trained on \(source.file): its figures here are not of unseen prompts.")
            }
            return try RouterPredictions(
                asking: loaded, name: name, on: data, threads: threads, clock: ContinuousClock())
        }
        return (predictions, notes)
    }

    private func learned(
        _ trainers: [any RouterTrainer], by encoder: any TextEncoder, _ data: EvaluationData, _ table: OutcomeTable,
        _ progress: ProgressLine?
    ) throws -> ([RouterPredictions], [String]) {
        var options = RouterTraining.Options(encoder: encoder, createdAt: "")
        if let folds { options.folds = folds }
        (options.seed, options.threads, options.keepsGroupsTogether) = (seed, threads, source.groupBy != nil)
        let training = TrainedPredictions(trainers, options: options)
        guard !test.isEmpty else {
            let predictions = try training.crossValidated(table, data: data, clock: ContinuousClock()) {
                progress?.report($0)
            }
            let together = source.groupBy.map { ", groups of '\($0)' held out together" } ?? ", random"
            return (predictions, ["Trained routers: \(options.folds) folds\(together), seed \(seed)."])
        }
        var learnt = try source.table(encoder: options.encoder, threads: threads)
        let split = try TransferSplit(training: learnt.rows, test: table.rows)
        learnt.rows = split.kept
        let predictions = try training.transferred(from: learnt, to: data, clock: ContinuousClock()) {
            progress?.report($0)
        }
        return (
            predictions,
            [
                "Trained on \(split.kept.count) prompts; \(split.removed) that stand in the test data were removed before."
            ]
        )
    }
}
