import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics

/// The files of a recipe, read and encoded once, for any number of fits.
struct DifficultySources: Sendable {
    /// One file.
    struct Table: Sendable {
        let spec: TrainingRecipe.Source
        let file: OutcomeTable.File
        let rows: [OutcomeRow]
        let target: DifficultyTarget
        /// The number in ``DifficultySources/features`` of the first row.
        let firstFeature: Int
        /// Rows whose text no earlier file has.
        let isFirst: [Bool]

        /// Whether its mean difficulty is estimated along.
        var floats: Bool { spec.floats ?? (spec.labels == nil) }
    }

    let tables: [Table]
    /// Features of all rows of all tables, in order.
    let features: FeatureTable

    /// Reads and encodes.
    ///
    /// - Throws: ``TurnoutError``.
    init(
        recipe: TrainingRecipe, folders: [String], encoder: any TextEncoder, threads: Int,
        progress: TrainingProgress.Handler?
    ) throws {
        var tables: [Table] = []
        var seen: Set<String> = []
        var features: FeatureTable?
        for (index, spec) in recipe.sources.enumerated() {
            progress?(TrainingProgress(stage: .reading, completed: index, total: recipe.sources.count))
            var options = OutcomeReader.Options()
            options.exclude = spec.exclude ?? []
            let table = try OutcomeTable(paths: [RecipeFile.find(spec.file, in: folders)], options: options)
            let rows = Self.draw(spec.rows, of: table.rows, seed: recipe.seed &+ UInt64(index))
            let target =
                try spec.labels.map { try DifficultyTarget(labelled: rows, labels: $0, file: spec.file) }
                ?? DifficultyTarget(
                    outcomes: rows, excluding: spec.excludeModels ?? [], gapShare: recipe.gapShare, file: spec.file)
            tables.append(
                Table(
                    spec: spec, file: table.files[0], rows: rows, target: target, firstFeature: features?.rows ?? 0,
                    isFirst: rows.map { seen.insert(TextIdentity.normalised($0.prompt)).inserted }))
            let encoded = FeatureTable.make(rows.map(\.prompt), encoder: encoder, threads: threads, progress: nil)
            features = features.map { $0 + encoded } ?? encoded
        }
        guard let features else { throw TurnoutError(.insufficientData, "the recipe names no file") }
        self.tables = tables
        self.features = features
    }

    private static func draw(_ count: Int?, of rows: [OutcomeRow], seed: UInt64) -> [OutcomeRow] {
        guard let count, count < rows.count else { return rows }
        var random = SeededRandom(seed: seed)
        return random.permutation(of: rows.count).prefix(count).sorted().map { rows[$0] }
    }
}
