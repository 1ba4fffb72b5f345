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
            With --train, every prompt is judged by a fit that had not seen it: other folds of --data, with --test \
            all of --data without the prompts and questions of the test file, with --test-after what is older.
            --router causal-llm asks a language model about every prompt; see docs/routers/causal-llm.md.
            Two models are compared as a pair. With more, the report is of all of them; --weak or --strong picks a pair.
            """)

    @OptionGroup var source: DataOptions

    @Option(
        help: "Router to compare: 'default', the path of an artifact, or 'causal-llm'. May be given several times.")
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

    @Option(
        help: ArgumentHelp(
            "Learns from the rows of --data before this time and compares on the others.",
            discussion: "A date such as 2024-05-01 or 2024-05-01T12:30:00Z, or a number.", valueName: "time"))
    var testAfter: String?

    @Option(help: "Column that holds the time of a row, for --test-after; 'time' unless given.")
    var timeColumn: String?

    @OptionGroup var encoder: EncoderOptions

    @OptionGroup(title: "Classifier of --router causal-llm") var classifier: ClassifierOptions

    @Option(help: "Models to choose between, separated by commas; all models of the data by default.")
    var models: ModelList?

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

    @OptionGroup var threads: ThreadOptions

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
        try source.require("outcomes")
        guard test.isEmpty || !train.isEmpty else {
            throw ValidationError("--test is for routers that --train learns from --data; to test others, give --data")
        }
        guard test.isEmpty && testAfter == nil || folds == nil else {
            throw ValidationError("--folds has no use with --test or --test-after: nothing is held out in folds")
        }
        try validateTime()
        try validateClassifier()
        guard settings.isEmpty || train.count == 1 else {
            throw ValidationError("--set belongs to one kind of router; give one --train with it")
        }
        guard !showPrompts || report != nil else {
            throw ValidationError("--show-prompts is for the report; give --report FILE.html with it")
        }
        guard resamples >= 20, resamples <= 100_000 else {
            throw ValidationError("--resamples is \(resamples), but must lie between 20 and 100000")
        }
    }

    private func validateTime() throws {
        guard let testAfter else {
            guard timeColumn == nil else { throw ValidationError("--time-column belongs to --test-after") }
            return
        }
        guard TimeStamp.seconds(testAfter) != nil else {
            throw ValidationError(
                "--test-after is '\(testAfter)', but must be a date such as 2024-05-01T12:30:00Z, or a number")
        }
        guard test.isEmpty, !train.isEmpty else {
            throw ValidationError(
                "--test-after divides --data for routers that --train learns; it needs --train and goes without --test")
        }
    }

    private func validateClassifier() throws {
        guard router.contains(CausalLLMRouter.kind) else {
            guard classifier.isUntouched else {
                throw ValidationError("--classifier-url and its like belong to --router causal-llm")
            }
            return
        }
        do { _ = try classifier.configuration(candidates: ["weak", "strong"]) } catch let error as TurnoutError {
            throw ValidationError(error.message)
        }
    }

    func run() async throws {
        try OutputFiles.check(
            ["--report": report, "--svg": svg], inputs: source.inputs + test + router + [encoder.encoder])
        let progress = quiet ? nil : ProgressLine()
        let (data, result) = try await evaluated(progress)
        progress?.finish()
        let pages = EvaluationPage(result, data: data, title: title, showsPrompts: showPrompts)
        if let report { try WholeFile.write(Array(pages.html.utf8), to: report) }
        if let svg { try WholeFile.write(Array(pages.curve.utf8), to: svg) }
        print(json ? try EvaluationJSON(result).jsonLine() : EvaluationText(result).text)
    }

    private var title: String {
        (test.isEmpty ? source.data : test).map { URL(filePath: $0).lastPathComponent }.joined(separator: ", ")
    }

    // MARK: - Steps

    private func evaluated(_ progress: ProgressLine?) async throws -> (EvaluationData, EvaluationResult) {
        progress?.report(TrainingProgress(stage: .reading, completed: 0, total: 0))
        let encoder = try encoder.load()
        let trainers = try train.map { try RouterTrainers.trainer($0, settings: settings) }
        let (judged, past) = try tables(encoder)
        let data = try EvaluationData(rows: judged.rows, options: dataOptions())
        var (routers, notes) = try await stored(data, table: judged, progress)
        if !trainers.isEmpty {
            let (trained, further) =
                try past.map { try transferred(trainers, by: encoder, from: $0, to: data, judged, progress) }
                ?? crossValidated(trainers, by: encoder, data, judged, progress)
            routers += trained
            notes += further
        }
        var options = Evaluator.Options()
        (options.resamples, options.seed, options.threads) = (resamples, seed, threads.count)
        var result = try Evaluator(options: options).evaluate(routers, on: data) { done, total in
            progress?.report(TrainingProgress(stage: .measuring, completed: done, total: total))
        }
        result.notes += notes
        return (data, result)
    }

    /// What routers are compared on, and what they learn from where that is something else.
    private func tables(_ encoder: any TextEncoder) throws -> (judged: OutcomeTable, past: OutcomeTable?) {
        guard test.isEmpty else {
            let judged = try OutcomeTable(paths: test, options: source.columns.readerOptions)
            return (judged, try source.table(encoder: encoder, threads: threads.count))
        }
        guard let moment = testAfter.flatMap(TimeStamp.seconds) else {
            return (try source.table(encoder: encoder, threads: threads.count), nil)
        }
        let all = try source.table(encoder: encoder, threads: threads.count, timeField: timeColumn ?? "time")
        let split = try TimeSplit(all.rows, at: moment)
        return (OutcomeTable(rows: split.later, files: all.files), OutcomeTable(rows: split.earlier, files: all.files))
    }

    private func dataOptions() throws -> EvaluationData.Options {
        var options = EvaluationData.Options()
        options.models = models?.models ?? []
        options.weak = weak.map { ModelID($0) }
        options.strong = strong.map { ModelID($0) }
        options.costs = try costs.costs()
        options.keepsGroupsTogether = source.groupBy != nil
        return options
    }

    /// Routers from artifacts, the embedded one when nothing else was asked for.
    private func stored(
        _ data: EvaluationData, table: OutcomeTable, _ progress: ProgressLine?
    ) async throws -> ([RouterPredictions], [String]) {
        let names = router.isEmpty && train.isEmpty ? ["default"] : router
        let hashes = Set(table.files.map(\.sha256)).subtracting([""])
        let stems = names.map { URL(filePath: $0).deletingPathExtension().lastPathComponent }
        var notes: [String] = []
        var predictions: [RouterPredictions] = []
        for path in names {
            guard path != CausalLLMRouter.kind else {
                let (asked, further) = try await classifier.predictions(on: data) { progress?.report($0) }
                predictions.append(asked)
                notes += further
                continue
            }
            let loaded = try Configuration.loadRouter(named: path)
            let stem = URL(filePath: path).deletingPathExtension().lastPathComponent
            let name = (stems + train).filter { $0 == stem }.count > 1 ? path : stem
            if let source = loaded.card.sources.first(where: { hashes.contains($0.sha256) }) {
                notes.append("\(name) was trained on \(source.file): its figures here are not of unseen prompts.")
            }
            if let notice = loaded.card.certificate?.expiryNotice(router: name, at: Date.now.ISO8601Format()) {
                notes.append(notice)
            }
            predictions.append(
                try RouterPredictions(
                    asking: loaded, name: name, on: data, threads: threads.count, clock: ContinuousClock()))
        }
        return (predictions, notes)
    }

    private func trainingOptions(_ encoder: any TextEncoder) -> RouterTraining.Options {
        var options = RouterTraining.Options(encoder: encoder, createdAt: "")
        if let folds { options.folds = folds }
        (options.seed, options.threads, options.keepsGroupsTogether) = (seed, threads.count, source.groupBy != nil)
        return options
    }

    private func crossValidated(
        _ trainers: [any RouterTrainer], by encoder: any TextEncoder, _ data: EvaluationData, _ table: OutcomeTable,
        _ progress: ProgressLine?
    ) throws -> ([RouterPredictions], [String]) {
        let options = trainingOptions(encoder)
        let predictions = try TrainedPredictions(trainers, options: options)
            .crossValidated(table, data: data, clock: ContinuousClock()) { progress?.report($0) }
        let together = source.groupBy.map { ", groups of '\($0)' held out together" } ?? ", random"
        return (predictions, ["Trained routers: \(options.folds) folds\(together), seed \(seed)."])
    }

    private func transferred(
        _ trainers: [any RouterTrainer], by encoder: any TextEncoder, from past: OutcomeTable, to data: EvaluationData,
        _ judged: OutcomeTable, _ progress: ProgressLine?
    ) throws -> ([RouterPredictions], [String]) {
        let split = try TransferSplit(training: past.rows, test: judged.rows)
        let learnt = OutcomeTable(rows: split.kept, files: past.files)
        let predictions = try TrainedPredictions(trainers, options: trainingOptions(encoder))
            .transferred(from: learnt, to: data, clock: ContinuousClock()) { progress?.report($0) }
        let when = testAfter.map { " from before \($0)" } ?? ""
        return (
            predictions,
            [
                "Trained on \(split.kept.count) prompts\(when); \(split.removed) that stand in the test data were removed before."
            ]
        )
    }
}
