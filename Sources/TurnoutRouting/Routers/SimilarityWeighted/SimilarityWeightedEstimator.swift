import Foundation
import TurnoutCore
public import TurnoutEncoders
package import TurnoutNumerics

/// Ratings of models in which each battle counts by how similar its prompt is to the query.
///
/// Models are grouped into tiers. For a query q, battle i weighs wᵢ = 10 · 10^(cos(q, qᵢ) / maxⱼ cos(q, qⱼ)), and the
/// ratings ξ of the tiers maximise Σ wᵢ log sigmoid(ξ_winner − ξ_loser). Model s then beats model w with probability
/// sigmoid(ξ_s − ξ_w). Ong et al. 2024, "RouteLLM", section 4.2; the sign is that of its code.
///
/// The likelihood depends on the battles through the weighted wins of each tier over each other alone, so that a query
/// costs one pass over the prompts and a fit of as many numbers as there are tiers.
public struct SimilarityWeightedEstimator: Estimator {
    /// `similarity-weighted`.
    public static let kind = "similarity-weighted"
    /// Estimates are chances to beat a model of average rating.
    public static let comparison = Comparison.odds

    /// The prompts of the battles, as the encoder sees them.
    let prompts: CosineTable
    /// What happened on each of them.
    let battles: TierBattles
    /// The tier of each model of the card.
    let tiers: [Int]
    /// Ties imagined between tiers that met, in battles of average weight.
    let prior: Double
    /// Ratings when all battles count the same: where the search for a query's ratings begins.
    private let start: [Double]

    /// Assembles an estimator.
    ///
    /// - Throws: ``TurnoutError`` with code `.insufficientData` when tiers cannot be compared: some never met or, without
    ///   a prior, only won or only lost.
    package init(prompts: CosineTable, battles: TierBattles, tiers: [Int], prior: Double) throws {
        precondition(prompts.rows == battles.prompts && tiers.allSatisfy { 0 <= $0 && $0 < battles.players })
        self.prompts = prompts
        self.battles = battles
        self.tiers = tiers
        self.prior = prior
        do {
            self.start = try BradleyTerry.ratings(
                wins: battles.winMatrix(weights: [Float](repeating: 1, count: prompts.rows)), count: battles.players,
                prior: prior)
        } catch {
            throw TurnoutError(
                .insufficientData,
                "the tiers cannot be compared, because some only won, only lost or never met; add battles between the models",
                cause: error)
        }
    }

    /// One over 1 + e^(−ξ) for the tier of each model.
    ///
    /// - Complexity: O(prompts · dimension + battles + tiers³)
    public func estimates(for query: QueryFeatures) -> [Double] {
        let ratings = ratings(for: query.embedding)
        return tiers.map { 1 / (1 + exp(-ratings[$0])) }
    }

    /// The rating of each tier in nats, with mean zero.
    func ratings(for embedding: [Float]) -> [Double] {
        let scale = Double(prompts.rows)
        let wins = battles.winMatrix(weights: Self.weights(prompts.cosines(to: embedding))).map { $0 * scale }
        // Weights are positive, so that who could be compared when all were equal can be compared now.
        return (try? BradleyTerry.ratings(wins: wins, count: battles.players, prior: prior, start: start)) ?? start
    }

    /// 10^(cos / max cos) for each cosine, divided by their sum; ratings do not change when all weights are multiplied.
    ///
    /// All are equal where no cosine is positive. Cosines below −max count as −max: nothing then weighs less than a
    /// hundredth of the most similar prompt.
    static func weights(_ cosines: [Float]) -> [Float] {
        let most = largest(cosines)
        guard most > 0 else {
            return [Float](repeating: 1 / Float(max(cosines.count, 1)), count: cosines.count)
        }
        var weights = cosines
        weights.withUnsafeMutableBufferPointer { weights in
            for index in weights.indices { weights[index] = weights[index] < -most ? -most : weights[index] }
            guard let first = weights.baseAddress else { return }
            Kernels.best.softmax(
                first, rows: 1, width: weights.count, stride: weights.count, scale: Float(log(10.0)) / most)
        }
        return weights
    }

    /// Sixteen maxima side by side; `max()` compares one number at a time, which shows among 65,000.
    private static func largest(_ numbers: [Float]) -> Float {
        numbers.withUnsafeBufferPointer { numbers in
            var most = SIMD16<Float>(repeating: -.infinity)
            guard let first = numbers.baseAddress else { return -.infinity }
            let whole = numbers.count & ~15
            for start in stride(from: 0, to: whole, by: 16) {
                let next = UnsafeRawPointer(first + start).loadUnaligned(as: SIMD16<Float>.self)
                most.replace(with: next, where: next .> most)
            }
            return numbers[whole...].reduce(most.max()) { max($0, $1) }
        }
    }
}

extension SimilarityWeightedEstimator {
    /// Reads tensors `prompts` and `model_tiers`, those of ``TierBattles``, and metadata `prior`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        let tensor = try file.tensor("prompts")
        let battles = try TierBattles(file: file, prompts: tensor.shape.first ?? 0)
        let tiers = try file.tensor("model_tiers").integers()
        guard tensor.dtype == .i8, tensor.shape == [battles.prompts, encoder.dimension], battles.prompts > 0,
            tiers.count == card.models.count, tiers.allSatisfy({ 0 <= $0 && $0 < battles.players }),
            let prior = file.metadata["prior"].flatMap({ Double($0) }), prior >= 0, prior.isFinite
        else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): prompts, tiers and prior do not fit the battles or the card; train the router again")
        }
        let bytes = tensor.withUnsafeBytes { [Int8]($0.bindMemory(to: Int8.self)) }
        do {
            try self.init(
                prompts: CosineTable(rows: battles.prompts, width: encoder.dimension, bytes: bytes), battles: battles,
                tiers: tiers, prior: prior)
        } catch {
            throw TurnoutError(.damagedFile, "\(file.name): \(error); train the router again", cause: error)
        }
    }

    /// Adds what ``init(card:file:encoder:)`` reads.
    public func store(in file: inout SafetensorsBuilder) throws {
        try file.add("prompts", int8: prompts.bytes, shape: [prompts.rows, prompts.width])
        try battles.store(in: &file)
        try file.add("model_tiers", int32: tiers.map(Int32.init), shape: [tiers.count])
        file.metadata["prior"] = String(prior)
    }
}
