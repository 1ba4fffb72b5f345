import TurnoutCore
public import TurnoutEncoders
public import TurnoutEvaluation
import TurnoutNumerics
public import TurnoutRouting

/// Trains a ``TaskClassifier`` by a recipe.
///
/// Multinomial logistic regression over the scaled embedding, the surface basis and the words at either end, every task
/// counting the same. Folds keep groups together; their predictions set the temperature and are what is reported.
public struct TaskTrainer: Sendable {
    /// A trained classifier and how well it does.
    public struct Result: Sendable {
        /// The classifier, ready to be saved.
        public let classifier: TaskClassifier
        /// Prompts it learnt from.
        public let rows: Int
        /// On held-out folds: a report for each file whose labels are tasks, and for each language of it.
        public let heldOut: [TaskReport]
        /// On the recipe's tests, which it did not learn from.
        public let tests: [TaskReport]
    }

    let recipe: TaskRecipe
    let encoder: any TextEncoder
    let threads: Int
    let examples: TaskExamples
    let tests: TaskExamples

    /// Reads the files of a recipe.
    ///
    /// - Parameters:
    ///   - recipe: Files and options.
    ///   - folders: Where to look for files, in this order; paths are taken as they are when empty.
    ///   - encoder: Turns prompts into vectors.
    ///   - threads: The most threads to use; the result is the same with any number.
    ///   - progress: Is told how far it has come.
    /// - Throws: ``TurnoutError``.
    public init(
        recipe: TaskRecipe, folders: [String], encoder: any TextEncoder, threads: Int = 2,
        progress: TrainingProgress.Handler? = nil
    ) throws {
        self.recipe = recipe
        self.encoder = encoder
        self.threads = threads
        self.examples = try TaskExamples(recipe.sources, folders: folders, seed: recipe.seed, progress: progress)
        self.tests = try TaskExamples(recipe.tests ?? [], folders: folders, seed: recipe.seed, notIn: examples)
        try examples.check(folds: recipe.folds)
    }

    /// Trains.
    ///
    /// - Parameters:
    ///   - createdAt: Date and time for the card, ISO 8601.
    ///   - progress: Is told how far it has come.
    /// - Returns: The classifier and its reports.
    /// - Throws: ``TurnoutError`` with code `.insufficientData`.
    public func train(createdAt: String, progress: TrainingProgress.Handler? = nil) throws -> Result {
        let table = FeatureTable.make(
            examples.all.map(\.text), encoder: encoder, threads: threads, progress: progress)
        let space = try FeatureSpace(table)
        let problem = self.problem(table, space)
        let folds = try Folds.grouped(examples.all.map(\.group), folds: recipe.folds)
        progress?(TrainingProgress(stage: .fitting, completed: 0, total: 1))
        let fits = parallelMap(folds.count + 1, threads: threads) { fold in
            MultinomialRegression.fit(
                problem, rows: fold < folds.count ? folds.split(fold).kept : Array(examples.all.indices))
        }.compactMap { $0 }
        guard fits.count == folds.count + 1, let final = fits.last else {
            throw TurnoutError(
                .insufficientData, "the weights cannot be determined from these prompts; raise 'penalty'")
        }
        let outputs = examples.all.indices.map { row in
            fits[folds.foldOfRow[row]].outputs(
                features: problem.features[row: row], words: problem.words[row], wordWeight: problem.wordWeights[row])
        }
        let beta = Temperature.inverse(outputs: outputs, classes: problem.classes, weights: problem.weights)
        progress?(TrainingProgress(stage: .measuring, completed: 0, total: 1))
        let heldOut = heldOutReports(outputs.map { z in TaskEstimate(outputs: z.map { beta * $0 }) })
        let classifier = try TaskClassifier(
            card: card(createdAt: createdAt, heldOut),
            model: space.model(heads: final.heads.map { head in head.map { beta * $0 } }, encoder: encoder),
            wordWeights: final.words.map { Float(beta * $0) })
        return Result(
            classifier: classifier, rows: examples.all.count, heldOut: heldOut, tests: testReports(classifier))
    }

    private func problem(_ table: FeatureTable, _ space: FeatureSpace) -> MultinomialRegression.Problem {
        let bags = examples.all.map { WordBag($0.text) }
        return MultinomialRegression.Problem(
            features: space.matrix(table), words: bags.map(\.rows), wordWeights: bags.map(\.weight),
            vocabulary: WordBag.size,
            classes: examples.all.map { TaskKind.allCases.firstIndex(of: $0.task) ?? 0 },
            classCount: TaskKind.allCases.count, weights: examples.balancedWeights,
            penalties: space.penalties(recipe.penalty), wordPenalty: recipe.wordPenalty)
    }

    private func heldOutReports(_ estimates: [TaskEstimate]) -> [TaskReport] {
        examples.files.indices.filter { recipe.sources[$0].task == nil }.flatMap { file -> [TaskReport] in
            let rows = examples.all.indices.filter { examples.all[$0].file == file }
            let byLanguage = Dictionary(grouping: rows) { examples.all[$0].language ?? "" }
            let languages = byLanguage.count > 1 ? byLanguage.sorted { $0.key < $1.key } : []
            return ([("", rows)] + languages.map { (" \($0.key)", $0.value) }).map { suffix, rows in
                report(
                    examples.files[file].file + suffix, rows.map { (examples.all[$0], estimates[$0]) })
            }
        }
    }

    private func testReports(_ classifier: TaskClassifier) -> [TaskReport] {
        tests.files.indices.map { file in
            let rows = tests.all.filter { $0.file == file }
            let estimates = parallelMap(rows.count, threads: threads) { classifier.classify(rows[$0].text) }
            return report(tests.files[file].file, Array(zip(rows, estimates)))
        }
    }

    private func report(_ name: String, _ rows: [(TaskExamples.Example, TaskEstimate)]) -> TaskReport {
        TaskReport(
            name: name,
            answers: rows.map { example, estimate in
                TaskReport.Answer(
                    truth: example.task, estimate: estimate, keyword: TaskKeywords.task(of: example.text),
                    group: example.group)
            },
            seed: recipe.seed, threads: threads)
    }

    private func card(createdAt: String, _ reports: [TaskReport]) -> ArtifactCard {
        ArtifactCard(
            kind: TaskClassifier.kind, encoder: .init(name: encoder.name, sha256: encoder.fingerprint), models: [],
            sources: examples.files,
            metrics: reports.map { report in
                let accuracy = report.accuracy
                return .init(
                    name: "accuracy \(report.name)", value: accuracy.value, low: accuracy.low, high: accuracy.high)
            },
            notes: recipe.notes
                ?? "Figures are of prompts held out in \(recipe.folds) folds, groups together; every task counts the same.",
            createdAt: createdAt)
    }
}
