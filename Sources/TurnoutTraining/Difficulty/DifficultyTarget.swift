import TurnoutCore
import TurnoutEvaluation

/// What a difficulty head learns from a source: how hard each of its prompts is for language models at large.
struct DifficultyTarget: Sendable {
    /// Mean scores of the weaker and of the stronger half of a source's models, scaled to 0…1.
    struct Halves: Sendable {
        let weak: Double
        let strong: Double
    }

    /// Standardised over the source: mean 0, standard deviation 1.
    ///
    /// As the recipe says for labels.
    let values: [Double]
    /// One for each row; empty for labels.
    let halves: [Halves]

    /// Targets of labelled texts.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData` for a label that has no difficulty.
    init(labelled rows: [OutcomeRow], labels: [String: Double], file: String) throws {
        self.halves = []
        self.values = try rows.map { row in
            guard let value = row.label.flatMap({ labels[$0] }) ?? labels["*"] else {
                throw TurnoutError(
                    .invalidData,
                    "\(file), line \(row.line): label '\(row.label ?? "none")' has no difficulty in the recipe; add it to 'labels'"
                )
            }
            return value
        }
    }

    /// Targets of outcomes: minus the mean score over models, each model about its own mean, mixed with the gap between the
    /// stronger and the weaker half of the models.
    ///
    /// A prompt on which all models fail is hard, but sending it to the strong one gains nothing; the gap tells such
    /// prompts from those on which strength pays.
    ///
    /// - Throws: ``TurnoutError`` with code `.insufficientData` with fewer than two models or no variation.
    init(outcomes rows: [OutcomeRow], excluding patterns: [String], gapShare: Double, file: String) throws {
        let models = Set(rows.flatMap(\.scores.keys)).filter { model in
            !patterns.contains { Self.matches(model.name, $0) }
        }
        let ladder = ModelLadder.worstFirst(models.sorted(), rows: rows)
        guard ladder.count >= 2 else {
            throw TurnoutError(
                .insufficientData, "\(file): scores of \(ladder.count) models; difficulty needs at least two")
        }
        let means = Dictionary(
            uniqueKeysWithValues: ladder.map { model in (model, Self.mean(rows.compactMap { $0.scores[model] }) ?? 0) })
        let scores = rows.flatMap { row in ladder.compactMap { row.scores[$0] } }
        let (low, high) = Self.scale(scores)
        func half(_ row: OutcomeRow, _ models: ArraySlice<ModelID>) -> Double {
            let offsets = models.compactMap { model in row.scores[model].map { $0 - (means[model] ?? 0) } }
            return (Self.mean(offsets) ?? 0) + (Self.mean(models.compactMap { means[$0] }) ?? 0)
        }
        let (weaker, stronger) = (ladder.prefix(ladder.count / 2), ladder.suffix(ladder.count / 2))
        self.halves = rows.map { row in
            Halves(weak: (half(row, weaker) - low) / (high - low), strong: (half(row, stronger) - low) / (high - low))
        }
        let difficulty = try Self.standardised(rows.map { -half($0, ladder[...]) }, file: file)
        let gap = Self.standardise(halves.map { $0.strong - $0.weak }) ?? difficulty
        self.values = try Self.standardised(
            zip(difficulty, gap).map { (1 - gapShare) * $0 + gapShare * $1 }, file: file)
    }

    /// 0…1 where scores lie in it, else their own range.
    private static func scale(_ scores: [Double]) -> (Double, Double) {
        let (low, high) = (scores.min() ?? 0, scores.max() ?? 1)
        return low >= 0 && high <= 1 || low == high ? (0, 1) : (low, high)
    }

    private static func matches(_ name: String, _ pattern: String) -> Bool {
        pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    private static func standardise(_ values: [Double]) -> [Double]? {
        guard let mean = mean(values) else { return nil }
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        guard variance > 1e-12 else { return nil }
        return values.map { ($0 - mean) / variance.squareRoot() }
    }

    private static func standardised(_ values: [Double], file: String) throws -> [Double] {
        guard let result = standardise(values) else {
            throw TurnoutError(
                .insufficientData, "\(file): all prompts are equally hard for its models; it teaches nothing")
        }
        return result
    }
}
