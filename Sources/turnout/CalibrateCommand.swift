import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

struct CalibrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Finds the threshold for a share of strong calls, a budget or a quality, on your own queries.",
        discussion: """
            Example: turnout calibrate --router mine.safetensors --data queries.jsonl --strong-share 0.3 -o calibrated.safetensors
            For --strong-share, rows may hold a text and nothing else. With -o or --in-place the quantiles of the scores \
            are stored in the artifact, so that the policy 'strong_share' uses them. Exit code 1 when no threshold \
            reaches the goal.
            """)

    @OptionGroup var source: DataOptions

    @OptionGroup var pair: RouterPairOptions

    @Option(help: "Goal: share of queries for the strong model, 0 to 1.")
    var strongShare: Double?

    @Option(help: "Goal: dollars for a thousand requests; the data, --price or --cost say what both models cost.")
    var budget: Double?

    @Option(help: "Goal: share of the strong model's mean score to keep, 0 to 1; rows must have scores of both models.")
    var qualityTarget: Double?

    @OptionGroup var costs: CostOptions

    @OptionGroup var output: ArtifactOutputOptions

    @Option(help: "Where random numbers start.")
    var seed: UInt64 = 0

    @Flag(help: "Prints one JSON object.")
    var json = false

    @Flag(help: "Shows no progress.")
    var quiet = false

    func validate() throws {
        try source.require("queries")
        try source.refuseSimilar()
        guard [strongShare, budget, qualityTarget].count(where: { $0 != nil }) == 1 else {
            throw ValidationError("give one goal: --strong-share, --budget or --quality-target")
        }
        for (name, value) in [("--strong-share", strongShare), ("--quality-target", qualityTarget)] {
            if let value, !(0...1).contains(value) {
                throw ValidationError("\(name) is \(value), but must lie between 0 and 1")
            }
        }
        if let budget, !(budget.isFinite && budget >= 0) {
            throw ValidationError("--budget is \(budget), but must be an amount in dollars, zero or more")
        }
    }

    func run() async throws {
        let progress = quiet ? nil : ProgressLine()
        let name = try pair.routerName()
        let destination = try output.path(for: name)
        try OutputFiles.check(["--output": destination], inputs: source.inputs)
        progress?.report(TrainingProgress(stage: .reading, completed: 0, total: 0))
        let router = try pair.load()
        let models = try modelPair(router.card)
        var options = source.readerOptions
        options.allowsBareText = true
        let table = try OutcomeTable(paths: source.data, options: options, mergesDuplicates: false)
        let rows = try usable(table.rows, models)
        let scores = try pair.scores(rows, router: router, pair: models, progress)
        guard var summary = try summary(rows, scores, models) else {
            progress?.finish()
            FileHandle.standardError.write(Data("turnout: \(try unreachable(rows, models))\n".utf8))
            throw ExitCode(1)
        }
        summary.expiredCertificate = router.card.certificate?.expiryNotice(router: name, at: Date.now.ISO8601Format())
        if let destination {
            let calibration = try ScoreCalibration(
                scores: scores, sources: table.cardSources,
                pair: router.card.models.isEmpty ? [] : [models.weak, models.strong])
            try RouterArtifact.rewriteCard(of: name, to: destination) { card, _ in card.calibration = calibration }
            summary.artifact = destination
        }
        progress?.finish()
        print(json ? try summary.jsonLine() : summary.text(strong: models.strong))
    }

    /// For a share alone, the names of the models do not matter to a router that ranks for any of them.
    private func modelPair(_ card: ArtifactCard) throws -> (weak: ModelID, strong: ModelID) {
        guard card.models.isEmpty, strongShare != nil, pair.weak == nil, pair.strong == nil else {
            return try pair.pair(of: card)
        }
        return ("weak", "strong")
    }

    /// The rows that the goal can use.
    private func usable(_ rows: [OutcomeRow], _ models: (weak: ModelID, strong: ModelID)) throws -> [OutcomeRow] {
        guard qualityTarget != nil else { return rows }
        let labelled = rows.filter { $0.scores[models.weak] != nil && $0.scores[models.strong] != nil }
        guard labelled.count >= 2 else {
            throw TurnoutError(
                .insufficientData,
                "--quality-target needs rows with scores of both '\(models.weak)' and '\(models.strong)'; there are \(labelled.count)"
            )
        }
        return labelled
    }

    private func summary(
        _ rows: [OutcomeRow], _ scores: [Double], _ models: (weak: ModelID, strong: ModelID)
    ) throws -> CalibrationSummary? {
        if let strongShare {
            let threshold = StrongShareThreshold.value(share: strongShare, scores: scores)
            return CalibrationSummary(threshold: threshold, scores: scores, goal: .strongShare(strongShare))
        }
        if let budget {
            let known = try costs.costs()
            let search = ThresholdSearch(
                scores: scores, weak: try rows.map { try known.dollars(for: $0, on: models.weak) },
                strong: try rows.map { try known.dollars(for: $0, on: models.strong) })
            return search.threshold(for: .atMost(budget / 1000), seed: seed).map {
                CalibrationSummary(threshold: $0.threshold, scores: scores, goal: .budget(budget), found: $0)
            }
        }
        let search = ThresholdSearch(
            scores: scores, weak: rows.map { $0.scores[models.weak] ?? 0 },
            strong: rows.map { $0.scores[models.strong] ?? 0 })
        return search.threshold(for: .shareOfStrong(qualityTarget ?? 1), seed: seed).map {
            CalibrationSummary(threshold: $0.threshold, scores: scores, goal: .quality(qualityTarget ?? 1), found: $0)
        }
    }

    private func unreachable(_ rows: [OutcomeRow], _ models: (weak: ModelID, strong: ModelID)) throws -> String {
        guard let budget else {
            return "no threshold keeps that share of the quality on these rows: is '\(models.strong)' the better model?"
        }
        let known = try costs.costs()
        let least = try rows.map { try known.dollars(for: $0, on: models.weak) }.reduce(0, +) / Double(rows.count)
        return String(
            format: "the budget of $%.4g for a thousand requests cannot be kept: '%@' alone costs $%.4g on these rows",
            budget, models.weak.name, least * 1000)
    }
}
