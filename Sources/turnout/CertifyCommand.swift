import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

struct CertifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certify",
        abstract: "Promises that routing loses at most so much quality, with a confidence, and stores the certificate.",
        discussion: """
            Example: turnout certify --router mine.safetensors --data fresh.jsonl --max-drop 0.05 --confidence 0.9 --in-place
            The rows must be ones that the router has not seen. With --group-by the promise holds in every group at once. \
            Exit code 1 when the goal cannot be met; what could be promised is then said.
            --simulate 500 --rows 500 draws certificates of that size again and again and holds them to their word, to see \
            what they would be worth on such data; without --router, scores come from cross-validation on the data.
            """)

    @OptionGroup var source: DataOptions

    @OptionGroup var pair: RouterPairOptions

    @Option(help: "Goal: the greatest loss, between 0 and 1; see --loss.")
    var maxDrop: Double?

    @Option(help: "Goal: the probability with which the promise holds, between 0 and 1.")
    var confidence = 0.9

    @Option(
        help: """
            What is lost; harm: share of queries that the strong model would have answered better; drop: score lost on \
            average, as a share of the scale.
            """,
        transform: { text in
            guard let loss = RiskLoss(rawValue: text) else { throw ValidationError("expected harm or drop") }
            return loss
        })
    var loss = RiskLoss.harm

    @Option(help: "Least and greatest score that an answer can get, LOW,HIGH; for --loss drop.")
    var scoreRange: String?

    @Option(help: "Goal: the least share of queries for the weak model that makes it worth while.")
    var minWeakShare = 0.01

    @Option(
        help: "File that the router was trained on; rows with its prompts are left out. May be given several times.")
    var trainedOn: [String] = []

    @Option(help: "Days until the certificate expires.")
    var validDays = 90

    @OptionGroup var output: ArtifactOutputOptions

    @Option(help: "Simulates this many certificates instead of issuing one.")
    var simulate: Int?

    @Option(help: "With --simulate: labelled rows behind each certificate.")
    var rows = 500

    @OptionGroup(title: "Scores of a simulation without --router") var heldOut: HeldOutOptions

    @Flag(help: "Prints one JSON object.")
    var json = false

    @Flag(help: "Shows no progress.")
    var quiet = false

    func validate() throws {
        try source.require("outcomes that the router has not seen")
        guard source.excludeSimilarTo.isEmpty else {
            throw ValidationError(
                "--exclude-similar-to has no use here; --trained-on leaves out prompts that the router has seen")
        }
        guard maxDrop != nil else {
            throw ValidationError("--max-drop is missing; give the greatest loss, such as 0.05")
        }
        guard validDays > 0 else { throw ValidationError("--valid-days is \(validDays), but must be at least 1") }
        if simulate != nil, output.inPlace || output.output != nil {
            throw ValidationError("a simulation certifies nothing; leave out -o and --in-place")
        }
        do {
            _ = try goal()
            _ = try scale()
        } catch let error as TurnoutError { throw ValidationError(error.message) }
    }

    func run() async throws {
        let progress = quiet ? nil : ProgressLine()
        progress?.report(TrainingProgress(stage: .reading, completed: 0, total: 0))
        if simulate != nil { return try runSimulation(progress) }
        let name = try pair.routerName()
        let destination = try output.path(for: name)
        try OutputFiles.check(["--output": destination], inputs: source.inputs + trainedOn)
        let router = try pair.load()
        let models = try pair.pair(of: router.card)
        let table = try OutcomeTable(paths: source.data, options: source.readerOptions)
        try refuseTrainingFiles(table, router.card)
        let data = try certificationData(table, models)
        let scores = try pair.scores(data.rows, router: router, pair: models, progress)
        let certifier = Certifier(
            goal: try goal(), referenceScores: router.referenceScores(candidates: [models.weak, models.strong]))
        let result = certifier.certify(
            scores: scores, losses: data.losses,
            groups: source.groupBy == nil ? nil : try OutcomeTable.groups(of: data.rows))
        var summary = CertificationSummary(result, certifier.goal, data: data, weak: models.weak)
        if result.isFeasible, let destination, let threshold = result.overall.threshold {
            let certificate = certificate(result, threshold: threshold, certifier.goal, models, table)
            try RouterArtifact.rewriteCard(of: name, to: destination) { card, fingerprint in
                card.certificate = try certificate.sealed(forRouter: fingerprint)
            }
            (summary.artifact, summary.expiresAt) = (destination, certificate.expiresAt)
        }
        if summary.artifact != name {
            summary.expiredCertificate = router.card.certificate?.expiryNotice(
                router: name, at: Date.now.ISO8601Format())
        }
        progress?.finish()
        print(json ? try summary.jsonLine() : summary.text())
        if !result.isFeasible { throw ExitCode(1) }
    }

    // MARK: - Parts

    private func goal() throws -> Certifier.Goal {
        // Subtracting from 1 would make .09999999999999998 of .9.
        let delta = ((1 - confidence) * 1e12).rounded() / 1e12
        return try Certifier.Goal(
            epsilon: maxDrop ?? 0, delta: delta, loss: loss, leastWeakShare: minWeakShare)
    }

    private func scale() throws -> ClosedRange<Double> {
        guard let scoreRange else { return 0...1 }
        let ends = scoreRange.split(separator: ",").compactMap { Double($0) }
        guard ends.count == 2, ends[0] < ends[1], ends.allSatisfy(\.isFinite) else {
            throw TurnoutError(.invalidArgument, "--score-range is '\(scoreRange)'; expected LOW,HIGH such as 1,10")
        }
        return ends[0]...ends[1]
    }

    private func certificationData(
        _ table: OutcomeTable, _ models: (weak: ModelID, strong: ModelID)
    ) throws -> CertificationData {
        var seen: Set<String> = []
        var options = source.readerOptions
        options.allowsBareText = true
        for path in trainedOn {
            let reader = try OutcomeReader(path: path, options: options)
            while let row = try reader.next() { seen.insert(TextIdentity.normalised(row.prompt)) }
        }
        return try CertificationData(
            table, weak: models.weak, strong: models.strong, loss: loss, scale: try scale(), seenPrompts: seen)
    }

    /// A promise on rows that the router has learnt by heart is worth nothing.
    private func refuseTrainingFiles(_ table: OutcomeTable, _ card: ArtifactCard) throws {
        for file in table.files where !file.sha256.isEmpty {
            if card.sources.contains(where: { $0.sha256 == file.sha256 }) {
                throw TurnoutError(
                    .invalidData,
                    """
                    \(file.name): the router was trained on this very file; a certificate needs rows that it has not seen. \
                    Train on one part and certify on the other, or use --simulate to see what certificates would be worth
                    """)
            }
        }
    }

    private func certificate(
        _ result: Certifier.Result, threshold: Double, _ goal: Certifier.Goal,
        _ models: (weak: ModelID, strong: ModelID),
        _ table: OutcomeTable
    ) -> Certificate {
        let now = Date.now
        return Certificate(
            threshold: threshold, weakShare: result.overall.weakShare.value, loss: goal.loss, epsilon: goal.epsilon,
            delta: goal.delta, n: result.overall.n, weak: models.weak, strong: models.strong,
            sources: table.cardSources,
            groupedBy: source.groupBy,
            groups: result.groups.map {
                .init(name: $0.group ?? "", n: $0.n, threshold: $0.threshold ?? 0, weakShare: $0.weakShare.value)
            },
            issuedAt: now.ISO8601Format(),
            expiresAt: now.addingTimeInterval(Double(validDays) * 86_400).ISO8601Format())
    }

    private func runSimulation(_ progress: ProgressLine?) throws {
        let table = try OutcomeTable(paths: source.data, options: source.readerOptions)
        let router = try pair.router == nil ? nil : pair.load()
        let models =
            try router.map { try pair.pair(of: $0.card) } ?? pair.pair(in: table.scoringBattles(among: table.models))
        let data = try certificationData(table, models)
        let scores =
            try router.map { try pair.scores(data.rows, router: $0, pair: models, progress) }
            ?? heldOut.winRates(
                OutcomeTable(rows: data.rows, files: table.files), models, groupBy: source.groupBy,
                threads: pair.threadCount, progress)
        let certifier = Certifier(goal: try goal(), referenceScores: scores)
        progress?.report(TrainingProgress(stage: .measuring, completed: 0, total: 0))
        let simulation = CertificationSimulation(repetitions: simulate ?? 1, rows: rows, seed: heldOut.seed)
        let result = try simulation.run(certifier, scores: scores, losses: data.losses, threads: pair.threadCount)
        progress?.finish()
        let summary = SimulationSummary(result, simulation, certifier.goal)
        print(json ? try summary.jsonLine() : summary.text())
    }
}

extension OutcomeTable {
    /// The files as a card names them.
    var cardSources: [ArtifactCard.Source] {
        files.map { ArtifactCard.Source(file: $0.name, rows: $0.rows, sha256: $0.sha256) }
    }
}
