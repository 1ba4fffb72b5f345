import TurnoutCore
import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Trains a ``SimilarityWeightedEstimator``: rates the models, groups them into tiers, and keeps who beat whom on which
/// prompt.
///
/// It learns from battles; where rows have scores instead, each two models of a row count as a battle that the higher
/// score wins. Ong et al. 2024, "RouteLLM", section 4.2; tiers and the shortest prompt as in its code.
public struct SimilarityWeightedTrainer: RouterTrainer {
    /// `similarity-weighted`.
    public static let kind = SimilarityWeightedEstimator.kind
    /// A battle counts as much as its row.
    public static let usesWeights = true

    /// Into how many tiers models are grouped, at most.
    let tiers: Int
    /// Prompts with fewer characters say nothing about similarity and are left out.
    let minimumCharacters: Int
    /// Whether battles within a tier count as the reference implementation has them.
    ///
    /// There, such a battle loses its first player: the tier of `model_b` beat, or was beaten by, an opponent whose rating
    /// is fixed at zero. That pulls ratings towards each other, the more so the more battles a tier fights with itself.
    let hasReferenceQuirk: Bool

    /// Reads `tiers`, `minimum_characters` and `reference_quirk`.
    public init(settings: inout TrainerSettings) throws {
        let most = TierBattles.mostPlayers - 1  // the quirk's opponent is one more player
        tiers = try settings.integer("tiers", default: 10, in: 2...most)
        minimumCharacters = try settings.integer("minimum_characters", default: 16, in: 0...1_000_000)
        hasReferenceQuirk = try settings.flag("reference_quirk", default: false)
    }

    /// Groups the models and keeps the battles.
    ///
    /// - Complexity: O(models³ + battles + prompts · dimension)
    public func fit(_ examples: TrainingExamples, _ context: TrainingContext) throws -> any Estimator {
        let used = examples.rows.indices.filter { index in
            examples.rows[index].prompt.drop(while: \.isWhitespace).count >= minimumCharacters
        }
        let rows = used.map { examples.rows[$0] }
        guard rows.contains(where: { !$0.comparisons.isEmpty }) else {
            throw TurnoutError(
                .insufficientData,
                """
                no prompt of at least \(minimumCharacters) characters has a battle or two scores; a similarity-weighted \
                router learns from comparisons of models
                """)
        }
        let table = try EloTable(WinMatrix(rows: rows, models: examples.models), tiers: tiers)
        let tierOfModel = Dictionary(
            table.entries.map { ($0.model, $0.tier) }, uniquingKeysWith: { first, _ in first })
        let battles = battles(rows, tierOfModel)
        let prompts = CosineTable(examples.features.selecting(used).embeddings)
        let tiers = examples.models.map { tierOfModel[$0, default: 0] }
        do {
            return try SimilarityWeightedEstimator(prompts: prompts, battles: battles, tiers: tiers, prior: 0)
        } catch {
            // Some tier only won or only lost: one imagined tie with each it met makes its rating finite.
            return try SimilarityWeightedEstimator(prompts: prompts, battles: battles, tiers: tiers, prior: 1)
        }
    }

    private func battles(_ rows: [OutcomeRow], _ tierOfModel: [ModelID: Int]) -> TierBattles {
        let tierCount = (tierOfModel.values.max() ?? 0) + 1
        let prompts = rows.map { row in
            row.comparisons.flatMap { battle -> [TierBattles.Share] in
                guard let a = tierOfModel[battle.modelA], let b = tierOfModel[battle.modelB] else { return [] }
                guard a != b || hasReferenceQuirk else { return [] }
                let first = a == b ? tierCount : a  // the opponent whose rating is fixed
                let share = Float(row.weight * battle.shareOfA)
                return [
                    .init(winner: first, loser: b, wins: share),
                    .init(winner: b, loser: first, wins: Float(row.weight) - share),
                ]
            }
        }
        let hasOpponent = prompts.contains { $0.contains { $0.winner == tierCount } }
        return TierBattles(players: hasOpponent ? tierCount + 1 : tierCount, prompts: prompts)
    }
}
