import Foundation
import TurnoutCore
public import TurnoutRouting

/// Which files a task classifier is trained and measured on: the committed half of a reproducible artifact.
///
/// A recipe is a JSON file; `docs/data.md` lists its keys. Together with the files it names it determines the artifact
/// byte for byte, but for the date.
public struct TaskRecipe: Sendable, Equatable, Codable {
    /// One file, and how its rows become examples of tasks.
    public struct Source: Sendable, Equatable, Codable {
        /// File name, looked for in the data folder and then beside the recipe.
        public var file: String
        /// SPDX identifier of its licence; may be left out of `tests`.
        public var licence: String?
        /// The column that holds the label; `label` when absent.
        public var labelColumn: String?
        /// The task that each label stands for.
        ///
        /// Rows with other labels are left out. When absent, labels are the names of tasks.
        public var labels: [String: TaskKind]?
        /// The task of every row, whatever its label.
        public var task: TaskKind?
        /// The most rows to use, drawn at random; all when absent.
        public var rows: Int?
        /// What a row counts for, 1 when absent.
        public var weight: Double?

        /// Names a file whose labels are tasks.
        public init(file: String, licence: String? = nil, labelColumn: String? = nil) {
            self.file = file
            self.licence = licence
            self.labelColumn = labelColumn
        }
    }

    /// `tasks`.
    public var router: String
    /// The name of the encoder: `static`.
    public var encoder: String
    /// Where random numbers start.
    public var seed: UInt64
    /// Folds for the predictions that set the temperature and are reported.
    public var folds: Int
    /// The penalty on the embedding; a hundredth of it is put on surface features.
    public var penalty: Double
    /// The penalty on words.
    public var wordPenalty: Double
    /// The files to learn from; of prompts that several have, the first counts.
    public var sources: [Source]
    /// Files that are measured on and never learnt from; prompts that `sources` have are left out.
    public var tests: [Source]?
    /// A remark for the card.
    public var notes: String?

    /// Reads a recipe.
    ///
    /// - Throws: ``TurnoutError`` with code `.io` or `.invalidConfiguration`, naming the key that is wrong.
    public init(path: String) throws {
        self = try RecipeFile.read(
            TaskRecipe.self, path: path,
            keys: ["router", "encoder", "seed", "folds", "penalty", "wordPenalty", "sources", "tests", "notes"],
            sourceKeys: ["file", "licence", "labelColumn", "labels", "task", "rows", "weight"])
        try validate(name: RecipeFile.name(path))
    }

    /// A recipe for a user's own labelled files, with the options of the embedded classifier.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidConfiguration`.
    public init(sources: [Source], folds: Int = 5, seed: UInt64 = 0) throws {
        self.router = TaskClassifier.kind
        self.encoder = "static"
        self.seed = seed
        self.folds = folds
        self.penalty = 30
        self.wordPenalty = 0.03
        self.sources = sources
        try validate(name: "the options")
    }

    private func validate(name: String) throws {
        func refuse(_ reason: String) -> TurnoutError { TurnoutError(.invalidConfiguration, "\(name): \(reason)") }
        guard router == TaskClassifier.kind else {
            throw refuse("router is '\(router)', but a recipe of this kind has '\(TaskClassifier.kind)'")
        }
        guard encoder == "static" else { throw refuse("encoder '\(encoder)' is not known; known is static") }
        guard folds >= 2 else { throw refuse("'folds' is \(folds); at least 2 are needed") }
        for (key, value) in [("penalty", penalty), ("wordPenalty", wordPenalty)] {
            guard value > 0, value.isFinite else { throw refuse("'\(key)' must be a positive number") }
        }
        guard !sources.isEmpty else { throw refuse("'sources' names no file") }
        for source in sources + (tests ?? []) {
            guard source.weight.map({ $0 > 0 && $0.isFinite }) ?? true, source.rows.map({ $0 > 0 }) ?? true else {
                throw refuse("'weight' and 'rows' of \(source.file) must be positive")
            }
        }
    }
}
