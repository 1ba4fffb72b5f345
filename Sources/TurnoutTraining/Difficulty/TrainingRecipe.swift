import Foundation
import TurnoutCore

/// Which files a router is trained on, and how: the committed half of a reproducible artifact.
///
/// A recipe is a JSON file; `docs/data.md` lists its keys. Together with the files it names it determines the
/// artifact byte for byte, but for the date.
public struct TrainingRecipe: Sendable, Equatable, Codable {
    /// One file and what it counts for.
    public struct Source: Sendable, Equatable, Codable {
        /// File name, looked for in the data folder and then beside the recipe.
        public var file: String
        /// SPDX identifier of its licence.
        public var licence: String
        /// Rows in which one of these fields is true are left out.
        public var exclude: [String]?
        /// Models whose scores are not used; `*` at the end stands for anything.
        public var excludeModels: [String]?
        /// The difficulty that each label stands for, in standard deviations; `*` is any other label.
        public var labels: [String: Double]?
        /// The most rows to use, drawn at random; all when absent.
        public var rows: Int?
        /// What a row counts for, 1 when absent.
        public var weight: Double?
        /// Whether its scores say how often an answer is right.
        ///
        /// Preferences order prompts, but do not; true when absent.
        public var calibrates: Bool?
        /// Whether its mean difficulty is unknown and estimated along, so that only its inner order is learnt; absent:
        /// true for outcomes, false for labels.
        public var floats: Bool?

        /// Names a file under a licence, everything else at its default.
        public init(file: String, licence: String) {
            self.file = file
            self.licence = licence
        }
    }

    /// The kind of router; `difficulty` is the only one that takes a recipe.
    public var router: String
    /// The name of the encoder.
    public var encoder: String
    /// Where random numbers start.
    public var seed: UInt64
    /// Folds for the predictions that calibrate the router.
    public var folds: Int
    /// The ridge penalty on the embedding; a hundredth of it is put on surface features.
    public var penalty: Double
    /// How much of the target is the gap between strong and weak models; the rest is difficulty for all of them.
    public var gapShare: Double
    /// Whether squares and products of surface features take part.
    public var quadratic: Bool
    /// The files, those whose rows win over later duplicates first.
    public var sources: [Source]
    /// A remark for the card.
    public var notes: String?

    /// Reads a recipe.
    ///
    /// - Throws: ``TurnoutError`` with code `.io` or `.invalidConfiguration`, naming the key that is wrong.
    public init(path: String) throws {
        self = try RecipeFile.read(
            TrainingRecipe.self, path: path,
            keys: ["router", "encoder", "seed", "folds", "penalty", "gapShare", "quadratic", "sources", "notes"],
            sourceKeys: [
                "file", "licence", "exclude", "excludeModels", "labels", "rows", "weight", "calibrates", "floats",
            ])
        try validate(name: RecipeFile.name(path))
    }

    private func validate(name: String) throws {
        func refuse(_ reason: String) -> TurnoutError { TurnoutError(.invalidConfiguration, "\(name): \(reason)") }
        guard router == "difficulty" else {
            throw refuse("router '\(router)' takes no recipe; known is difficulty. Train a linear router with --data")
        }
        guard encoder == "static" else { throw refuse("encoder '\(encoder)' is not known; known is static") }
        guard folds >= 2 else { throw refuse("'folds' is \(folds); at least 2 are needed") }
        guard penalty > 0, penalty.isFinite else { throw refuse("'penalty' must be a positive number") }
        guard (0...1).contains(gapShare) else { throw refuse("'gapShare' is \(gapShare); it must lie in 0…1") }
        guard !sources.isEmpty else { throw refuse("'sources' names no file") }
        for source in sources {
            guard source.weight.map({ $0 > 0 && $0.isFinite }) ?? true, source.rows.map({ $0 > 0 }) ?? true else {
                throw refuse("'weight' and 'rows' of \(source.file) must be positive")
            }
        }
    }
}
