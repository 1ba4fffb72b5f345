public import TurnoutCore
public import TurnoutEncoders

/// A router over the models it was trained on, whatever kind of ``Estimator`` it asks.
///
/// It adds what all kinds share: names, limits, intervals from held-out rows and the sample of held-out estimates that
/// policies read their quantiles off.
public struct EstimateRouter: Router {
    /// Every kind of estimator that this version can read.
    public static let kinds: [any Estimator.Type] = [
        RandomEstimator.self, LengthEstimator.self, NearestNeighboursEstimator.self, ClusterEstimator.self,
        LinearEstimator.self, MatrixFactorisationEstimator.self, ItemResponseEstimator.self,
        EnsembleEstimator.self, SimilarityWeightedEstimator.self, SetFitEstimator.self, HybridEstimator.self,
        ClassifierEstimator.self,
    ]

    /// What the router is and what it was trained on.
    public let card: ArtifactCard
    let encoder: any TextEncoder
    let estimator: any Estimator
    /// Least and greatest score of the scale: 0…1 for right or wrong, else that of the training scores.
    ///
    /// Estimates are clipped to it.
    let range: ClosedRange<Double>
    /// One for each model of the card.
    let reliability: [Reliability]
    /// Estimates of a sample of training queries, made by folds that had not seen them; shape `[rows][models]`.
    let sample: [[Double]]
    private let indexOfModel: [ModelID: Int]

    /// Assembles a router from its trained parts; one reliability curve and one sample column per model of the card.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile` when the parts do not fit together.
    public init(
        card: ArtifactCard, encoder: any TextEncoder, estimator: any Estimator, range: ClosedRange<Double>,
        reliability: [Reliability], sample: [[Double]]
    ) throws {
        let models = card.models.count
        guard models > 0, reliability.count == models, !sample.isEmpty, sample.allSatisfy({ $0.count == models }) else {
            throw TurnoutError(
                .damagedFile,
                """
                the card names \(models) models, but there are \(reliability.count) reliability curves and a sample of \
                \(sample.count) rows; train the router again
                """)
        }
        self.card = card
        self.encoder = encoder
        self.estimator = estimator
        self.range = range
        self.reliability = reliability
        self.sample = sample
        self.indexOfModel = Dictionary(zip(card.models, 0...), uniquingKeysWith: { first, _ in first })
    }

    /// Estimates what each candidate would be worth on a text.
    public func assess(_ text: String, candidates: [ModelID]) -> Assessment {
        let all = estimator.estimates(for: features(of: text))
        let estimates = candidates.map { candidate in
            let index = indexOfModel[candidate, default: 0]
            let value = clipped(all[index])
            let (low, high) = reliability[index].interval(at: value)
            return Estimate(value: value, low: low, high: high)
        }
        return Assessment(
            score: winRate(weak: estimates.first?.value, strong: estimates.last?.value), estimates: estimates)
    }

    /// Scores of a sample of training queries, ascending.
    public func referenceScores(candidates: [ModelID]) -> [Double] {
        guard let first = candidates.first, let last = candidates.last else { return [] }
        let (weak, strong) = (indexOfModel[first, default: 0], indexOfModel[last, default: 0])
        return sample.map { winRate(weak: $0[weak], strong: $0[strong]) }.sorted()
    }

    /// Estimates for a sample of training queries by folds that had not seen them.
    public func referenceEstimates(candidates: [ModelID]) -> [[Double]] {
        let columns = candidates.map { indexOfModel[$0, default: 0] }
        return sample.map { row in columns.map { clipped(row[$0]) } }
    }

    private func clipped(_ value: Double) -> Double { min(max(value, range.lowerBound), range.upperBound) }

    /// Refuses candidates that the router cannot estimate.
    public func validate(candidates: [ModelID]) throws {
        for candidate in candidates where indexOfModel[candidate] == nil {
            throw TurnoutError(
                .invalidArgument,
                """
                the router knows \(card.models.map(\.name).joined(separator: ", ")), but not '\(candidate)'; \
                train it on outcomes of '\(candidate)', or say which of these it resembles with 'as: NAME' in its model entry
                """)
        }
    }

    private func features(of text: String) -> QueryFeatures {
        QueryFeatures(
            text: text, embedding: type(of: estimator).needsEmbedding ? encoder.encode(text) : [],
            surface: SurfaceFeatures.extract(from: text))
    }

    private func winRate(weak: Double?, strong: Double?) -> Double {
        guard let weak, let strong else { return 0 }
        return type(of: estimator).comparison.winRate(
            weak: weak, strong: strong, width: range.upperBound - range.lowerBound)
    }
}

extension EstimateRouter: StoredRouter {
    /// Reads tensors `range`, `reliability` and `sample`, and those of the estimator.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        guard let kind = Self.kinds.first(where: { $0.kind == card.kind }) else {
            throw TurnoutError(.unsupported, "\(file.name): router kind '\(card.kind)' is not known")
        }
        let models = card.models.count
        let sample = try file.finite("sample")
        guard models > 0, try file.tensor("sample").shape == [sample.count / models, models] else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): tensor 'sample' must have a column for each of \(models) models; train the router again")
        }
        try self.init(
            card: card, encoder: encoder, estimator: kind.init(card: card, file: file, encoder: encoder),
            range: Self.range(of: file), reliability: Reliability.read(from: file),
            sample: stride(from: 0, to: sample.count, by: models).map { Array(sample[$0..<$0 + models]) })
    }

    /// Least and greatest score, from tensor `range`.
    static func range(of file: SafetensorsFile) throws -> ClosedRange<Double> {
        let range = try file.finite("range")
        guard range.count == 2, range[0] <= range[1] else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): tensor 'range' must hold a least and a greatest score; train the router again")
        }
        return range[0]...range[1]
    }

    /// Adds what ``init(card:file:encoder:)`` reads.
    public func store(in file: inout SafetensorsBuilder) throws {
        try estimator.store(in: &file)
        try file.add("range", floats: [Float(range.lowerBound), Float(range.upperBound)], shape: [2])
        try Reliability.store(reliability, in: &file)
        try file.add("sample", floats: sample.flatMap { $0.map(Float.init) }, shape: [sample.count, card.models.count])
    }
}
