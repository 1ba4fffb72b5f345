import TurnoutCore
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting

/// Prompts whose tasks are known.
struct TaskExamples: Sendable {
    /// One prompt.
    struct Example: Sendable {
        let text: String
        let task: TaskKind
        /// What it counts for.
        let weight: Double
        /// Prompts of one group, such as translations of each other, are never in different folds.
        let group: String
        /// Its language, where the file says so.
        let language: String?
        /// The number of its file in ``files``.
        let file: Int
    }

    private(set) var all: [Example] = []
    /// The files, in order.
    private(set) var files: [ArtifactCard.Source] = []
    private var seen: Set<String>

    /// Reads files.
    ///
    /// - Parameters:
    ///   - sources: Files and how their labels are to be read.
    ///   - folders: Where to look for them, in this order; paths are taken as they are when empty.
    ///   - seed: Where the draw of rows starts.
    ///   - others: Prompts that these have are left out.
    ///   - progress: Is told how far it has come.
    /// - Throws: ``TurnoutError``.
    init(
        _ sources: [TaskRecipe.Source], folders: [String], seed: UInt64, notIn others: TaskExamples? = nil,
        progress: TrainingProgress.Handler? = nil
    ) throws {
        self.seen = others?.seen ?? []
        for (index, source) in sources.enumerated() {
            progress?(TrainingProgress(stage: .reading, completed: index, total: sources.count))
            var options = OutcomeReader.Options()
            options.columns.label = source.labelColumn
            options.columns.category = "language"
            options.groupBy = "group"
            options.allowsBareText = source.task != nil
            let path = folders.isEmpty ? source.file : try RecipeFile.find(source.file, in: folders)
            let table = try OutcomeTable(paths: [path], options: options)
            let before = all.count
            var random = SeededRandom(seed: seed &+ UInt64(index))
            let drawn = random.permutation(of: table.rows.count).prefix(source.rows ?? table.rows.count).sorted()
            for row in drawn.map({ table.rows[$0] }) {
                guard let task = try Self.task(of: row, source) else { continue }
                guard seen.insert(TextIdentity.normalised(row.prompt)).inserted else { continue }
                all.append(
                    Example(
                        text: row.prompt, task: task, weight: source.weight ?? 1,
                        group: row.group ?? "\(index)/\(row.line)", language: row.category, file: index))
            }
            files.append(
                .init(
                    file: table.files[0].name, rows: all.count - before, sha256: table.files[0].sha256,
                    licence: source.licence))
        }
    }

    private static func task(of row: OutcomeRow, _ source: TaskRecipe.Source) throws -> TaskKind? {
        if let task = source.task { return task }
        if let labels = source.labels { return row.label.flatMap { labels[$0] } }
        guard let task = row.label.flatMap(TaskKind.init(rawValue:)) else {
            let names = TaskKind.allCases.map(\.rawValue).joined(separator: ", ")
            let label = row.label.map { "label '\($0)' is not a task" } ?? "the row has no label"
            throw TurnoutError(.invalidData, "\(row.place): \(label); tasks are \(names)")
        }
        return task
    }

    /// Makes sure that every task has enough examples.
    ///
    /// - Throws: ``TurnoutError`` with code `.insufficientData`.
    func check(folds: Int) throws {
        for task in TaskKind.allCases {
            let groups = Set(all.filter { $0.task == task }.map(\.group)).count
            guard groups >= folds else {
                throw TurnoutError(
                    .insufficientData,
                    """
                    \(groups) prompts of task '\(task.rawValue)'; at least \(folds) are needed, one for each fold, and some \
                    dozens for a useful classifier
                    """)
            }
        }
    }

    /// What each example counts for, when every task counts the same; the mean is 1.
    var balancedWeights: [Double] {
        let totals = Dictionary(all.map { ($0.task, $0.weight) }, uniquingKeysWith: +)
        return all.map {
            $0.weight * Double(all.count) / (totals[$0.task, default: 1] * Double(TaskKind.allCases.count))
        }
    }
}
