import Foundation
import TurnoutCore
import TurnoutEncoders
package import TurnoutNumerics

/// The mean outcome of the training prompts that are most like the query.
///
/// With yᵢₘ the score of model m on neighbour i and wᵢ = exp(s (cᵢ − c₁)), where c is the similarity:
/// estimateₘ = (Σ wᵢ yᵢₘ + κ ȳₘ) / (Σ wᵢ + κ). Cover and Hart 1967; shrinkage to the mean ȳₘ keeps a handful of
/// neighbours from promising 0 or 1.
///
/// The guard: a model is not estimated above the default model unless the gain over it, on the same neighbours,
/// exceeds `margin` by `guard` standard errors. Otherwise its estimate is lowered to that of the default.
public struct NearestNeighboursEstimator: Estimator {
    /// `knn`.
    public static let kind = "knn"

    /// How neighbours become estimates.
    public struct Settings: Sendable, Equatable {
        /// k, how many neighbours are asked.
        public var neighbours: Int
        /// s: by what factor e⁻ˢ a neighbour counts less for each unit of similarity it is farther than the first.
        public var sharpness: Float
        /// κ, how many neighbours the mean of all prompts counts for.
        public var shrinkage: Float
        /// Standard errors by which a gain over the default model must be shown; no guard when zero.
        public var guardErrors: Float
        /// The gain over the default model that must be exceeded.
        public var margin: Float
        /// The model that is left for a gain only; a place in the card's list.
        public var defaultModel: Int

        /// Sets all six.
        public init(
            neighbours: Int, sharpness: Float, shrinkage: Float, guardErrors: Float, margin: Float, defaultModel: Int
        ) {
            self.neighbours = neighbours
            self.sharpness = sharpness
            self.shrinkage = shrinkage
            self.guardErrors = guardErrors
            self.margin = margin
            self.defaultModel = defaultModel
        }
    }

    let space: SimilaritySpace
    /// Vectors of the training prompts.
    let prompts: CosineTable
    /// Score of each model on each prompt, NaN where there is none; shape `[prompts, models]`.
    let outcomes: Matrix
    let settings: Settings
    /// Mean score of each model, and variance of its gain over the default model.
    let priors: [Prior]

    struct Prior: Sendable, Equatable {
        var mean = 0.0
        var gainVariance = 0.0
    }

    /// Remembers prompts and outcomes.
    ///
    /// - Parameters:
    ///   - space: Where prompts are compared.
    ///   - prompts: Their vectors, at least one.
    ///   - outcomes: Score of each model on each prompt, NaN where there is none; shape `[prompts, models]`.
    ///   - settings: How neighbours become estimates.
    package init(space: SimilaritySpace, prompts: CosineTable, outcomes: Matrix, settings: Settings) {
        precondition(prompts.rows == outcomes.rows && prompts.rows > 0, "one row of outcomes a prompt")
        precondition((0..<outcomes.columns).contains(settings.defaultModel), "the default is one of the models")
        self.space = space
        self.prompts = prompts
        self.outcomes = outcomes
        self.settings = settings
        self.priors = Self.priors(outcomes, defaultModel: settings.defaultModel)
    }

    /// One estimate per model.
    ///
    /// - Complexity: O(prompts · dimension + neighbours · models)
    public func estimates(for query: QueryFeatures) -> [Double] {
        let vector = space.vector(embedding: query.embedding, surface: query.surface)
        return estimates(from: prompts.nearest(settings.neighbours, to: vector))
    }

    private func estimates(from neighbours: [NearestRow]) -> [Double] {
        let nearest = neighbours.first?.similarity ?? 0
        let weights = neighbours.map { exp(Double(settings.sharpness * ($0.similarity - nearest))) }
        var estimates = priors.indices.map { model in
            var (sum, total) = (Double(settings.shrinkage) * priors[model].mean, Double(settings.shrinkage))
            for (neighbour, weight) in zip(neighbours, weights) {
                let outcome = Double(outcomes[neighbour.row, model])
                guard outcome.isFinite else { continue }
                sum += weight * outcome
                total += weight
            }
            return total > 0 ? sum / total : priors[model].mean
        }
        guard settings.guardErrors > 0 else { return estimates }
        let kept = estimates[settings.defaultModel]
        for model in estimates.indices where estimates[model] > kept {
            let error = standardError(ofGain: model, neighbours, weights)
            let shown = estimates[model] - kept - Double(settings.guardErrors) * error
            if shown <= Double(settings.margin) { estimates[model] = kept }
        }
        return estimates
    }

    /// Of the mean gain of a model over the default on prompts that both answered.
    ///
    /// The variance is shrunk like the mean, to that of all prompts: three neighbours that agree prove little.
    private func standardError(
        ofGain model: Int, _ neighbours: [NearestRow], _ weights: [Double]
    ) -> Double {
        var (count, squaredCount, sum, squares) = (0.0, 0.0, 0.0, 0.0)
        for (neighbour, weight) in zip(neighbours, weights) {
            let gain = Double(outcomes[neighbour.row, model] - outcomes[neighbour.row, settings.defaultModel])
            guard gain.isFinite else { continue }
            count += weight
            squaredCount += weight * weight
            sum += weight * gain
            squares += weight * gain * gain
        }
        // At least one neighbour's worth of doubt, whatever the shrinkage.
        let doubt = max(Double(settings.shrinkage), 1)
        let mean = count > 0 ? sum / count : 0
        let within = max(0, squares - count * mean * mean)
        let variance = (within + doubt * priors[model].gainVariance) / (count + doubt)
        let effective = squaredCount > 0 ? count * count / squaredCount : 0
        return (variance / max(effective + Double(settings.shrinkage), 1)).squareRoot()
    }

    private static func priors(_ outcomes: Matrix, defaultModel: Int) -> [Prior] {
        let known = outcomes.storage.filter(\.isFinite)
        let overall = known.reduce(0) { $0 + Double($1) } / Double(max(known.count, 1))
        return (0..<outcomes.columns).map { model in
            let scores = (0..<outcomes.rows).map { Double(outcomes[$0, model]) }.filter(\.isFinite)
            let gains = (0..<outcomes.rows).map { Double(outcomes[$0, model] - outcomes[$0, defaultModel]) }
                .filter(\.isFinite)
            let mean = gains.reduce(0, +) / Double(max(gains.count, 1))
            return Prior(
                mean: scores.isEmpty ? overall : scores.reduce(0, +) / Double(scores.count),
                gainVariance: gains.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(gains.count, 1)))
        }
    }
}
