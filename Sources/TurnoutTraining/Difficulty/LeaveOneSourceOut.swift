public import TurnoutCore
import TurnoutEvaluation
public import TurnoutRouting

/// How well a recipe orders the prompts of a source that it was not trained on.
public struct TransferFigures: Sendable {
    /// Which prompts of the other sources were kept out of training.
    public enum Removal: String, Sendable, Codable, CaseIterable {
        /// Those with the same text, by ``TextIdentity/normalised(_:)``.
        case sameText
        /// Those with the same question as well, whatever the answers to choose from.
        case sameQuestion
    }

    /// The file left out.
    public var file: String
    /// The weaker and the stronger of its two models.
    public var weak: ModelID
    /// The stronger of its two models.
    public var strong: ModelID
    /// Its prompts.
    public var prompts: Int
    /// Which prompts of other sources were kept out.
    public var removal: Removal
    /// Rows of other sources trained on.
    public var trainedOn: Int
    /// Rows of other sources kept out.
    public var removed: Int
    /// `apgr`, `cpt50`, `cpt80`, `apgr_over_length`, `apgr_length`, `apgr_random`, `apgr_oracle`.
    public var metrics: [ArtifactCard.Metric]
}

extension DifficultyTrainer {
    /// Trains without each source that has outcomes of exactly two models, and routes between those two.
    ///
    /// - Parameters:
    ///   - resamples: Bootstrap resamples behind the intervals.
    ///   - progress: Is told how far it has come.
    /// - Returns: Two figures for each such source, one for each ``TransferFigures/Removal``.
    /// - Throws: ``TurnoutError``.
    public func leaveOneSourceOut(
        resamples: Int = 1000, progress: TrainingProgress.Handler? = nil
    ) throws -> [TransferFigures] {
        var result: [TransferFigures] = []
        for (index, table) in sources.tables.enumerated() {
            progress?(TrainingProgress(stage: .measuring, completed: index, total: sources.tables.count))
            let ladder = ModelLadder.worstFirst(OutcomeTable(rows: table.rows).models, rows: table.rows)
            guard ladder.count == 2 else { continue }
            for removal in TransferFigures.Removal.allCases {
                result.append(
                    try transfer(to: index, weak: ladder[0], strong: ladder[1], removal, resamples: resamples))
            }
        }
        return result
    }

    private func transfer(
        to index: Int, weak: ModelID, strong: ModelID, _ removal: TransferFigures.Removal, resamples: Int
    ) throws -> TransferFigures {
        let left = sources.tables[index]
        let texts = Set(left.rows.map { TextIdentity.normalised($0.prompt) })
        let questions = removal == .sameQuestion ? Set(left.rows.map { TextIdentity.question($0.prompt) }) : []
        func isFromElsewhere(_ table: DifficultySources.Table) -> Bool { table.firstFeature != left.firstFeature }
        let training = trainingRows { table, row in
            isFromElsewhere(table) && !texts.contains(TextIdentity.normalised(row.prompt))
                && !questions.contains(TextIdentity.question(row.prompt))
        }
        let fit = try DifficultyFit(training, features: sources.features, recipe: recipe, threads: threads)
        let tested = left.rows.indices.filter {
            left.rows[$0].scores[weak] != nil && left.rows[$0].scores[strong] != nil
        }
        let outputs = fit.outputs(sources.features, rows: tested.map { left.firstFeature + $0 })
        let outcomes = try PairOutcomes(
            strong: tested.map { left.rows[$0].scores[strong] ?? 0 },
            weak: tested.map { left.rows[$0].scores[weak] ?? 0 })
        return TransferFigures(
            file: left.file.name, weak: weak, strong: strong, prompts: tested.count, removal: removal,
            trainedOn: training.count,
            removed: trainingRows { table, _ in isFromElsewhere(table) }.count - training.count,
            metrics: PairReport.metrics(
                trained: outputs, prompts: tested.map { left.rows[$0].prompt }, outcomes: outcomes,
                bootstrap: PairedBootstrap(resamples: resamples, seed: recipe.seed), threads: threads))
    }
}
