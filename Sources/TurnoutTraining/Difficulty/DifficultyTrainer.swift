import TurnoutCore
public import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Trains the ``DifficultyRouter`` that a recipe describes, such as the embedded default.
///
/// The target is how hard a prompt was for the models of its source, standardised within the source: a ridge head
/// learns what makes prompts hard across sources, while differences between sources, which say more about their
/// scoring than about prompts, are estimated along and dropped.
public struct DifficultyTrainer: Sendable {
    /// A trained router and how it came about.
    public struct Result: Sendable {
        /// The router, ready to be saved.
        public let router: DifficultyRouter
        /// Rows it learnt from.
        public let rows: Int
    }

    let recipe: TrainingRecipe
    let encoder: any TextEncoder
    let threads: Int
    let sources: DifficultySources

    /// Reads and encodes the files of a recipe.
    ///
    /// - Parameters:
    ///   - recipe: Files and options.
    ///   - folders: Where to look for files, in this order.
    ///   - encoder: Turns prompts into vectors.
    ///   - threads: The most threads to use; the result is the same with any number.
    ///   - progress: Is told how far it has come.
    /// - Throws: ``TurnoutError``.
    public init(
        recipe: TrainingRecipe, folders: [String], encoder: any TextEncoder,
        threads: Int = 2, progress: TrainingProgress.Handler? = nil
    ) throws {
        self.recipe = recipe
        self.encoder = encoder
        self.threads = threads
        self.sources = try DifficultySources(
            recipe: recipe, folders: folders, encoder: encoder, threads: threads, progress: progress)
    }

    /// Trains.
    ///
    /// - Parameters:
    ///   - createdAt: Date and time for the card, ISO 8601.
    ///   - metrics: Figures to put on the card, such as those of ``leaveOneSourceOut(progress:)``.
    ///   - progress: Is told how far it has come.
    /// - Returns: The router and the number of rows it learnt from.
    /// - Throws: ``TurnoutError``.
    public func train(
        createdAt: String, metrics: [ArtifactCard.Metric] = [], progress: TrainingProgress.Handler? = nil
    ) throws -> Result {
        let rows = trainingRows { _, _ in true }
        progress?(TrainingProgress(stage: .fitting, completed: 0, total: recipe.folds + 1))
        let fit = try DifficultyFit(rows, features: sources.features, recipe: recipe, threads: threads)
        let held = try heldOutOutputs(rows, progress)
        let sample = self.sample(held)
        let scale = Self.scale(of: sample)
        let difficulty = held.mapValues(scale.apply)
        let tiers = try TierCurves(sources: sources, difficulty: difficulty)
        let card = ArtifactCard(
            kind: "difficulty", encoder: .init(name: encoder.name, sha256: encoder.fingerprint), models: [],
            sources: sources.tables.enumerated().map { index, table in
                .init(
                    file: table.file.name,
                    rows: rows.count {
                        $0.feature >= table.firstFeature && $0.feature < table.firstFeature + table.rows.count
                    },
                    sha256: table.file.sha256, licence: table.spec.licence)
            },
            metrics: try labelMetrics(held) + metrics, notes: recipe.notes ?? "", createdAt: createdAt)
        let router = try DifficultyRouter(
            card: card, model: fit.space.model(heads: [scale.apply(toWeights: fit.weights)], encoder: encoder),
            weak: tiers.weak, strong: tiers.strong, reliability: tiers.reliability, sample: sample.map(scale.apply))
        return Result(router: router, rows: rows.count)
    }

    // MARK: - Steps

    /// The rows to learn from, of the tables and rows that are wanted.
    func trainingRows(_ isWanted: (DifficultySources.Table, OutcomeRow) -> Bool) -> [DifficultyFit.Row] {
        sources.tables.enumerated().flatMap { index, table in
            table.rows.indices.filter { table.isFirst[$0] && isWanted(table, table.rows[$0]) }.map { row in
                DifficultyFit.Row(
                    feature: table.firstFeature + row, target: table.target.values[row],
                    weight: table.spec.weight ?? 1, source: table.floats ? index : nil)
            }
        }
    }

    /// Outputs by fits that had not seen the row, under the row's feature number.
    private func heldOutOutputs(
        _ rows: [DifficultyFit.Row], _ progress: TrainingProgress.Handler?
    ) throws -> [Int: Double] {
        let folds = try Folds.random(rows: rows.count, folds: recipe.folds, seed: recipe.seed)
        var result: [Int: Double] = [:]
        for fold in 0..<folds.count {
            let fit = try DifficultyFit(
                rows.indices.filter { folds.foldOfRow[$0] != fold }.map { rows[$0] }, features: sources.features,
                recipe: recipe, threads: threads)
            let tested = rows.indices.filter { folds.foldOfRow[$0] == fold }.map { rows[$0].feature }
            for (feature, output) in zip(tested, fit.outputs(sources.features, rows: tested)) {
                result[feature] = output
            }
            progress?(TrainingProgress(stage: .fitting, completed: fold + 1, total: recipe.folds + 1))
        }
        return result
    }

    /// For each file with easy and hard labels the AUC of held-out outputs on its own rows: `auc:FILE`.
    private func labelMetrics(_ held: [Int: Double]) throws -> [ArtifactCard.Metric] {
        try sources.tables.filter { $0.spec.labels != nil }.compactMap { table in
            let rows = table.rows.indices.filter {
                held[table.firstFeature + $0] != nil && table.target.values[$0] != 0
            }
            let isHard = rows.map { table.target.values[$0] > 0 }
            guard isHard.contains(true), isHard.contains(false) else { return nil }
            let scores = rows.map { held[table.firstFeature + $0] ?? 0 }
            return HeldOutReport.metric(
                "auc:\(table.file.name)", try RankAccuracy.auc(scores: scores, isPositive: isHard))
        }
    }

    /// At most 128 held-out outputs of each source, so that no large one sets the quantiles.
    private func sample(_ held: [Int: Double]) -> [Double] {
        var random = SeededRandom(seed: recipe.seed &+ 2)
        return sources.tables.flatMap { table in
            let known = table.rows.indices.compactMap { held[table.firstFeature + $0] }
            return random.permutation(of: known.count).prefix(128).map { known[$0] }
        }
    }

    /// The line that gives the sample mean 0 and standard deviation 1.
    private static func scale(of sample: [Double]) -> OutputCalibration {
        let mean = sample.reduce(0, +) / Double(max(sample.count, 1))
        let variance = sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(sample.count, 1))
        let deviation = variance > 0 ? variance.squareRoot() : 1
        return OutputCalibration(slope: 1 / deviation, intercept: -mean / deviation)
    }
}
